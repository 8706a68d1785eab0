"""Whose word counts about a firm, a place, a product or a certificate?

Anybody may state anything, and all of it is kept with the name of who said it. What changes an
answer is more than that: a rival must not revoke a certificate, nor a counterfeiter rename a
product, by filing a record about it. So the first who files a key speaks for it, and

- a firm that ever speaks about itself speaks alone;
- the firm that a product or place is filed for speaks for it too;
- the operator always does, and settles a quarrel by naming that firm.
"""

from collections.abc import Iterable

from guantong.caller import OPERATOR
from guantong.store import Fact

UNSIGNED = ""
"""The party of a statement that is just being submitted and not yet stored."""


def weighed(facts: Iterable[Fact], key: str) -> tuple[list[Fact], list[Fact]]:
    """What counts about a key, and what others say about it.

    Args:
        facts: Of one kind, in ledger order; those with other keys are left out.
        key: Canonical identifier.

    Returns:
        The statements that count, and the others, each in ledger order.
    """
    own = [fact for fact in facts if fact.key == key]
    speakers = {key} if any(fact.by == key for fact in own) else set()
    counting: list[Fact] = []
    others: list[Fact] = []
    for fact in own:
        named = _named(fact)
        if fact.by in {UNSIGNED, OPERATOR.party}:
            speakers = named or speakers
        elif not speakers or fact.by in speakers:
            speakers |= {fact.by} | named
        else:
            others.append(fact)
            continue
        counting.append(fact)
    return counting, others


def speakers_of(facts: Iterable[Fact], key: str) -> frozenset[str]:
    """The parties whose statements about a key count, the operator left out."""
    counting, _ = weighed(facts, key)
    return frozenset({fact.by for fact in counting}.union(*map(_named, counting))) - {
        UNSIGNED,
        OPERATOR.party,
    }


def _named(fact: Fact) -> set[str]:
    """The firm a product or place is filed for."""
    firm = fact.fields.get("firm")
    owned = fact.kind in {"product", "place"} and isinstance(firm, str) and firm
    return {firm} if owned and isinstance(firm, str) else set()
