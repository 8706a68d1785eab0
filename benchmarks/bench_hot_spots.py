"""How many hot spots of complaints are found, at which false alarms, beside a rule of thumb?

Complaints are made up by `guantong.market.complaint_days` (see its assumptions): quiet times, and
times in which a bad lot came to a province and its nearest neighbours some days ago. The rule of thumb
alarms where the last week of a province has so many times more complaints than its weeks
before; it is given the number with which it alarms as often in quiet times as ours does.
``python -m benchmarks.bench_hot_spots [--count N]``.
"""

import argparse

import numpy as np

from benchmarks.bench_clones import told
from guantong.market import Grumbled, Grumbles, complaint_days
from guantong.watch import Complaint, HotSpot, hot_spots
from guantong.watch.places import PEOPLE, km_between

CASES = ((1, 3.0), (1, 6.0), (3, 3.0), (3, 6.0))
"""Provinces of the bad lot, and how many times more they complain there."""
LASTING = 14
CHANCE = 0.05
DRAWS = 199
WEEK = 7


def neighbours(province: str, many: int) -> tuple[str, ...]:
    """A province with its nearest ones."""
    names = [name for name in PEOPLE if name < "71"]
    return tuple(sorted(names, key=lambda one: km_between(province, one))[:many])


def ours(made: Grumbled, today: int) -> list[HotSpot]:
    """Hot spots that chance explains in one of twenty quiet times."""
    complaints = list(map(Complaint, made.days, made.provinces))
    return [one for one in hot_spots(complaints, today, draws=DRAWS) if one.chance <= CHANCE]


def rise(made: Grumbled, today: int) -> tuple[float, str]:
    """The largest rise of a province: last week by the mean week, one more in both; and where."""
    found = []
    days, provinces = np.array(made.days), np.array(made.provinces)
    for name in set(made.provinces):
        own = today - days[provinces == name]
        late, weeks = int((own < WEEK).sum()), (today + 1) / WEEK
        found.append(((late + 1) / (len(own) / weeks + 1), name))
    return max(found)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=400)
    count = parser.parse_args().count
    usual = Grumbles(lasting=LASTING)
    today = usual.days - 1
    quiet = [complaint_days(seed, grumbles=usual) for seed in range(count)]
    alarms = sum(bool(ours(made, today)) for made in quiet)
    rises = np.sort([rise(made, today)[0] for made in quiet])
    limit = rises[len(rises) - alarms - 1]
    print(f"quiet times with an alarm: {told(alarms, count)}; the rule of thumb is given as many")
    print("| provinces | times more | ours finds | the rule of thumb |")
    print("|---|---|---|---|")
    for many, factor in CASES:
        found = risen = 0
        for seed in range(count):
            home = list(PEOPLE)[seed % 31]
            bad = neighbours(home, many)
            made = complaint_days(
                10_000 + seed, bad=bad, grumbles=Grumbles(lasting=LASTING, factor=factor)
            )
            found += any(set(one.provinces) & set(bad) for one in ours(made, today))
            most, where = rise(made, today)
            risen += most > limit and where in bad
        print(f"| {many} | {factor:g} | {told(found, count)} | {told(risen, count)} |", flush=True)


if __name__ == "__main__":
    main()
