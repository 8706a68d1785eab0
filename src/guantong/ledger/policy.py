r"""Which logs are believed, and which witnesses must have signed? A policy file, read once.

>>> Policy.parse(b"quorum none\n").group.needed
0

References:
    C2SP tlog-policy 1
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, Self

from guantong import errors
from guantong.errors import fault
from guantong.ledger.checkpoint import Trust
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.note_key import COSIGNING, KeyType, VerifierKey
from guantong.ledger.quorum import NOBODY, Group

POLICY_BYTES_MAX: Final = 1_000_000
_NOT_ALLOWED = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_GAP = re.compile(r"[ \t]+")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class At:
    """A log or a witness, and where it is asked."""

    key: VerifierKey
    url: str = ""
    """Without a slash at its end; empty when the policy is for checking alone."""
    name: str = ""
    """A witness's within the policy file."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a policy file says."""

    logs: tuple[At, ...]
    witnesses: tuple[At, ...]
    group: Group
    """Who must have signed."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a policy file.

        Returns:
            What it says.

        Raises:
            LedgerError: if a line is none of a policy, a name is unknown, taken or used twice,
                a key stands twice, or there is not exactly one quorum.
        """
        if len(raw) > POLICY_BYTES_MAX or _NOT_ALLOWED.search(raw):
            expected = f"at most {POLICY_BYTES_MAX} bytes of text, ends of lines as LF"
            raise LedgerError(_refused("", expected, f"{len(raw)} bytes"))
        reader = _Reader()
        # Names are octets to the format; what is not UTF-8 survives in this form, and compares.
        for number, line in enumerate(raw.decode("utf-8", "surrogateescape").split("\n"), 1):
            reader.line([word for word in _GAP.split(line) if word], f"line {number}")
        if reader.quorum is None:
            raise LedgerError(_refused("", "a quorum line", "none"))
        return cls(tuple(reader.logs), tuple(reader.witnesses.values()), reader.quorum)

    def trust(self, origin: str = "") -> Trust:
        """Whom to believe about one of the logs.

        Args:
            origin: Its name; may be left out when there is but one.

        Returns:
            The log's key with those who must have signed.

        Raises:
            LedgerError: if the policy knows no such log.
        """
        known = [log.key for log in self.logs if origin in {"", log.key.name}]
        if len(known) != 1:
            expected = ", ".join(log.key.name for log in self.logs) or "a policy with a log"
            raise LedgerError(_refused("log", f"one of: {expected}", origin or "no name"))
        return self.over(known[0])

    def over(self, log: VerifierKey) -> Trust:
        """Those who must have signed, over a log whose key is known from elsewhere."""
        return Trust(log, tuple(each.key for each in self.witnesses), group=self.group)


@dataclass(slots=True)
class _Reader:
    """What the lines so far have said."""

    logs: list[At] = field(default_factory=list)
    witnesses: dict[str, At] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    quorum: Group | None = None

    def line(self, words: list[str], where: str) -> None:
        """Take in one line. Raises LedgerError."""
        match words:
            case []:
                return
            case [word, *_] if word.startswith("#"):
                return
            case ["log", vkey, *url] if len(url) <= 1:
                self._log(_key(vkey, {KeyType.ED25519}, where), url, where)
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._witness(name, _key(vkey, COSIGNING, where), url, where)
            case ["group", name, needed, *members] if members:
                self._group(name, needed, members, where)
            case ["quorum", name]:
                self._quorum(name, where)
            case _:
                expected = "log, witness, group or quorum, and what belongs to it"
                raise LedgerError(_refused(where, expected, " ".join(words)))

    def _log(self, key: VerifierKey, url: list[str], where: str) -> None:
        if any(log.key.public == key.public for log in self.logs):
            raise LedgerError(_refused(where, "each log once", key.name))
        self.logs.append(At(key, _url(url)))

    def _witness(self, name: str, key: VerifierKey, url: list[str], where: str) -> None:
        self._check_new(name, where)
        if any(each.key.public == key.public for each in self.witnesses.values()):
            raise LedgerError(_refused(where, "each witness once", key.name))
        self.witnesses[name] = At(key, _url(url), name)

    def _group(self, name: str, needed: str, members: list[str], where: str) -> None:
        self._check_new(name, where)
        found = tuple(self._member(member, where) for member in members)
        count = {"all": len(found), "any": 1}.get(needed)
        if count is None and _THRESHOLD.fullmatch(needed):
            count = int(needed)
        if count is None or count > len(found):
            expected = f"all, any, or a number from 1 to {len(found)}"
            raise LedgerError(_refused(where, expected, needed))
        self.groups[name] = Group(name, count, found)

    def _member(self, name: str, where: str) -> VerifierKey | Group:
        if name in self.members:
            raise LedgerError(_refused(where, "each name in one group, once", name))
        self.members.add(name)
        return self._named(name, where)

    def _quorum(self, name: str, where: str) -> None:
        if self.quorum is not None:
            raise LedgerError(_refused(where, "one quorum line", f"another: {name}"))
        found = NOBODY if name == NOBODY.name else self._named(name, where)
        self.quorum = found if isinstance(found, Group) else Group(name, 1, (found,))

    def _named(self, name: str, where: str) -> VerifierKey | Group:
        if name in self.witnesses:
            return self.witnesses[name].key
        if name not in self.groups:
            raise LedgerError(_refused(where, "a name that stands above", name))
        return self.groups[name]

    def _check_new(self, name: str, where: str) -> None:
        if name == NOBODY.name or name in self.witnesses or name in self.groups:
            raise LedgerError(_refused(where, "a name that is not taken", name))


def _key(text: str, wanted: Collection[KeyType], where: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(text)
    except LedgerError as error:
        raise LedgerError(*(found.under(where) for found in error.faults)) from error
    if key.type not in wanted:
        expected = f"a key of type {' or '.join(f'{kind:02x}' for kind in sorted(wanted))}"
        raise LedgerError(_refused(where, expected, f"{key.type:02x}"))
    return key


def _url(words: list[str]) -> str:
    return words[0].rstrip("/") if words else ""


def _refused(path: str, expected: str, got: str) -> errors.Fault:
    shown = got.encode("utf-8", "backslashreplace").decode()
    return fault(Fault.POLICY, path=path, expected=expected, got=shown)
