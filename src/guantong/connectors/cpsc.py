"""What does a list of recalls of the Consumer Product Safety Commission say?

JSON: a bare list, each recall with lists of products, barcodes, hazards and firms. There is no member
for brands: firms and the title name them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

import msgspec

from guantong.connectors import alerts
from guantong.connectors.alerts import LIMITS, Alert, Read, Source, broken, refused
from guantong.connectors.partner import ConnectorError

NOTIFYING: Final = "United States"
_BY: Final = re.compile(r"\A(.{1,100}?) (?:Recalls?|Expands Recall|Reannounces Recall)\b")
_AT: Final = re.compile(r"\(byte (\d+)\)")
_PLACE: Final = re.compile(r",\s*(?:of|in)\s+[^,]+(?:,.*)?\Z")


class _Named(msgspec.Struct, frozen=True):
    name: str | None = msgspec.field(default=None, name="Name")


class _Product(msgspec.Struct, frozen=True):
    name: str | None = msgspec.field(default=None, name="Name")
    description: str | None = msgspec.field(default=None, name="Description")
    model: str | None = msgspec.field(default=None, name="Model")


class _Upc(msgspec.Struct, frozen=True):
    upc: str | int | None = msgspec.field(default=None, name="UPC")


class _Country(msgspec.Struct, frozen=True):
    country: str | None = msgspec.field(default=None, name="Country")


class _Recall(msgspec.Struct, frozen=True, rename="pascal"):
    """The members that are read; the rest is passed over."""

    recall_number: str | int | None = None
    recall_id: int | None = msgspec.field(default=None, name="RecallID")
    recall_date: str | None = None
    last_publish_date: str | None = None
    title: str | None = None
    description: str | None = None
    address: str | None = msgspec.field(default=None, name="URL")
    products: list[_Product] | None = None
    upcs: list[_Upc | str] | None = msgspec.field(default=None, name="ProductUPCs")
    hazards: list[_Named] | None = None
    remedies: list[_Named] | None = None
    manufacturers: list[_Named] | None = None
    importers: list[_Named] | None = None
    distributors: list[_Named] | None = None
    manufacturer_countries: list[_Country] | None = None


def read_cpsc(data: bytes) -> Read:
    """Read a list of recalls.

    Args:
        data: The file as it is downloaded; a byte order mark may stand before it.

    Returns:
        Its alerts, and what was rejected of it.

    Raises:
        ConnectorError: if it is no list in JSON, too large, or cut off; nothing is half read.
    """
    alerts.check_size(data)
    if data.count(b",") > LIMITS.values_max:
        raise ConnectorError(broken(f"at most {LIMITS.values_max} values", "more"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConnectorError(
            broken("text in UTF-8", error.reason, f"byte {error.start}")
        ) from error
    try:
        listed = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        at = _AT.search(str(error))
        where = f"byte {at[1] if at else len(data)}"
        raise ConnectorError(broken("a whole list in JSON", error, where)) from error
    return alerts.gathered(Source.CPSC, _readers(listed))


def _readers(listed: list[msgspec.Raw]) -> Iterator[tuple[str, Callable[[], Alert]]]:
    for at, raw in enumerate(listed):
        yield f"[{at}]", partial(_alert, raw)


def _alert(raw: msgspec.Raw) -> Alert:
    """An alert. Raises ConnectorError when it has another shape."""
    try:
        recall = msgspec.json.decode(raw, type=_Recall)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ConnectorError(refused("a recall", error)) from error
    products = recall.products or []
    told = [recall.description, *(one.description for one in products)]
    names = alerts.values(one.name or "" for one in products)
    dates = (alerts.day_of(one or "") for one in (recall.recall_date, recall.last_publish_date))
    return Alert(
        Source.CPSC,
        _number(recall),
        alerts.line("; ".join(names)),
        title=alerts.line(recall.title or ""),
        published=next(filter(None, dates), ""),
        brands=_firms(recall),
        models=alerts.models_in("\n".join(one.model or "" for one in products)),
        barcodes=_barcodes(recall),
        text=alerts.plain("\n".join(one for one in told if one)),
        hazard=_names(recall.hazards),
        measures=_names(recall.remedies),
        origin=alerts.line(
            ", ".join(one.country or "" for one in recall.manufacturer_countries or [])
        ),
        notifying=NOTIFYING,
        address=alerts.address_in(recall.address or ""),
    )


def _number(recall: _Recall) -> str:
    """Its number, that of its record when it has none."""
    number = alerts.line(str(recall.recall_number or ""))
    return number or (f"id {recall.recall_id}" if recall.recall_id else "")


def _firms(recall: _Recall) -> tuple[str, ...]:
    """Who makes it, brings it in, or recalls it, without where they are."""
    listed = (recall.manufacturers, recall.importers, recall.distributors)
    names = [_PLACE.sub("", alerts.line(one.name or "")) for some in listed for one in some or []]
    by = _BY.match(alerts.line(recall.title or ""))
    return alerts.values([*names, by[1] if by else ""])


def _barcodes(recall: _Recall) -> tuple[str, ...]:
    texts = (one if isinstance(one, str) else str(one.upc or "") for one in recall.upcs or [])
    return alerts.gtins_in("\n".join(texts))


def _names(some: Iterable[_Named] | None) -> str:
    return alerts.plain("\n".join(one.name for one in some or () if one.name))
