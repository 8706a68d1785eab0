"""How do the firms of a market present themselves, their places, products and certificates?"""

import datetime as dt
from collections.abc import Iterator, Sequence

import msgspec

from guantong.market.catalogue import Role
from guantong.market.firms import Firm, Place, Product, World
from guantong.market.flow import household
from guantong.market.names import CITIES

SUSPENDED_WORKS = 1
"""Index of the bike factory whose certificate is suspended."""


def records(**lists: Sequence[dict[str, object]]) -> bytes:
    """A records document with the lists that are not empty."""
    return msgspec.json.encode({"guantong": "records"} | {k: v for k, v in lists.items() if v})


def of_firm(world: World, firm: Firm) -> bytes:
    """What a firm files about itself: name, places, products."""
    return records(
        firms=[_firm(firm)],
        places=[_place(firm, place, at) for at, place in enumerate(firm.places)],
        products=[_product(product) for product in world.goods.get(firm.key, ())],
    )


def of_firms(world: World, firms: Sequence[Firm]) -> bytes:
    """The same of several firms, filed by whoever runs the installation."""
    return records(
        firms=[_firm(firm) for firm in firms],
        places=[_place(firm, place, at) for firm in firms for at, place in enumerate(firm.places)],
        products=[_product(one) for firm in firms for one in world.goods.get(firm.key, ())],
    )


def _firm(firm: Firm) -> dict[str, object]:
    known: dict[str, object] = {
        "name": firm.name,
        "name_en": firm.name_en,
        "uscc": firm.uscc,
        "address": f"{_city(firm)}{firm.street}",
        "contact": f"service@{firm.key}.example",
        "kind": firm.kind,
        "region": firm.city.region,
        "industry": firm.industry,
    }
    return known | ({"gln": firm.gln} if firm.gln else {})


def _city(firm: Firm) -> str:
    """Province and city, once for the four cities that are provinces."""
    city = firm.city
    return city.name if city.name == city.province else city.province + city.name


def _place(firm: Firm, place: Place, at: int) -> dict[str, object]:
    # Places of one firm lie some hundred metres apart, firms of one city some kilometres.
    shift = int(firm.uscc[10:16].translate(_DIGITS) or "0") % 997
    return {
        "name": place.name,
        "gln": place.gln,
        "firm": firm.uscc,
        "address": f"{_city(firm)}{firm.street}",
        "region": firm.city.region,
        "lat": round(firm.city.lat + (shift % 31 - 15) / 200 + at / 500, 5),
        "lon": round(firm.city.lon + (shift // 31 - 16) / 200, 5),
        "kind": place.kind,
    }


_DIGITS = {code: None for code in range(256) if not chr(code).isdigit()}


def _product(product: Product) -> dict[str, object]:
    goods = product.goods
    known: dict[str, object] = {
        "name": goods.name,
        "name_en": goods.name_en,
        "brand": product.maker.brand,
        "model": goods.model,
        "specification": goods.specification,
        "standard": goods.standard,
        "category": goods.category,
        "gtin": product.gtin,
        "firm": product.maker.uscc,
        "unit": goods.unit,
    }
    if product.certificate:
        known["certificates"] = [product.certificate]
    return known | ({"list": goods.listed} if goods.listed else {})


def households(body: Firm) -> bytes:
    """Where consumers live, city by city: the places that sales and installations name."""
    return records(
        places=[
            {
                "name": f"{city.name}（居民住户）",
                "id": household(city).link,
                "firm": body.uscc,
                "region": city.region,
                "lat": city.lat,
                "lon": city.lon,
                "kind": "household",
            }
            for city in CITIES
        ]
    )


def certificates(world: World, body: Firm, start: dt.date) -> bytes:
    """The certificates and licences of all products, valid."""
    groups: dict[str, list[Product]] = {}
    for products in world.goods.values():
        for product in products:
            if product.certificate:
                groups.setdefault(product.certificate, []).append(product)
    return records(certificates=[_certificate(group, body, start) for group in groups.values()])


def _certificate(group: Sequence[Product], body: Firm, start: dt.date) -> dict[str, object]:
    first = group[0]
    since = dt.date(start.year - 1, 1 + len(first.key) % 12, 5)
    return {
        "kind": "ccc" if first.goods.ccc else "xk",
        "number": first.certificate,
        "holder": first.maker.uscc,
        "products": [product.gtin for product in group],
        "body": body.name
        if first.goods.ccc
        else f"{first.maker.city.province}市场监督管理局（示例）",
        "issued": since.isoformat(),
        "since": since.isoformat(),
        "until": since.replace(year=since.year + 5).isoformat(),
        "status": "valid",
    }


def suspended(product: Product, day: dt.date) -> bytes:
    """The certificate of a product is suspended from a day on."""
    return records(
        certificates=[
            {
                "kind": "ccc",
                "number": product.certificate,
                "status": "suspended",
                "status_since": day.isoformat(),
                "reason": "监督抽查不合格，暂停证书",
            }
        ]
    )


def introductions(world: World) -> Iterator[Firm]:
    """Everybody who files about itself, bodies first."""
    yield from world.firms[Role.BODY]
    for role, firms in world.firms.items():
        if role is not Role.BODY:
            yield from firms
