"""What is made in this market, to which standard, under which certificate?

Standards and kinds are real, models invented. The kind digits of a CCC number (0105 for cables,
1119 for e-bikes, 2401 for stoves) follow the public pattern; those of parts are invented.
"""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a firm does here; the value begins the names of its files."""

    ROD = "rod"
    CABLE = "cable"
    BATTERY = "battery"
    MOTOR = "motor"
    CHARGER = "charger"
    BIKE = "bike"
    HOSE = "hose"
    VALVE = "valve"
    STOVE = "stove"
    STEEL = "steel"
    BAR = "bar"
    CABLE_TRADER = "cable-trader"
    BIKE_TRADER = "bike-trader"
    STOVE_TRADER = "stove-trader"
    BAR_TRADER = "bar-trader"
    HARDWARE = "hardware"
    """Sells cable."""
    BIKE_SHOP = "bike-shop"
    APPLIANCE = "appliance"
    """Sells and installs stoves."""
    SITE = "site"
    """Builds: buys cable and ribbed bar."""
    BODY = "body"
    """Certifies and tests."""


class Goods(NamedTuple):
    """One model in the catalogue of every firm of a role."""

    slug: str
    name: str
    name_en: str
    model: str
    specification: str
    standard: str
    category: str
    listed: str
    """Number of the list of key products it stands on, "" for none."""
    unit: str
    """Trace unit: ``item``, ``batch`` or ``class``."""
    ccc: str = ""
    """Product kind of its CCC certificate, four digits."""
    licence: str = ""
    """Industry and product part of its production licence."""


CABLE, GAS, BIKE, BAR = "电线电缆", "燃气器具", "电动自行车", "冷轧带肋钢筋"
"""Categories of the first list whose names are known."""

GOODS: dict[Role, tuple[Goods, ...]] = {
    Role.ROD: (
        Goods("rod8", "电工用铜线坯", "Copper rod for electrical use", "T1-8.0",
              "Φ8.0 mm", "GB/T 3952-2016", "铜线坯", "", "batch"),
    ),
    Role.CABLE: (
        Goods("bv25", "一般用途单芯硬导体无护套电缆", "Single-core non-sheathed cable", "BV 2.5",
              "450/750 V 1×2.5 mm²", "GB/T 5023.3-2008", CABLE, "1", "item", "0105"),
        Goods("rvv315", "轻型聚氯乙烯护套软线", "Light PVC sheathed flexible cord", "RVV 3×1.5",
              "300/500 V 3×1.5 mm²", "GB/T 5023.5-2008", CABLE, "1", "item", "0105"),
        Goods("bv25-reel", "单芯硬导体无护套电缆（盘装）", "Single-core cable on a reel",
              "BV 2.5/5000", "450/750 V 1×2.5 mm² 5000 m", "GB/T 5023.3-2008", CABLE, "1", "item",
              "0105"),
        Goods("bv25-metre", "单芯硬导体无护套电缆（零剪）", "Single-core cable by the metre",
              "BV 2.5/m", "450/750 V 1×2.5 mm²", "GB/T 5023.3-2008", CABLE, "1", "class", "0105"),
    ),
    Role.BATTERY: (
        Goods("b4820", "电动自行车用锂离子蓄电池", "Lithium-ion battery for e-bikes", "48V20Ah",
              "48 V 20 Ah", "GB 43854-2024", BIKE, "1", "item", "1120"),
    ),
    Role.MOTOR: (
        Goods("m400", "电动自行车用轮毂电动机", "Hub motor for e-bikes", "LG-400", "48 V 400 W",
              "QB/T 2946-2020", BIKE, "", "item"),
    ),
    Role.CHARGER: (
        Goods("c4802", "电动自行车用充电器", "Charger for e-bikes", "CD-4802", "48 V 2 A",
              "GB 42296-2022", BIKE, "1", "item", "1121"),
    ),
    Role.BIKE: (
        Goods("city", "电动自行车", "Electric bicycle", "TDT101Z", "48 V 400 W 25 km/h",
              "GB 17761-2024", BIKE, "1", "item", "1119"),
        Goods("cargo", "电动自行车（载货型）", "Electric bicycle for loads", "TDN202Z",
              "48 V 400 W 25 km/h", "GB 17761-2024", BIKE, "1", "item", "1119"),
        Goods("light", "电动自行车（轻便型）", "Light electric bicycle", "TDR303Z",
              "48 V 400 W 25 km/h", "GB 17761-2024", BIKE, "1", "item", "1119"),
    ),
    Role.HOSE: (
        Goods("hose15", "燃气用具连接用不锈钢波纹软管", "Stainless steel gas hose", "GGR-15",
              "DN15 1.5 m", "GB/T 41317-2022", GAS, "1", "item", "2404"),
    ),
    Role.VALVE: (
        Goods("valve15", "燃气紧急切断阀", "Gas emergency shut-off valve", "JQF-15", "DN15",
              "GB/T 41315-2022", GAS, "1", "item", "2405"),
    ),
    Role.STOVE: (
        Goods("two", "家用燃气灶具", "Domestic gas stove, two burners", "JZT-2B", "12T 4.2 kW ×2",
              "GB 16410-2020", GAS, "1", "item", "2401"),
        Goods("one", "家用燃气灶具（单眼）", "Domestic gas stove, one burner", "JZY-1A",
              "20Y 4.0 kW", "GB 16410-2020", GAS, "1", "item", "2401"),
    ),
    Role.STEEL: (
        Goods("wire65", "热轧盘条", "Hot-rolled wire rod", "Q235-6.5", "Φ6.5 mm",
              "GB/T 701-2008", "盘条", "", "batch"),
    ),
    Role.BAR: (
        Goods("crb8", "冷轧带肋钢筋", "Cold-rolled ribbed bar", "CRB550-8", "Φ8 mm 12 m",
              "GB/T 13788-2024", BAR, "1", "item", licence="XK05-002"),
        Goods("crb10", "冷轧带肋钢筋", "Cold-rolled ribbed bar", "CRB600H-10", "Φ10 mm 12 m",
              "GB/T 13788-2024", BAR, "1", "item", licence="XK05-002"),
    ),
}  # fmt: skip
"""Models by role, in the order in which each firm numbers them."""
