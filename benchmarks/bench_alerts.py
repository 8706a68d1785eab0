"""How often is a match of a foreign alert right, and how many are found, beside a search for brand or model?

Goods and alerts are made up by `guantong.market.foreign_alerts` (see its assumptions), written as the
two offices write them, and read again. ``python -m benchmarks.bench_alerts [--count N] [--seed N]``; with
``--rate`` alerts a second at 10,000 alerts and 100,000 products instead.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from benchmarks.bench_clones import told
from guantong.connectors.alert_matching import By, Known, Matcher
from guantong.connectors.alerts import Alert, Read
from guantong.connectors.cpsc import read_cpsc
from guantong.connectors.safety_gate import read_safety_gate
from guantong.market import ForeignAlerts, Said, foreign_alerts, number_of, recalls_json, weekly_xml

SEED = 20
OFFICES: Sequence[tuple[str, Callable[[int, Sequence[Said]], bytes], Callable[[bytes], Read]]] = (
    ("safety_gate", weekly_xml, read_safety_gate),
    ("cpsc", recalls_json, read_cpsc),
)


class Figures(NamedTuple):
    """What one rule brings together."""

    found: int
    right: int
    true: int
    """Pairs of an alert and a product that it is about, in all."""


def known(made: ForeignAlerts) -> list[Known]:
    """The goods as they are filed."""
    return [Known(one.key, one.gtin, one.brand, one.model) for one in made.goods]


def read(made: ForeignAlerts, seed: int) -> dict[str, list[Alert]]:
    """What both offices say, read from their files."""
    return {name: list(take(write(seed, made.said)).alerts) for name, write, take in OFFICES}


def truth(made: ForeignAlerts, office: str) -> dict[str, frozenset[str]]:
    """Number -> keys of the goods it is about, of alerts that can be read."""
    listed = enumerate(made.said)
    return {number_of(at, office): one.true for at, one in listed if one.way != "spoilt"}


def naive(
    made: ForeignAlerts, alerts: Iterable[Alert], holds: Callable[[Iterable[bool]], bool]
) -> set[tuple[str, str]]:
    """Brand and model (`all`), or one of them (`any`), stand in what the alert says."""
    goods = [
        (one.key, [part.lower() for part in (one.latin, one.model) if part]) for one in made.goods
    ]
    found = set()
    for alert in alerts:
        parts = (alert.product, alert.title, alert.text, *alert.brands, *alert.models)
        text = "\n".join(parts).lower()
        for key, words in goods:
            if holds(word in text for word in words):
                found.add((alert.number, key))
    return found


def measured(seed: int, count: int, *, beside: bool = True) -> dict[str, dict[str, Figures]]:
    """Figures by office and rule."""
    made = foreign_alerts(seed, goods=count // 2, alerts=count)
    matcher = Matcher(known(made))
    figures: dict[str, dict[str, Figures]] = {}
    for office, alerts in read(made, seed).items():
        pairs = {(number, key) for number, keys in truth(made, office).items() for key in keys}
        matches = [match for alert in alerts for match in matcher.matches(alert)]
        rules = {
            by.value: {(one.alert.number, one.product) for one in matches if one.by is by}
            for by in By
        }
        rules["both"] = rules["gtin"] | rules["brand_model"]
        if beside:
            rules["brand or model in the text"] = naive(made, alerts, any)
            rules["brand and model in the text"] = naive(made, alerts, all)
        figures[office] = {
            rule: Figures(len(found), len(found & pairs), len(pairs))
            for rule, found in rules.items()
        }
    return figures


def losses(seed: int, count: int) -> list[str]:
    """What is not found, and what is found wrongly, by what the alert says."""
    made = foreign_alerts(seed, goods=count // 2, alerts=count)
    matcher = Matcher(known(made))
    lines = []
    for office, alerts in read(made, seed).items():
        true = truth(made, office)
        ways = {number_of(at, office): one.way for at, one in enumerate(made.said)}
        lost: Counter[str] = Counter()
        wrong: Counter[str] = Counter()
        of: Counter[str] = Counter(way for number, way in ways.items() if true.get(number))
        for alert in alerts:
            found = {one.product for one in matcher.matches(alert)}
            lost[ways[alert.number]] += len(true[alert.number] - found)
            wrong[ways[alert.number]] += len(found - true[alert.number])
        lines.append(f"{office}: lost {dict(+lost)} of {dict(of)}; wrong {dict(+wrong)}")
    return lines


def rate(alerts: int = 10_000, goods: int = 100_000) -> str:
    """How fast it goes."""
    made = foreign_alerts(SEED, goods=goods, alerts=alerts)
    data = weekly_xml(SEED, made.said)
    begun = time.perf_counter()
    listed = read_safety_gate(data).alerts
    reading = time.perf_counter() - begun
    begun = time.perf_counter()
    matcher = Matcher(known(made))
    filling = time.perf_counter() - begun
    begun = time.perf_counter()
    count = sum(len(matcher.matches(one)) for one in listed)
    took = time.perf_counter() - begun
    return (
        f"{alerts:,} alerts × {goods:,} products: read {alerts / reading:,.0f} alerts/s, "
        f"products taken in in {filling:.1f} s, matched {len(listed) / took:,.0f} alerts/s ({count:,} matches)"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rate", action="store_true")
    given = parser.parse_args()
    if given.rate:
        print(rate())
        return
    print(f"{given.count:,} alerts in both forms about {given.count // 2:,} products")
    print("| file | rule | matches | right | finds |")
    print("|---|---|---|---|---|")
    for office, rules in measured(given.seed, given.count).items():
        for rule, one in rules.items():
            right, finds = told(one.right, one.found), told(one.right, one.true)
            print(f"| {office} | {rule} | {one.found:,} | {right} | {finds} |", flush=True)
    for line in losses(given.seed, given.count):
        print(line)


if __name__ == "__main__":
    main()
