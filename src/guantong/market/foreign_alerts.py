"""What do foreign lists of dangerous products say of goods known here? Made-up alerts, to measure matching by.

Assumptions, each a weight of `WAYS`: most alerts are about other goods. Of those that are about goods
filed here, some give the barcode, most give brand and model in a spelling of their own, some a list of
models or the model in the text alone; some cannot be found by what they say (a digit of the barcode
mistyped, the barcode of a case, the model of a colour). What is not about them, but looks so: another
brand with the same model, the next model of the same brand, models that say nothing, years and
voltages, a brand nobody knows, a fake with the barcode of the genuine thing, a brand of the same name,
a model that is named because it is not concerned. Goods have brands in Latin, Chinese or both.
What is left out: pictures, other languages than English, mistyped brands and models.
"""

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Final, NamedTuple

from guantong.identify.check_digits import check_digit
from guantong.market.dice import Dice

WAYS: Final[Mapping[str, float]] = {
    "nothing": 0.50,
    "barcode": 0.08, "spelled": 0.14, "listed": 0.05, "in_text": 0.05,
    "mistyped": 0.01, "case": 0.01, "colour": 0.02,
    "other_brand": 0.03, "next_model": 0.03, "generic": 0.02, "year": 0.02, "unknown": 0.02,
    "copied": 0.002, "namesake": 0.003, "not_meant": 0.005, "spoilt": 0.01,
}  # fmt: skip
"""Share of the alerts by what they say; ``spoilt`` cannot be read at all."""
HAN: Final = 0.1
"""Share of goods whose brand is filed in Chinese alone; foreign offices write it in Latin."""
BOTH: Final = 0.15
"""Share whose brand is filed in both."""
TWIN: Final = 0.01
"""Share of goods that have brand and model of another."""
VAGUE: Final = 0.04
"""Share whose model tells nothing, or is none."""
_SYLLABLES: Final = (
    ("青", "qing"), ("岚", "lan"), ("堃", "kun"), ("霁", "ji"), ("曜", "yao"), ("沅", "yuan"),
    ("翊", "yi"), ("瑾", "jin"), ("骁", "xiao"), ("楠", "nan"), ("珩", "heng"), ("澜", "lan"),
    ("昀", "yun"), ("彧", "yu"), ("钰", "yu"), ("逵", "kui"), ("飒", "sa"), ("朔", "shuo"),
)  # fmt: skip
_THINGS: Final = ("heater", "charger", "toaster", "lamp", "extension cord", "battery", "helmet",
    "scooter", "kettle", "drill", "fan", "toy car")  # fmt: skip
_VAGUE: Final = ("", "A1", "Pro", "Mini", "2024", "220V", "60W", "N/A")
_LETTERS: Final = "ABCDEFGHKLMNPRSTUVWXZ"


class Goods(NamedTuple):
    """A product that is filed here."""

    key: str
    gtin: str
    """14 digits."""
    brand: str
    """As it is filed."""
    latin: str
    """As foreign offices write it."""
    model: str
    name: str


class Said(NamedTuple):
    """What an alert says, before anybody writes it down."""

    way: str
    brand: str
    model: str
    barcode: str
    text: str
    thing: str
    true: frozenset[str]
    """Keys of the goods it is about."""


class ForeignAlerts(NamedTuple):
    """Goods, and the alerts that may be about them."""

    goods: tuple[Goods, ...]
    said: tuple[Said, ...]


def foreign_alerts(seed: int, *, goods: int = 2_000, alerts: int = 4_000) -> ForeignAlerts:
    """Goods known here, and alerts of foreign offices.

    Args:
        seed: The same gives the same.
        goods: How many products.
        alerts: How many alerts.

    Returns:
        Both; which goods an alert is about is told.
    """
    made = _Maker(Dice(seed, "foreign"), goods)
    return ForeignAlerts(tuple(made.goods), tuple(made.alert() for _ in range(alerts)))


class _Maker:
    """Draws goods, then alerts about them."""

    def __init__(self, dice: Dice, count: int) -> None:
        self.dice = dice
        brands = [self._brand() for _ in range(max(1, count // 8))]
        self.goods: list[Goods] = []
        for number in range(count):
            self.goods.append(self._goods(number, dice.pick(brands)))
        self._taken = {(one.latin, plain(one.model)) for one in self.goods}
        self._ways: Mapping[str, Callable[[Goods], Said]] = {
            "nothing": self._nothing,
            "barcode": self._barcode,
            "spelled": self._spelled,
            "listed": self._listed,
            "in_text": self._in_text,
            "mistyped": self._mistyped,
            "case": self._case,
            "colour": self._colour,
            "other_brand": self._other_brand,
            "next_model": self._next_model,
            "generic": self._generic,
            "year": self._year,
            "unknown": self._unknown,
            "copied": self._copied,
            "namesake": self._namesake,
            "not_meant": self._not_meant,
            "spoilt": self._spoilt,
        }
        self._names = tuple(WAYS)
        self._sums = tuple(accumulate(WAYS.values()))

    def alert(self) -> Said:
        """One more."""
        at = self.dice.draw() * self._sums[-1]
        way = next(name for name, top in zip(self._names, self._sums, strict=True) if at < top)
        return self._ways[way](self.dice.pick(self.goods))._replace(way=way)

    # ---------------------------------------------------------------- goods

    def _brand(self) -> tuple[str, str]:
        """As filed, and in Latin."""
        parts = [self.dice.pick(_SYLLABLES) for _ in range(self.dice.between(2, 3))]
        latin = "".join(part[1] for part in parts).title()
        if self.dice.chance(0.1):
            latin = f"{latin} & {self.dice.pick(_SYLLABLES)[1].title()}"
        han = "".join(part[0] for part in parts)
        at = self.dice.draw()
        return (han if at < HAN else f"{han} {latin}" if at < HAN + BOTH else latin), latin

    def _goods(self, number: int, brand: tuple[str, str]) -> Goods:
        body = f"0690{7000000 + number:07d}{self.dice.below(100):02d}"
        gtin = body + check_digit(body)
        model, thing = self._model(), self.dice.pick(_THINGS)
        if self.goods and self.dice.chance(TWIN):
            other = self.dice.pick(self.goods)
            brand, model = (other.brand, other.latin), other.model
        return Goods(f"https://id.gs1.org/01/{gtin}", gtin, *brand, model, thing)

    def _model(self) -> str:
        dice = self.dice
        if dice.chance(VAGUE):
            return dice.pick(_VAGUE)
        digits = str(dice.between(10, 9_999))
        if dice.chance(0.12):
            return str(dice.between(10_000, 999_999))
        head = "".join(dice.pick(_LETTERS) for _ in range(dice.between(1, 3)))
        tail = dice.pick(_LETTERS) if dice.chance(0.25) else ""
        return f"{head}{dice.pick(('-', '', ' ', '-'))}{digits}{tail}"

    # ---------------------------------------------------------------- about goods known here

    def _barcode(self, one: Goods) -> Said:
        said = self._about(one, barcode=self._digits(one.gtin))
        if self.dice.chance(0.3):
            return said._replace(brand="", model="")
        return said._replace(brand=self._respelt(one.latin), model=self._written(one.model))

    def _spelled(self, one: Goods) -> Said:
        return self._about(one, brand=self._respelt(one.latin), model=self._written(one.model))

    def _listed(self, one: Goods) -> Said:
        models = [self._written(one.model), *self._strangers(one, self.dice.between(1, 4))]
        at = self.dice.below(len(models))
        models[0], models[at] = models[at], models[0]
        glue = self.dice.pick((", ", "; ", " / ", " and ", "/", "\n"))
        return self._about(one, brand=self._respelt(one.latin), model=glue.join(models))

    def _in_text(self, one: Goods) -> Said:
        said = self.dice.pick((
            "The affected model number is {}.", "Model {} a mains powered device in white.",
            "This involves model numbers {} and {}, sold in boxes of 12.", "Model: {} (220V, 2024)",
        ))  # fmt: skip
        text = said.replace("{}", self._written(one.model), 1)
        text = text.replace("{}", self._strangers(one, 1)[0])
        return self._about(one, brand=self._respelt(one.latin), text=text)

    def _mistyped(self, one: Goods) -> Said:
        at = self.dice.between(5, 12)
        digit = str((int(one.gtin[at]) + self.dice.between(1, 9)) % 10)
        return self._about(one, barcode=(one.gtin[:at] + digit + one.gtin[at + 1 :])[1:])

    def _case(self, one: Goods) -> Said:
        body = f"{self.dice.between(1, 8)}{one.gtin[1:13]}"
        return self._about(one, barcode=body + check_digit(body))

    def _colour(self, one: Goods) -> Said:
        model = f"{one.model}-{self.dice.pick(('BK', 'WH', 'RED'))}"
        return self._about(one, brand=self._respelt(one.latin), model=model)

    # ---------------------------------------------------------------- about others

    def _nothing(self, one: Goods) -> Said:
        brand = self.dice.pick(("Acorn", "Bellweather", "Dunmore", "Fjellvik", "", "Unknown", "-"))
        barcode = self._foreign_gtin() if self.dice.chance(0.3) else ""
        text = f"Sold since {self.dice.between(2015, 2026)}, {self.dice.pick(('220V', '12 V', '60 W'))}"
        return self._about(None, brand=brand, model=self._model(), barcode=barcode, text=text)

    def _other_brand(self, one: Goods) -> Said:
        brand = self.dice.pick(self.goods).latin
        is_taken = (brand, plain(one.model)) in self._taken
        brand = "Hollowgate" if is_taken else brand
        return self._about(None, brand=brand, model=self._written(one.model))

    def _next_model(self, one: Goods) -> Said:
        return self._about(None, brand=one.latin, model=self._strangers(one, 1)[0])

    def _generic(self, one: Goods) -> Said:
        return self._about(None, brand=one.latin, model=self.dice.pick(_VAGUE))

    def _year(self, one: Goods) -> Said:
        text = f"Made in {self.dice.between(2018, 2026)}; 220V, 50 Hz, 1000W, 3 A"
        return self._about(None, brand=one.latin, text=text)

    def _unknown(self, one: Goods) -> Said:
        brand = self.dice.pick(("Unknown", "unknown", "No brand", "-", ""))
        return self._about(None, brand=brand, model=self._written(one.model))

    def _copied(self, one: Goods) -> Said:
        """A fake, which bears the barcode of the genuine thing."""
        return self._about(None, brand="Unknown", barcode=self._digits(one.gtin))

    def _namesake(self, one: Goods) -> Said:
        return self._about(None, brand=one.latin, model=one.model)

    def _not_meant(self, one: Goods) -> Said:
        (model,) = self._strangers(one, 1)
        text = f"Fits also {one.model}, which is not affected."
        return self._about(None, brand=one.latin, model=model, text=text)

    def _spoilt(self, one: Goods) -> Said:
        return self._about(None, brand=one.latin, model=one.model)

    def _about(self, one: Goods | None, **told: str) -> Said:
        """What is said of goods; of others when None."""
        thing = one.name if one is not None else self.dice.pick(_THINGS)
        true = frozenset({one.key} if one is not None else ())
        empty = {"brand": "", "model": "", "barcode": "", "text": ""}
        return Said(way="", thing=thing, true=true, **(empty | told))

    # ---------------------------------------------------------------- spelling

    def _respelt(self, brand: str) -> str:
        return self.dice.pick((
            brand, brand.upper(), brand.lower(), f"{brand}®", f"{brand} Co., Ltd.", f" {brand} ",
            f"{brand} Limited", brand,
        ))  # fmt: skip

    def _written(self, model: str) -> str:
        if not model:
            return ""
        glue = self.dice.pick(("-", "-", " ", "", "–", "_"))
        text = model.replace("-", glue).replace(" ", glue)
        text = text.lower() if self.dice.chance(0.15) else text
        return self.dice.pick(("", "", "", "Item No.: ", "Model ", "Art. ", "Type: ")) + text

    def _digits(self, gtin: str) -> str:
        thirteen = gtin.removeprefix("0")
        return self.dice.pick((
            thirteen, thirteen, f"Barcodes: {thirteen}; {self._foreign_gtin()}", gtin,
            f"{thirteen[0]} {thirteen[1:7]} {thirteen[7:]}", f"EAN {thirteen}",
            f"{self._foreign_gtin()}, {thirteen}", f"{thirteen}/{self._foreign_gtin()}",
        ))  # fmt: skip

    def _foreign_gtin(self) -> str:
        body = f"40{self.dice.below(10**10):010d}"
        return body + check_digit(body)

    def _strangers(self, one: Goods, count: int) -> list[str]:
        """Models next to that of the goods which nobody here has under its brand."""
        found: list[str] = []
        while len(found) < count:
            base = one.model if any(map(str.isdigit, one.model)) else self._model()
            text = self.dice.pick((
                f"{base}0", f"{base}{self.dice.pick(_LETTERS)}", base[:-1], self._model(),
                f"{self.dice.pick(_LETTERS)}{base}",
            ))  # fmt: skip
            if text and (one.latin, plain(text)) not in self._taken:
                found.append(text)
        return found


def plain(text: str) -> str:
    """Letters and digits alone, in small letters."""
    return "".join(filter(str.isalnum, text)).lower()
