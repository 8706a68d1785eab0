"""Which method held in this month, and is this text a method at all?

Methods are TOML files. The one that is shipped is an example: the real indicators and weights
are not published. An office loads its own with `parse`; no code changes.

>>> example().provenance.value
'example'
"""

import math
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

import msgspec

from guantong.credit.model import SECTIONS, CreditError, Fault, Indicator, Method, Month, SubIndex
from guantong.errors import Fault as Flaw
from guantong.errors import fault

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`$")
_NAMED = re.compile(r"(?:missing required|unknown) field `([^`]+)`")


@cache
def example() -> Method:
    """The shipped example: 24 made-up indicators with made-up weights."""
    file = files("guantong.credit") / "methods" / "example.toml"
    return parse(file.read_text("utf-8"), name=file.name)


def parse(text: str, *, name: str = "method.toml") -> Method:
    """Read a method.

    Args:
        text: TOML.
        name: What faults call the file.

    Returns:
        The method, checked.

    Raises:
        CreditError: with every fault found; paths such as ``name:indicators[3].weight``.
    """
    try:
        method = msgspec.convert(tomllib.loads(text), Method)
    except tomllib.TOMLDecodeError as refusal:
        raise CreditError(fault(Fault.FILE, expected="TOML", got=refusal, path=name)) from refusal
    except msgspec.ValidationError as refusal:
        raise CreditError(_misfit(str(refusal), name)) from refusal
    if flaws := tuple(_flaws(method, name)):
        raise CreditError(*flaws)
    return method


def held(methods: Iterable[Method], month: Month) -> Method:
    """The one method that held in `month`.

    Returns:
        The method.

    Raises:
        CreditError: `Fault.METHOD` if none did, or more than one.
    """
    found = [method for method in methods if method.holds(month)]
    if len(found) != 1:
        versions = ", ".join(method.version for method in found) or "none"
        raise CreditError(
            fault(Fault.METHOD, expected=f"one method for {month}", got=versions, path="since")
        )
    return found[0]


def _misfit(told: str, name: str) -> Flaw:
    """What msgspec says, as a fault: where, what was wanted."""
    place = _PLACE.search(told)
    path = place.group(1) if place else ""
    if named := _NAMED.search(told):
        path = f"{path}.{named.group(1)}" if path else named.group(1)
    text = _PLACE.sub("", told)
    wanted = "no such field" if "unknown field" in text else "a method's field"
    return fault(Fault.FIELD, expected=wanted, got=text, path=f"{name}:{path}")


def _flaws(method: Method, name: str) -> Iterator[Flaw]:
    """What fits the form and still can not be."""
    yield from _weights(method, name)
    yield from _months(method, name)
    yield from _bounds(method, name)
    seen: set[str] = set()
    for number, one in enumerate(method.indicators):
        path = f"{name}:indicators[{number}]"
        if one.key in seen:
            yield fault(Fault.FIELD, expected="each key once", got=one.key, path=f"{path}.key")
        seen.add(one.key)
        yield from _indicator(one, path)


def _weights(method: Method, name: str) -> Iterator[Flaw]:
    wrong = {sub: weight for sub, weight in method.weights.items() if not _counts(weight)}
    for sub, weight in wrong.items():
        yield _weight(weight, f"{name}:weights.{sub}")
    total = math.fsum(method.weights.values())
    if not wrong and not total > 0:
        yield _weight(total, f"{name}:weights")
    for sub in SubIndex:
        # A sub-index that counts must rest on something.
        total = math.fsum(one.weight for one in method.of(sub))
        if method.weights.get(sub, 0.0) > 0 and not total > 0:
            yield fault(
                Fault.WEIGHT,
                expected="an indicator with a weight above 0",
                got=total,
                path=f"{name}:indicators.{sub}",
            )


def _counts(weight: float) -> bool:
    return math.isfinite(weight) and weight >= 0


def _weight(got: float, path: str) -> Flaw:
    return fault(Fault.WEIGHT, expected="numbers from 0, not all 0", got=got, path=path)


def _months(method: Method, name: str) -> Iterator[Flaw]:
    told = {"since": method.since, "until": method.until}
    if method.link is not None:
        told["link.month"] = method.link.month
    wrong = {path: text for path, text in told.items() if text and not _is_month(text)}
    for path, text in wrong.items():
        yield fault(
            Fault.PERIOD, expected="a month such as 2024-10", got=text, path=f"{name}:{path}"
        )
    if not wrong and method.until and method.until < method.since:
        yield fault(
            Fault.PERIOD,
            expected=f"{method.since} or later",
            got=method.until,
            path=f"{name}:until",
        )
    if not (len(method.base) == 4 and method.base.isdecimal()):
        yield fault(Fault.PERIOD, expected="a year", got=method.base, path=f"{name}:base")


def _is_month(text: str) -> bool:
    try:
        Month.parse(text)
    except CreditError:
        return False
    return True


def _bounds(method: Method, name: str) -> Iterator[Flaw]:
    cuts = method.classes
    if not 100 >= cuts.a > cuts.b > cuts.c >= 0:
        got = f"{cuts.a}, {cuts.b}, {cuts.c}"
        yield fault(Fault.FIELD, expected="100 >= a > b > c >= 0", got=got, path=f"{name}:classes")
    if not 0 < method.floor <= 100:
        yield fault(
            Fault.FIELD, expected="above 0, at most 100", got=method.floor, path=f"{name}:floor"
        )
    for letter in method.population.sections_left_out:
        if letter not in SECTIONS:
            path = f"{name}:population.sections_left_out"
            yield fault(Fault.FIELD, expected=SECTIONS, got=letter, path=path)
    share = method.population.coverage_min
    if not 0 <= share <= 1:
        yield fault(
            Fault.FIELD, expected="0 to 1", got=share, path=f"{name}:population.coverage_min"
        )


def _indicator(one: Indicator, path: str) -> Iterator[Flaw]:
    if not _counts(one.weight):
        yield _weight(one.weight, f"{path}.weight")
    lower, upper = one.goalposts
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        yield _order(one.goalposts, f"{path}.goalposts")
    elif one.treatment.log and lower < 0:
        yield fault(
            Fault.GOALPOSTS,
            expected="0 or more for a logarithm",
            got=lower,
            path=f"{path}.goalposts",
        )
    if one.treatment.winsor is not None and not one.treatment.winsor[0] < one.treatment.winsor[1]:
        yield _order(one.treatment.winsor, f"{path}.treatment.winsor")


def _order(got: tuple[float, float], path: str) -> Flaw:
    return fault(Fault.GOALPOSTS, expected="the lower before the upper", got=got, path=path)
