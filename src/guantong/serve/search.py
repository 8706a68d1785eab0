"""Which firm, product or certificate does somebody mean? By number or by a part of the name.

Nothing is found that a scan would not tell, at most twenty at a time and without pages, and each asker
has to wait after some: the register cannot be copied out of here.
"""

import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple, Protocol, runtime_checkable

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import identify, parties
from guantong.clock import Clock
from guantong.errors import fault
from guantong.identify import Kind
from guantong.serve import answer, asked, pages
from guantong.serve.problems import Fault, HttpError
from guantong.serve.readers import Readers
from guantong.serve.throttle import Throttle
from guantong.store import Fact, Store, all_facts

FOUND_MAX: Final = 20
CHARS_MIN: Final = 2
CHARS_MAX: Final = 100
BURST: Final = 20
EVERY_MS: Final = 3_000
"""Questions of one asker: so many at once, then one each so often."""
OLD_MS: Final = 60_000
"""Names filed since are found after so long."""
NAMES_MAX: Final = 1_000_000
"""Names held in memory; of more the first so many in order of their keys."""
NAMED: Final = {
    "firm": ("name", "name_en", "uscc"),
    "product": ("name", "name_en", "brand", "model"),
    "certificate": ("number",),
}
"""Kinds of facts, and the fields a name is looked for in."""
GS1_CLASS: Final = "https://id.gs1.org/01/"


@runtime_checkable
class Searchable(Protocol):
    """A desk over an index of its own."""

    clock: Clock

    @property
    def readers(self) -> Readers:
        """The handles for reading."""


class Hit(NamedTuple):
    """Something that was found."""

    kind: str
    key: str
    name: str
    more: str
    """Model, USCC or holder."""


class Names:
    """Every name in the index, in lower case, with what bears it."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty; `refresh` reads them."""
        self._clock = clock
        self._turn = threading.Lock()
        self._read: tuple[int, int] = (0, -1)
        self._names: list[tuple[str, str, str]] = []

    def refresh(self, store: Store) -> None:
        """Read the names anew if there may be others and they are old."""
        now_ms, size = self._clock.now_ms(), store.projected_size
        with self._turn:
            at_ms, read = self._read
            if read == size or (read >= 0 and 0 <= now_ms - at_ms < OLD_MS):
                return
            self._names = list(islice(_names(store), NAMES_MAX))
            self._read = now_ms, size

    def having(self, part: str) -> Iterator[tuple[str, str]]:
        """Kind and key of what has a part in its name, none twice."""
        needle, seen = part.lower(), set[tuple[str, str]]()
        for name, kind, key in self._names:
            if needle in name and (kind, key) not in seen:
                seen.add((kind, key))
                yield kind, key


class Search:
    """The page."""

    def __init__(self, desk: Searchable) -> None:
        self._desk = desk
        self._names = Names(desk.clock)
        self._throttle = Throttle(desk.clock, burst=BURST, every_ms=EVERY_MS)

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [Route("/search", self.search), Route("/search.json", self.search)]

    async def search(self, request: Request) -> Response:
        """What is found, as page or JSON; without a question the empty form.

        Returns:
            Page or JSON.

        Raises:
            HttpError: if the question is too short or long, or the asker has to wait.
        """
        text = request.query_params.get("q", "").strip(asked.BLANKS)
        batch = request.query_params.get("batch", "").strip(asked.BLANKS)
        if not text and not asked.wants_json(request):
            return self._page(request, text, batch, [])
        if not CHARS_MIN <= len(text) <= CHARS_MAX or len(batch) > CHARS_MAX:
            expected = f"{CHARS_MIN} to {CHARS_MAX} characters"
            raise HttpError(fault(Fault.QUERY, expected=expected, got=len(text), path="q"))
        self._throttle.take(request.client.host if request.client else "")
        found = await to_thread.run_sync(self._found, text)
        if asked.wants_json(request):
            told = [hit._asdict() | {"address": address_of(hit, batch)} for hit in found]
            return answer.json({"found": told})
        return self._page(request, text, batch, found)

    def _page(self, request: Request, text: str, batch: str, found: list[Hit]) -> Response:
        body = pages.render(
            "search.html",
            answer.view(request),
            text=text,
            batch=batch,
            found=found,
            address_of=lambda hit: address_of(hit, batch),
        )
        return answer.page(request, body)

    def _found(self, text: str) -> list[Hit]:
        with self._desk.readers.lend() as store:
            self._names.refresh(store)
            hits = (_hit(store, kind, key) for kind, key in self._candidates(text))
            told = (hit for hit in hits if hit is not None)
            return list(islice((hit for hit in told if _bears(hit, text)), FOUND_MAX))

    def _candidates(self, text: str) -> Iterator[tuple[str, str]]:
        """By number first: a USCC, a GTIN, a certificate; then by name."""
        read = [one.value for one in identify.read(text)]
        numbers = {
            Kind.PARTY: "firm",
            Kind.CLASS: "product",
            Kind.DOCUMENT: "certificate",
        }
        by_number = [(numbers[one.kind], one.uri) for one in read if one.kind in numbers]
        yield from by_number
        yield from (one for one in self._names.having(text) if one not in by_number)


def address_of(hit: Hit, batch: str = "") -> str:
    """Where a scan of it is answered; of a product with a batch, where that batch is."""
    if batch and hit.kind == "product" and hit.key.startswith(GS1_CLASS):
        return asked.address(f"{hit.key}/10/{batch}")
    return asked.address(hit.key)


def _hit(store: Store, kind: str, key: str) -> Hit | None:
    """What counts about it, None when nobody filed it."""
    return _READERS[kind](store, key)


def _firm(store: Store, key: str) -> Hit | None:
    firm = parties.firm(store, key)
    return None if firm is None else Hit("firm", key, firm.name or firm.name_en, firm.uscc)


def _product(store: Store, key: str) -> Hit | None:
    product = parties.product(store, key)
    if product is None:
        return None
    name = " ".join(one for one in (product.brand, product.name or product.name_en) if one)
    return Hit("product", key, name, product.model)


def _certificate(store: Store, key: str) -> Hit | None:
    found = next((one for one in parties.certificates_of(store, (key,)) if one.key == key), None)
    return None if found is None else Hit("certificate", key, found.number, found.holder)


_READERS: Final[dict[str, Callable[[Store, str], Hit | None]]] = {
    "firm": _firm,
    "product": _product,
    "certificate": _certificate,
}


def _bears(hit: Hit, text: str) -> bool:
    """Whether what counts about it has the text: what a rival says of it does not find it."""
    needle = text.lower()
    names = (hit.name, hit.more, hit.key)
    numbers = {one.value.uri for one in identify.read(text)}
    return hit.key in numbers or any(needle in name.lower() for name in names)


def _names(store: Store) -> Iterator[tuple[str, str, str]]:
    for kind, fields in NAMED.items():
        for fact in all_facts(store, kind):
            name = " ".join(_texts(fact, fields)).lower()
            if name:
                yield name, kind, fact.key


def _texts(fact: Fact, fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        value = fact.fields.get(field)
        if isinstance(value, str) and value:
            yield value
