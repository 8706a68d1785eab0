"""Everybody asks for everything; what comes out is what docs/reference/access.md says."""

from pathlib import Path

import pytest
from starlette.routing import Route

from guantong.serve.app import create_app
from tests.access_small import PAGE, Trade, asks, by_desks, by_keys, desk_asks, opened, page

Matrix = dict[str, dict[str, str]]

NO_OBJECT = (
    "/",
    "/livez",
    "/readyz",
    "/static",
    "/key",
    "/login",
    "/logout",
    "/account",
    "/index",
    "/bulletin",
    "/.well-known",
    "/report",
    "/api",
    "/metrics",
    "/ledger",
    "/c/",
    "/check",
    "/identify",
    "/status",
    "/epcis",
    "/desk",
)
"""Addresses with nobody's object behind them, and those of which the matrix has examples."""
TRADE_DENIED = ("public", "stranger", "regulator, elsewhere")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Matrix, Matrix, Trade]:
    with opened(tmp_path_factory.mktemp("access")) as trade:
        return by_keys(trade), by_desks(trade), trade


def test_the_page_is_what_comes_out(found: tuple[Matrix, Matrix, Trade]) -> None:
    assert PAGE.read_text("utf-8") == page(found[0], found[1])


def test_nobody_is_told_what_is_between_two_others(found: tuple[Matrix, Matrix, Trade]) -> None:
    for address, cells in found[0].items():
        for who in TRADE_DENIED:
            assert not cells[who].endswith("all"), (address, who)
        assert "5" not in {cell[0] for cell in cells.values()}, address


def test_both_sides_and_who_supervises_them_are_told(found: tuple[Matrix, Matrix, Trade]) -> None:
    for address in ("/trace/CODE", "/epcis/events", "/epcis/epcs/CODE/events"):
        for who in ("owner", "buyer", "regulator, region", "operator"):
            assert found[0][address][who] == "200 all", (address, who)


def test_a_desk_is_for_its_roles_and_its_firm(found: tuple[Matrix, Matrix, Trade]) -> None:
    for address, cells in found[1].items():
        assert cells["nobody"] in {"sign in", "401"}, address
        assert not any(cell.startswith("5") for cell in cells.values()), address
    for address in ("/desk/codes/ENTRY", "POST /desk/codes/ENTRY/void", "/desk/entry/ENTRY"):
        for who, cell in found[1][address].items():
            assert cell[:3] in ({"200", "400"} if who == "owner" else {"403", "404", "401", "sig"})
    assert found[1]["/desk/firms/PARTY"]["regulator, region"].startswith("200")
    assert found[1]["/desk/firms/PARTY"]["regulator, elsewhere"] == "404"


def test_every_address_is_asked_or_has_nobodys_object_behind_it(
    found: tuple[Matrix, Matrix, Trade], tmp_path: Path
) -> None:
    with opened(tmp_path) as trade:
        app = create_app(trade.world, trade.world.settings)
        routes = [route for route in app.app.router.routes if isinstance(route, Route)]
        asked = [ask.path.partition("?")[0] for ask in [*asks(trade), *desk_asks(trade)]]
    for route in routes:
        matched = any(route.path_regex.match(path) for path in asked)
        assert matched or route.path.startswith(NO_OBJECT), route.path


def test_every_desk_with_an_object_is_asked(
    found: tuple[Matrix, Matrix, Trade], tmp_path: Path
) -> None:
    with opened(tmp_path) as trade:
        app = create_app(trade.world, trade.world.settings)
        asked = [ask.path.partition("?")[0] for ask in desk_asks(trade)]
        desks = [
            route
            for route in app.app.router.routes
            if isinstance(route, Route) and route.path.startswith("/desk/")
        ]
    alike = (".json", ".csv", ".xlsx", "/undo", "/columns")
    for route in desks:
        if not route.path.endswith(alike):
            assert any(route.path_regex.match(path) for path in asked), route.path
