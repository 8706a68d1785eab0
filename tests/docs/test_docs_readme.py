"""README in English and Chinese: the same parts, the same claims."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]\[]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("pair", [("README.md", "README.zh-CN.md")])
def test_both_languages_of_a_page_have_the_same_parts(pair: tuple[str, str]) -> None:
    def parts(page: str) -> dict[str, object]:
        text = (ROOT / page).read_text("utf-8")
        blocks = FENCE.findall(text)
        bare = FENCE.sub("", text)
        return {
            "headings": [
                line.partition(" ")[0] for line in re.findall(r"^#+ .*$", bare, re.MULTILINE)
            ],
            "table rows": sum(line.startswith("|") for line in bare.splitlines()),
            "points": sum(line.startswith("- ") for line in bare.splitlines()),
            "code": [re.sub(r"\s*#.*", "", block) for block in blocks],
            "links": sorted(link for link in LINK.findall(bare) if "README" not in link),
        }

    english, chinese = map(parts, pair)
    assert chinese == english


def statuses(page: str, words: dict[str, str]) -> list[str]:
    rows = [line for line in (ROOT / page).read_text("utf-8").splitlines() if line.startswith("|")]
    cells = [row.strip("|").split("|")[-1].strip() for row in rows[2:]]
    return [
        next((kind for word, kind in words.items() if cell.startswith(word)), cell)
        for cell in cells
    ]


def test_both_readmes_claim_the_same() -> None:
    english = statuses("README.md", {"works": "w", "partly": "p", "planned": "n"})
    chinese = statuses("README.zh-CN.md", {"可用": "w", "部分可用": "p", "计划中": "n"})
    assert chinese == english
    assert set(english) <= {"w", "p", "n"}
