"""Have enough witnesses signed? Groups of witnesses, and groups of groups.

References:
    C2SP tlog-policy 1
"""

from collections.abc import Callable
from dataclasses import dataclass

from guantong.ledger.note_key import VerifierKey


@dataclass(frozen=True, slots=True)
class Group:
    """Met when so many of its members are; a member is a witness or another group."""

    name: str
    needed: int
    """0 asks for nobody."""
    members: tuple["VerifierKey | Group", ...]

    def is_met(self, signed: Callable[[VerifierKey], bool]) -> bool:
        """Whether those who signed are enough."""
        met = sum(
            member.is_met(signed) if isinstance(member, Group) else signed(member)
            for member in self.members
        )
        return met >= self.needed


NOBODY = Group("none", 0, ())
"""Asks for no witness."""
