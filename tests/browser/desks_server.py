"""Serves a small trade with people; run by the browser tests as a process. Stops and comes back on a port."""

import sys
from pathlib import Path

from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.serve.people.account import Role
from guantong.serve.server import serve
from guantong.serve.world import INDEX, World, open_world
from guantong.settings import Settings
from guantong.verdict import Hold
from tests.people_small import MAKER, OFFICE, SHOP, add, signed_in

NOW = 1_773_100_000_000
CLASS = "https://id.gs1.org/01/06901234567892"
ITEMS = [f"{CLASS}/21/{serial}" for serial in range(1000, 1020)]

ALERTS = b"""<Safety-Gate><report_date>06/03/2026</report_date><notifications><caseNumber>SR/1/26</caseNumber>
<reference>https://example.com/1</reference><product>Cable</product><barcode>6901234567892</barcode>
<danger>The core gets hot.</danger></notifications><notifications/></Safety-Gate>"""


def fill(world: World) -> None:
    """Two firms, one product, twenty items of which one is recalled; a foreign alert; people of every role."""
    world.issue(CodeRange(CLASS, 1000, 1019, lot="L7"), Caller(MAKER, Level.PARTY))
    works = signed_in(world, "works", Role.PRODUCER, MAKER)
    works.get("/desk/firm")
    works.post("/desk/firm", {"name": "青山线缆", "name_en": "Qingshan Cable"})
    works.post(
        "/desk/products", {"name": "铜芯电线", "name_en": "Copper wire", "gtin": "6901234567892"}
    )
    at = {"at": "2026-03-01 09:00:00", "what": "enter", "codes": "\n".join(ITEMS)}
    works.post("/desk/moves", at | {"step": "生产"})
    works.post("/desk/moves", at | {"step": "销售", "partner": SHOP[-18:]})
    world.hold(Hold(ITEMS[9], "recalled", "线芯过热", "the core gets hot"), OPERATOR)
    nation = signed_in(world, "nation", Role.REGULATOR, OFFICE)
    nation.get("/desk/register")
    head = "企业名称,统一社会信用代码,产品类别,地区代码"
    rows = (
        f"青山线缆,{MAKER[-18:]},电线电缆,110105",
        f"东街五金店,{SHOP[-18:]},电线电缆,",
        "良渚车业,91330000MA27U04G4A,电动自行车,330110",
    )
    data = "\r\n".join([head, *rows]).encode()
    nation.post("/desk/register", {"source": "获证名录"}, files={"file": ("a.csv", data)})
    nation.get("/desk/alerts")
    nation.post("/desk/alerts", files={"file": ("weekly.xml", ALERTS)})
    add(world, "clerk", Role.PRODUCER, "urn:guantong:uscc:91330000MA27U04G4A")
    add(world, "shop", Role.SELLER, SHOP)
    add(world, "site", Role.USER, SHOP)
    add(world, "inspector", Role.REGULATOR, OFFICE)
    add(world, "auditor", Role.AUDITOR, "urn:guantong:opaque:auditor")
    add(world, "operator", Role.OPERATOR)


def main() -> None:
    """Serve on a port of the loopback address, any free one for 0, and print the address."""
    settings = Settings(Path(sys.argv[1]) / "data", port=int(sys.argv[2]))
    is_new = not (settings.data / INDEX).exists()
    with open_world(settings, clock=SetClock(NOW), create=is_new) as world:
        if is_new:
            fill(world)
        serve(world, settings, ready=lambda url: print(url, flush=True))
    print("closed", flush=True)


if __name__ == "__main__":
    main()
