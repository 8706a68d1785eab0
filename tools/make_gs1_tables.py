"""Rebuild the GS1 tables that the package carries.

    python tools/make_gs1_tables.py dictionary PATH --commit ff2eb4b --day 2026-07-27
    python tools/make_gs1_tables.py prefixes --day 2026-11-16
    python tools/make_gs1_tables.py codes --day 2026-11-16

``dictionary`` reads the text of the GS1 Barcode Syntax Dictionary; ``prefixes`` reads the
company prefix lengths that the package biip carries; ``codes`` reads country and currency
numbers from the package pycountry. Only facts are taken: which numbers exist, how long they
are, what they are called.
"""

import argparse
import json
import lzma
import re
from collections.abc import Iterator
from importlib import metadata, resources
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "src" / "guantong" / "identify" / "data"

ENTRY = re.compile(r"(?P<ai>\d{2,4}(-\d{2,4})?)\s+(?P<rest>.*?)\s*(?:#\s*(?P<title>.*))?")
COMPONENT = re.compile(r"\[?[NXYZ](?:\.\.)?\d+\]?(?:,[a-z0-9,]+)?")

HOME = "69"
"""GS1 China: its prefixes are carried in full."""

UNIFORM_DIGITS_MAX = 4
"""Other prefixes are carried when they are settled within this many digits."""


def rows(text: str) -> Iterator[list[str]]:
    """One row per entry: identifiers, flags, components, attributes, title."""
    for line in text.splitlines():
        entry = ENTRY.fullmatch(line)
        if not entry:
            continue
        words = entry["rest"].split()
        flags = words.pop(0) if not COMPONENT.fullmatch(words[0]) else ""
        parts = [word for word in words if COMPONENT.fullmatch(word)]
        attributes = [word for word in words if not COMPONENT.fullmatch(word)]
        title = entry["title"] or ""
        yield [entry["ai"], flags, " ".join(parts), " ".join(attributes), title]


def settled(node: Any, prefix: str = "") -> dict[str, int]:
    """Shortest prefixes that fix a company prefix length; branches that agree are merged."""
    if isinstance(node, int):
        return {prefix: node}
    found: dict[str, int] = {}
    for digit, branch in node.items():
        found |= settled(branch, prefix + digit)
    lengths = set(found.values())
    if len(node) == 10 and len(lengths) == 1:
        return {prefix: lengths.pop()}
    return found


def write(name: str, table: dict[str, Any]) -> None:
    """Write one table, a row a line, so that a change shows as a small difference."""
    lines = [f"{json.dumps(key)}: {_block(value)}" for key, value in table.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (DATA / name).write_text(text, encoding="utf-8")


def _block(value: Any) -> str:
    """JSON with one list item a line."""
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]"


def dictionary(path: Path, commit: str, day: str) -> None:
    """Rebuild the table of application identifiers."""
    entries = list(rows(path.read_text(encoding="utf-8")))
    write(
        "gs1_ai.json",
        {
            "source": "github.com/gs1/gs1-syntax-dictionary, gs1-syntax-dictionary.txt",
            "commit": commit,
            "edition": day,
            "fields": "ai, flags, components, attributes, title",
            "entries": entries,
        },
    )


def prefixes(day: str) -> None:
    """Rebuild the table of company prefix lengths."""
    packed = resources.files("biip.gs1_prefixes") / "_company_prefix_trie.json.lzma"
    lengths = settled(json.loads(lzma.decompress(packed.read_bytes())))
    kept = {
        prefix: length
        for prefix, length in sorted(lengths.items())
        if length and (prefix.startswith(HOME) or len(prefix) <= UNIFORM_DIGITS_MAX)
    }
    write(
        "gs1_company_prefix.json",
        {
            "source": f"GS1 company prefix lengths as carried by biip {metadata.version('biip')}",
            "edition": day,
            "scope": f"{HOME} in full; others where {UNIFORM_DIGITS_MAX} digits settle the length",
            "lengths": [
                f"{length}: " + " ".join(p for p, size in kept.items() if size == length)
                for length in sorted(set(kept.values()))
            ],
        },
    )


def codes(day: str) -> None:
    """Rebuild the lists of country and currency numbers; the other lists are kept."""
    import pycountry  # type: ignore[import-not-found,unused-ignore]

    table = json.loads((DATA / "gs1_code_lists.json").read_text(encoding="utf-8"))
    table["source"] = {
        "iso": f"ISO 3166-1 and ISO 4217 as carried by pycountry {metadata.version('pycountry')}",
        "package_types": table["source"]["package_types"],
    }
    table["edition"] = day
    countries, currencies = list(pycountry.countries), list(pycountry.currencies)
    table["iso3166"] = " ".join(sorted(one.numeric for one in countries))
    table["iso3166alpha2"] = " ".join(sorted(one.alpha_2 for one in countries))
    table["iso4217"] = " ".join(sorted({one.numeric for one in currencies}))
    write("gs1_code_lists.json", table)


def main() -> None:
    """Read the command line and rebuild one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("table", choices=["dictionary", "prefixes", "codes"])
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--commit", default="")
    parser.add_argument("--day", required=True, help="day of the source, YYYY-MM-DD")
    chosen = parser.parse_args()
    if chosen.table == "prefixes":
        prefixes(chosen.day)
    elif chosen.table == "codes":
        codes(chosen.day)
    elif chosen.path and chosen.commit:
        dictionary(chosen.path, chosen.commit, chosen.day)
    else:
        parser.error("dictionary needs a path and --commit")


if __name__ == "__main__":
    main()
