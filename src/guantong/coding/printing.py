"""Which codes are printed, and what do their labels say beside them?"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from guantong import parties
from guantong.coding.issue import CodeRange, CodingError, Fault, ranges_of
from guantong.errors import fault
from guantong.store import Store


class Printing(NamedTuple):
    """Some codes of one issue."""

    codes: CodeRange
    first: int
    last: int
    words: Mapping[str, str]
    """What the lines of a label may name; see `guantong.coding.labels.WORDS`."""

    def uris(self) -> Iterator[str]:
        """The codes, in order, lazily."""
        return self.codes.codes(self.first, self.last)


def printing_of(store: Store, class_uri: str, first: int, last: int) -> Printing:
    """Serials of a class that were issued, with what is known of the product.

    Args:
        store: Where the facts are.
        class_uri: Canonical URI of the class.
        first: First serial, before it is spread.
        last: Last serial, included.

    Returns:
        What labels are made of.

    Raises:
        CodingError: if the serials were not issued together.
    """
    for codes in ranges_of(store, class_uri):
        if codes.first <= first <= last <= codes.last:
            return Printing(codes, first, last, words_of(store, codes))
    expected, got = "serials that were issued together", f"{first}..{last} of {class_uri}"
    raise CodingError(fault(Fault.RANGE, expected=expected, got=got, path="first"))


def words_of(store: Store, codes: CodeRange) -> Mapping[str, str]:
    """What the lines of labels of a range may name."""
    made = parties.product(store, codes.class_uri)
    firm = parties.firm(store, made.firm) if made is not None and made.firm else None
    return {
        "product": " ".join(filter(None, (made.name, made.model))) if made is not None else "",
        "firm": firm.name if firm is not None else "",
        "lot": codes.lot,
        "day": codes.day,
    }
