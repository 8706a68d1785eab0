"""How do two foreign offices write their alerts? XML of the one and JSON of the other, with the habits of both.

Both are made up after what the files are known to hold: texts that begin with ``null``, entities
that are written twice, tags and hard spaces in them, values that are empty, nil or absent, dates that
are missing. Spoilt alerts have no number, name nothing, or have a wrong shape.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from guantong.market.dice import Dice
from guantong.market.foreign_alerts import Said

SPOILT: Final = "spoilt"
_FIRST: Final = 23001


def number_of(at: int, office: str) -> str:
    """The number of an alert by its place in what was said."""
    return f"SR/{at:05d}/26" if office == "safety_gate" else str(_FIRST + at)


def weekly_xml(seed: int, said: Sequence[Said]) -> bytes:
    """A weekly report of the European Safety Gate.

    Args:
        seed: The same gives the same.
        said: What the alerts say, in order.

    Returns:
        The file.
    """
    dice = Dice(seed, "weekly")
    body = "".join(_notification(dice, at, one) for at, one in enumerate(said))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<Safety-Gate xmlns:xsi='
    head += '"http://www.w3.org/2001/XMLSchema-instance"><report_date>21/08/2026</report_date>'
    return f"{head}{body}</Safety-Gate>\n".encode()


def _notification(dice: Dice, at: int, one: Said) -> str:
    text = f"{one.text}<br>Packed in a box." if dice.chance(0.4) else one.text
    told = {
        "caseNumber": number_of(at, "safety_gate"),
        "category": "Electrical appliances and equipment",
        "product": one.thing,
        "brand": one.brand or dice.pick(("Unknown", "", "-")),
        "type_numberOfModel": one.model,
        "barcode": one.barcode,
        "riskType": "Fire",
        "danger": f"null The {one.thing} may\xa0overheat.",
        "description": f"null {text}" if dice.chance(0.3) else text,
        "level": "Serious risk",
        "countryOfOrigin": "People's Republic of China",
    }
    if one.way == SPOILT:
        nothing = {"product": "", "brand": "", "type_numberOfModel": ""}
        told |= dice.pick(({"caseNumber": ""}, nothing))
    return (
        f"<notifications>{''.join(_element(dice, *pair) for pair in told.items())}</notifications>"
    )


def _element(dice: Dice, name: str, text: str) -> str:
    if not text:
        return dice.pick(("", f"<{name}/>", f'<{name} xsi:nil="true"/>', f"<{name}>null</{name}>"))
    if dice.chance(0.2):
        return f"<{name}><![CDATA[{text}]]></{name}>"
    once = escape(text)
    return f"<{name}>{escape(once) if dice.chance(0.5) else once}</{name}>"


def recalls_json(seed: int, said: Sequence[Said]) -> bytes:
    """A list of recalls as the Consumer Product Safety Commission gives it.

    Args:
        seed: The same gives the same.
        said: What the alerts say, in order.

    Returns:
        The file.
    """
    dice = Dice(seed, "recalls")
    listed = [_recall(dice, at, one) for at, one in enumerate(said)]
    mark = b"\xef\xbb\xbf" if dice.chance(0.5) else b""
    return mark + json.dumps(listed, ensure_ascii=False).encode()


def _recall(dice: Dice, at: int, one: Said) -> object:
    brand = one.brand.strip() if len(one.brand.strip()) > 1 else ""
    brand = "" if brand.lower() in {"unknown", "no brand"} else brand.replace("&", "&amp;")
    model = one.model if dice.chance(0.3) else ""
    told = f"<p>{one.text}</p>" + (f" Model numbers {one.model}." if not model else "")
    by_title = f"{brand} Recalls {one.thing.title()}s Due to Fire Hazard"
    plain = f"{one.thing.title()}s Recalled Due to Fire Hazard; Sold Online"
    recall: dict[str, Any] = {
        "RecallID": 9000 + at,
        "RecallNumber": number_of(at, "cpsc"),
        "RecallDate": dice.pick(("2026-08-20T00:00:00", "2026-08-20T00:00:00", None, "")),
        "LastPublishDate": "0001-01-01T00:00:00",
        "Title": by_title if brand else plain,
        "Description": told,
        "URL": "https://example.com/recalls <br>",
        "Products": [{"Name": f"{brand} {one.thing}s".strip(), "Model": model, "Description": ""}],
        "ProductUPCs": _upcs(dice, one.barcode),
        "Hazards": [{"Name": "The battery can overheat."}],
        "Manufacturers": [{"Name": f"{brand}, of China"}] if brand and dice.chance(0.7) else [],
        "ManufacturerCountries": [{"Country": "China"}],
    }
    if one.way == SPOILT:
        return dice.pick((
            recall | {"RecallNumber": "", "RecallID": None}, recall | {"Products": "none"}, "null",
            recall | {"Title": None, "Products": [], "Description": "", "ProductUPCs": []},
        ))  # fmt: skip
    return recall


def _upcs(dice: Dice, barcode: str) -> list[object]:
    if not barcode:
        return []
    return [{"UPC": barcode}] if dice.chance(0.7) else [barcode]
