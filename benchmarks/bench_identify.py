"""How fast are codes read, beside the readers other projects use?

    python benchmarks/bench_identify.py

Ours and the peer take turns over the same texts in one run; of each the best turn counts, so
that other work on the machine disturbs both alike.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import biip
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message
from biip.gtin import Gtin as PeerGtin
from epcis_event_hash_generator.dl_normaliser import normaliser

from guantong.identify.canonical import canonical, parse_uri
from guantong.identify.check_digits import check_digit
from guantong.identify.digital_link import DigitalLink
from guantong.identify.element_string import ElementString
from guantong.identify.gs1_keys import Gtin
from guantong.identify.read import read

TURNS = 7
"""How often each side is measured; the best counts."""

TURN_SECONDS = 0.15
"""How long one turn takes at least."""

TEXTS = 500
"""Different texts per case."""

Ask = Callable[[str], object]


def gtin(number: int) -> str:
    """A GTIN-14 of GS1 China."""
    body = f"0690{number:09}"
    return body + check_digit(body)


def sscc(number: int) -> str:
    """An SSCC of GS1 China."""
    body = f"0690123{number:010}"
    return body + check_digit(body)


def links() -> list[str]:
    """Digital Links as they are met: item, lot and item with dates, logistic unit, place."""
    made: list[str] = []
    for number in range(TEXTS // 5):
        made += [
            f"https://id.gs1.org/01/{gtin(number)}/21/SN{number}",
            f"https://brand.example/p/01/{gtin(number)}/10/L7/21/{number}?17=261231&3103=000195",
            f"https://id.gs1.org/00/{sscc(number)}",
            f"https://id.gs1.org/01/{gtin(number)}",
            f"https://brand.example/01/{gtin(number)}/10/LOT{number}",
        ]
    return made


def scans() -> list[str]:
    """What people scan or type: links, carriers, retail numbers, Chinese codes."""
    made: list[str] = []
    for number in range(TEXTS // 5):
        made += [
            f"https://brand.example/01/{gtin(number)}/21/SN{number}",
            f"]d201{gtin(number)}10LOT{number}\x1d21SN{number}",
            gtin(number)[1:],
            f"urn:epc:id:sgtin:6901234.056789.{number}",
            "91350100M000100Y43",
        ]
    return made


CASES: list[tuple[str, list[str], Ask, str, Ask | None]] = [
    ("Digital Link parse", links(), DigitalLink.parse, "biip", GS1DigitalLinkURI.parse),
    (
        "element string parse",
        [f"01{gtin(n)}1726123110LOT{n}\x1d21SN{n}" for n in range(TEXTS)],
        ElementString.parse,
        "biip",
        GS1Message.parse,
    ),
    ("GTIN parse", [gtin(n)[1:] for n in range(TEXTS)], Gtin.parse, "biip", PeerGtin.parse),
    (
        "canonical, serials of one class",
        [f"urn:epc:id:sgtin:6901234.056789.{n}" for n in range(TEXTS)],
        canonical,
        "epcis-event-hash-generator",
        normaliser,
    ),
    (
        "canonical, Digital Links of one class",
        [f"https://brand.example/01/{gtin(1)}/21/{n}" for n in range(TEXTS)],
        canonical,
        "epcis-event-hash-generator",
        normaliser,
    ),
    (
        "identifier of a new logistic unit",
        [f"urn:epc:id:sscc:6901234.{n:010}" for n in range(TEXTS)],
        parse_uri,
        "epcis-event-hash-generator",
        normaliser,
    ),
    ("any scanned text, every way to read it", scans(), read, "biip", biip.parse),
]


def turn(ask: Ask, texts: Sequence[str]) -> float:
    """Texts per second over one turn."""
    count, start = 0, time.perf_counter()
    while True:
        for text in texts:
            ask(text)
        count += len(texts)
        spent = time.perf_counter() - start
        if spent >= TURN_SECONDS:
            return count / spent


def run() -> list[dict[str, Any]]:
    """One row per case: name, per_second, peer, peer_per_second, ratio."""
    rows: list[dict[str, Any]] = []
    for name, texts, ask, peer, peer_ask in CASES:
        ours, theirs = 0.0, 0.0
        for _ in range(TURNS):
            ours = max(ours, turn(ask, texts))
            theirs = max(theirs, turn(peer_ask, texts)) if peer_ask else 0.0
        rows.append(
            {
                "name": name,
                "per_second": round(ours),
                "peer": peer,
                "peer_per_second": round(theirs),
                "ratio": round(ours / theirs, 1) if theirs else None,
            }
        )
    return rows


def main() -> None:
    """Print the rows as a table."""
    for row in run():
        micros = 1e6 / row["per_second"]
        sys.stdout.write(
            f"{row['name']:40} {row['per_second']:>12,}/s {micros:7.2f} µs   "
            f"{row['peer']} {row['peer_per_second']:,}/s   {row['ratio']}x\n"
        )


if __name__ == "__main__":
    main()
