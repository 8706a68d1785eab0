"""How many claims of the texts with known truth are found, and how many judged rightly?

``python -m benchmarks.bench_bulletin`` prints the section; with ``--write`` it is put into
``docs/reference/bulletin.md``, where a test holds it to what the code does.
"""

import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from guantong.bulletin import Claim, Verdict, check

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases" / "bulletin"
PAGE = ROOT / "docs" / "reference" / "bulletin.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SETS = {
    "known.yaml": "written before and with the code",
    "held_out.yaml": "held out, then mended for",
    "held_out_again.yaml": "held out",
}
_VERDICTS = {"c": Verdict.CONSISTENT, "w": Verdict.WRONG, "u": Verdict.UNVERIFIABLE}
_MARK = re.compile(r"\[\[([^|\]]+)\|([cwu])(?:\|([^\]]*))?\]\]")


@dataclass(frozen=True)
class Truth:
    start: int
    end: int
    text: str
    verdict: Verdict
    should_be: str


@dataclass(frozen=True)
class Case:
    name: str
    planted: str
    text: str
    truths: tuple[Truth, ...]

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Case":
        text, truths, at = "", [], 0
        source = row["text"]
        for match in _MARK.finditer(source):
            text += source[at : match.start()]
            start = len(text)
            text += match[1]
            verdict = _VERDICTS[match[2]]
            truths.append(Truth(start, len(text), match[1], verdict, match[3] or ""))
            at = match.end()
        return cls(row["name"], row["planted"], text + source[at:], tuple(truths))


@dataclass
class Score:
    texts: int = 0
    planted: int = 0
    claims: int = 0
    found: int = 0
    matched: int = 0
    judged: int = 0
    wrong_true: int = 0
    wrong_said: int = 0
    wrong_both: int = 0
    righted: int = 0
    to_right: int = 0


def cases(name: str) -> list[Case]:
    return [Case.of(row) for row in yaml.safe_load((CASES / name).read_text("utf-8"))]


def pairs(case: Case) -> tuple[list[tuple[Truth, Claim]], list[Truth], list[Claim]]:
    """Truths with the claim that overlaps each most; truths without; claims without."""
    left = list(check(case.text).claims)
    matched: list[tuple[Truth, Claim]] = []
    missed: list[Truth] = []
    for truth in case.truths:
        best = max(left, key=lambda claim: _overlap(truth, claim), default=None)
        if best is None or _overlap(truth, best) <= 0:
            missed.append(truth)
            continue
        left.remove(best)
        matched.append((truth, best))
    return matched, missed, left


def _overlap(truth: Truth, claim: Claim) -> int:
    return min(truth.end, claim.span.end) - max(truth.start, claim.span.start)


def measure(rows: list[Case]) -> tuple[Score, list[str]]:
    score, misses = Score(), []
    for case in rows:
        matched, missed, extra = pairs(case)
        score.texts += 1
        score.planted += bool(case.planted)
        score.claims += len(case.truths)
        score.found += len(matched) + len(extra)
        score.matched += len(matched)
        score.wrong_true += sum(truth.verdict is Verdict.WRONG for truth in case.truths)
        score.wrong_said += sum(claim.verdict is Verdict.WRONG for _, claim in matched)
        score.wrong_said += sum(claim.verdict is Verdict.WRONG for claim in extra)
        for truth, claim in matched:
            same = truth.verdict is claim.verdict
            score.judged += same
            score.wrong_both += same and truth.verdict is Verdict.WRONG
            if not same:
                misses.append(f"{case.name}: {truth.text} is {truth.verdict}, said {claim.verdict}")
            if truth.should_be:
                score.to_right += 1
                right = claim.should_be == truth.should_be
                score.righted += right
                if same and not right:
                    told = claim.should_be or "nothing"
                    misses.append(
                        f"{case.name}: {truth.text} should be {truth.should_be}, said {told}"
                    )
        misses += [f"{case.name}: {truth.text} ({truth.verdict}) not found" for truth in missed]
        misses += [f"{case.name}: {claim.text} ({claim.verdict}) is no claim" for claim in extra]
    return score, misses


def _rate(part: int, whole: int) -> str:
    return f"{part}/{whole} = {100 * part / whole:.1f} %" if whole else "0/0"


def section() -> str:
    lines = ["| | " + " | ".join(SETS.values()) + " |", "|---" * (len(SETS) + 1) + "|"]
    measured = [measure(cases(name)) for name in SETS]
    scores = [score for score, _ in measured]
    rows = {
        "texts, with a planted error": [f"{one.texts}, {one.planted}" for one in scores],
        "claims: recall": [_rate(one.matched, one.claims) for one in scores],
        "claims: precision": [_rate(one.matched, one.found) for one in scores],
        "verdicts right, of claims found": [_rate(one.judged, one.matched) for one in scores],
        "“wrong”: recall": [_rate(one.wrong_both, one.wrong_true) for one in scores],
        "“wrong”: precision": [_rate(one.wrong_both, one.wrong_said) for one in scores],
        "what it should be, right": [_rate(one.righted, one.to_right) for one in scores],
    }
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    kinds = Counter(case.planted for name in SETS for case in cases(name) if case.planted)
    lines += ["", "Planted: " + ", ".join(f"{kind} {kinds[kind]}" for kind in sorted(kinds)) + "."]
    for (_, misses), told in zip(measured, SETS.values(), strict=True):
        lines += ["", f"Misses of the texts {told}:", ""]
        lines += [f"- {miss}" for miss in misses] or ["- none"]
    return "\n".join(lines)


def main() -> None:
    text = section()
    print(text)
    if "--write" in sys.argv:
        page = PAGE.read_text("utf-8")
        head, rest = page.split(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", "utf-8")
    text = "".join(f"{case.text}\n" for name in SETS for case in cases(name)) * 5
    begin = time.perf_counter()
    claims = len(check(text).claims)
    took = time.perf_counter() - begin
    print(f"\n{len(text)} characters, {claims} claims: {took:.2f} s")


if __name__ == "__main__":
    main()
