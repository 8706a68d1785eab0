"""In which form does a client want events: which media type, which edition, which spelling of codes?

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from guantong.capture.json_write import query_document
from guantong.capture.model import Event, MasterItem
from guantong.capture.spellings import Codes, as_kept, as_urn
from guantong.capture.xml_write import (
    URNS,
    WEB,
    Edition,
    Words,
    XmlWriter,
    query_results,
    query_xml,
)
from guantong.errors import fault
from guantong.serve import json_out
from guantong.serve.epcis import protocol
from guantong.serve.epcis.protocol import EpcisError

FORMAT: Final = "GS1-EPC-Format"
CBV_FORMAT: Final = "GS1-CBV-XML-Format"
FORMATS: Final[Mapping[str, Codes]] = {
    "No_Preference": as_kept,
    "Always_GS1_Digital_Link": as_kept,
    "Always_EPC_URN": as_urn,
    "Never_Translates": as_kept,
}
"""How codes are written: as they are kept, which is as Digital Links where there is one, or as URNs."""
CBV_FORMATS: Final[Mapping[str, Words]] = {
    "No_Preference": WEB,
    "Always_Web_URI": WEB,
    "Always_URN": URNS,
    "Never_Translates": WEB,
}
"""How words of the CBV are written in XML."""
T = TypeVar("T")
Told = Sequence[tuple[Event, int]]
"""Events with their record times."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One answer's form."""

    media: str
    edition: Edition
    codes: Codes
    words: Words

    @classmethod
    def of(cls, request: Request) -> Self:
        """What a request asks for.

        Returns:
            The form.

        Raises:
            EpcisError: if it is none that is spoken here.
        """
        media, version = protocol.check_accepts(request, protocol.TYPES)
        codes = _one_of(request, FORMAT, FORMATS)
        words = _one_of(request, CBV_FORMAT, CBV_FORMATS)
        if version != protocol.OLD:
            return cls(media, Edition.V2, codes, words)
        asked_links = request.headers.get(FORMAT, "").startswith(("Always_GS1", "Never"))
        return cls(media, Edition.V1, codes if asked_links else as_urn, URNS)

    def page(
        self,
        told: Told,
        *,
        created_ms: int,
        query: str = "SimpleEventQuery",
        master: Sequence[MasterItem] = (),
        more: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer to a query.

        Args:
            told: Its events.
            created_ms: The present.
            query: Its name.
            master: What is told besides of places, products and parties.
            more: Headers.

        Returns:
            An EPCISQueryDocument.

        Raises:
            CaptureError: if something in an event can not be said in XML.
        """
        if self.media in protocol.JSON:
            said = query_document(
                told, created_ms=created_ms, query=query, codes=self.codes, master=master
            )
            return self._response(json_out.encode(said), more)
        writer = self._writer()
        results = query_results(writer, writer.event_list(told), query=query)
        return self._response(
            query_xml(writer, results, created_ms=created_ms, master=master), more
        )

    def _writer(self) -> XmlWriter:
        return XmlWriter(self.edition, codes=self.codes, words=self.words)

    def _response(self, body: bytes, more: Mapping[str, str] | None) -> Response:
        used = "Always_EPC_URN" if self.codes is as_urn else "Always_GS1_Digital_Link"
        said = protocol.headers() | {FORMAT: used}
        if self.media in protocol.XML:
            said[CBV_FORMAT] = "Always_URN" if self.words is URNS else "Always_Web_URI"
            said["GS1-EPCIS-Version"] = f"{self.edition.value}.0"
        return Response(body, headers=said | dict(more or {}), media_type=self.media)


def _one_of(request: Request, name: str, known: Mapping[str, T]) -> T:
    wanted = request.headers.get(name, "No_Preference")
    if wanted not in known:
        expected = " | ".join(known)
        raise EpcisError(
            fault(protocol.Fault.NOT_ACCEPTABLE, expected=expected, got=wanted[:80], path=name)
        )
    return known[wanted]
