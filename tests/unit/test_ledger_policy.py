"""Policy files: what they say, and what is none."""

import pytest

from guantong.ledger import LedgerError
from guantong.ledger.checkpoint import Checkpoint
from guantong.ledger.merkle import leaf_hash
from guantong.ledger.note import Note
from guantong.ledger.note_key import KeyType, SignerKey
from guantong.ledger.policy import Policy
from guantong.ledger.quorum import Group

LOG = SignerKey("log.example/a", bytes(32))
WITNESSES = [SignerKey(f"w{n}.example", bytes([n]) * 32, KeyType.COSIGNATURE) for n in range(1, 7)]
VKEYS = [key.verifier().encode() for key in WITNESSES]
NESTED = "".join(
    [
        f"log {LOG.verifier().encode()} https://log.example/a/\n",
        "# six witnesses of two owners\n\n",
        *(f"witness X{n} {VKEYS[n]}\n" for n in range(3)),
        "\tgroup  X 2 X0 X1\tX2 \n",
        *(f"witness Y{n} {VKEYS[3 + n]} https://y{n}.example/w/\n" for n in range(3)),
        "group Y any Y0 Y1 Y2\ngroup both all X Y\nquorum both\n",
    ]
)


def cosigned(*places: int) -> bytes:
    body = Checkpoint(LOG.name, 1, leaf_hash(b"x")).encode()
    lines = [LOG.sign(body), *(WITNESSES[place].sign(body, at_s=7) for place in places)]
    return Note(body, tuple(lines)).encode()


@pytest.mark.parametrize("places", [(0, 1, 3), (1, 2, 5), (0, 1, 2, 3, 4, 5), (5, 2, 0)])
def test_a_quorum_of_groups_is_met(places: tuple[int, ...]) -> None:
    checkpoint, opened = Policy.parse(NESTED.encode()).trust().open(cosigned(*places))
    assert checkpoint.size == 1
    assert len(opened.by) == 1 + len(places)


@pytest.mark.parametrize("places", [(), (0,), (0, 1), (0, 3), (3, 4, 5), (0, 1, 2), (0, 0, 3)])
def test_a_quorum_of_groups_is_not_met(places: tuple[int, ...]) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.note_unsigned.*the quorum both"):
        Policy.parse(NESTED.encode()).trust().open(cosigned(*places))


def test_a_wrong_cosignature_is_not_passed_over() -> None:
    note = Note.parse(cosigned(0, 1, 3))
    other = WITNESSES[3].sign(note.body.replace("1", "2", 1), at_s=7)
    with pytest.raises(LedgerError, match=r"ledger\.note_signature"):
        Policy.parse(NESTED.encode()).trust().open(
            Note(note.body, (*note.lines[:3], other)).encode()
        )


def test_what_it_says() -> None:
    policy = Policy.parse(NESTED.encode())
    assert [(at.key, at.url) for at in policy.logs] == [(LOG.verifier(), "https://log.example/a")]
    assert [at.name for at in policy.witnesses] == ["X0", "X1", "X2", "Y0", "Y1", "Y2"]
    assert policy.witnesses[3].url == "https://y0.example/w"
    assert isinstance(policy.group.members[0], Group)


def test_one_witness_or_nobody() -> None:
    alone = Policy.parse(f"witness w {VKEYS[0]}\nquorum w\n".encode())
    assert alone.over(LOG.verifier()).open(cosigned(0))
    with pytest.raises(LedgerError, match=r"the quorum w"):
        alone.over(LOG.verifier()).open(cosigned(1))
    assert Policy.parse(b"quorum none").over(LOG.verifier()).open(cosigned())


def test_names_are_octets() -> None:
    line = b"witness \xe7\xff " + VKEYS[0].encode() + b"\nquorum \xe7\xff\n"
    assert Policy.parse(line).over(LOG.verifier()).open(cosigned(0))
    with pytest.raises(LedgerError, match=r"line 2: expected a name that stands above"):
        Policy.parse(line.replace(b"quorum \xe7\xff", b"quorum \xe7\xfe"))


def test_another_log_is_not_believed() -> None:
    policy = Policy.parse(NESTED.encode())
    assert policy.trust(LOG.name).log == LOG.verifier()
    with pytest.raises(LedgerError, match=r"ledger\.policy at log"):
        policy.trust("log.example/b")
    with pytest.raises(LedgerError, match=r"ledger\.policy at log"):
        Policy.parse(b"quorum none").trust()


W = f"witness a {VKEYS[0]}\nwitness b {VKEYS[1]}\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a quorum line"),
        (W, "a quorum line"),
        (f"{W}quorum a\nquorum a\n", "line 4: expected one quorum line"),
        (f"{W}quorum c\n", "line 3: expected a name that stands above"),
        (f"quorum a\n{W}", "line 1: expected a name that stands above"),
        (f"{W}group g 3 a b\nquorum g\n", "line 3: expected all, any, or a number from 1 to 2"),
        (f"{W}group g 0 a b\nquorum g\n", "from 1 to 2"),
        (f"{W}group g 01 a b\nquorum g\n", "from 1 to 2"),
        (f"{W}group g most a b\nquorum g\n", "from 1 to 2"),
        (f"{W}group g 1\nquorum g\n", "log, witness, group or quorum"),
        (f"{W}group g 1 a a\nquorum g\n", "each name in one group, once"),
        (f"{W}group g 1 a\ngroup h 1 a\nquorum g\n", "each name in one group, once"),
        (f"{W}group g 1 none\nquorum g\n", "a name that stands above"),
        (f"{W}group g 1 g\nquorum g\n", "a name that stands above"),
        (f"{W}group a 1 b\nquorum a\n", "a name that is not taken"),
        (f"witness none {VKEYS[0]}\nquorum none\n", "a name that is not taken"),
        (f"{W}witness c {VKEYS[0]}\nquorum c\n", "each witness once"),
        (f"log {LOG.verifier().encode()}\n" * 2 + "quorum none\n", "each log once"),
        (f"log {VKEYS[0]}\nquorum none\n", "a key of type 01"),
        (f"witness a {LOG.verifier().encode()}\nquorum a\n", "a key of type 04"),
        ("witness a b+c+d\nquorum a\n", "line 1: expected name+id+base64"),
        ("log\nquorum none\n", "log, witness, group or quorum"),
        ("quorum\n", "log, witness, group or quorum"),
        ("Quorum none\n", "log, witness, group or quorum"),
        ("quorum none\r\n", "ends of lines as LF"),
        ("quorum none\x0b\n", "ends of lines as LF"),
        ("quorum none # why\n", "log, witness, group or quorum"),
        (f"log {LOG.verifier().encode()} url more\nquorum none\n", "log, witness, group"),
    ],
)
def test_what_is_no_policy(text: str, why: str) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.(policy|note_key)") as refused:
        Policy.parse(text.encode())
    assert why in str(refused.value)
