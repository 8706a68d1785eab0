"""Which electric bicycle does a 15-digit vehicle code name?

>>> bike = Ebike.parse("175721508069087")
>>> bike.maker, bike.vehicle, bike.year, bike.serial
('1757', <Vehicle.EBIKE: '2'>, '15', '08069087')
>>> bike.class_uri
'urn:guantong:ebike:1757215'

There is no check digit. Seventeen characters are the code of a motor vehicle (VIN).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.spelling import check_digits_only, check_length, tight, urn


class Vehicle(StrEnum):
    """Fifth digit: what kind of cycle it is."""

    BICYCLE = "1"
    EBIKE = "2"
    PETROL_ASSISTED = "3"


@dataclass(frozen=True, slots=True)
class Ebike:
    """A vehicle: maker (4), kind (1), year (2), serial (8); or all of one maker, kind and year."""

    value: str
    """15 digits; 7 for a class."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code as stamped; blanks, dashes and full-width digits are allowed.

        Returns:
            The vehicle.

        Raises:
            IdentifierError: if it is not 15 digits with 1, 2 or 3 in fifth place.
        """
        return cls._of(tight(text), (15,))

    @classmethod
    def from_value(cls, text: str) -> Self:
        """Read the value of a URI: a vehicle, or a class of seven digits.

        Returns:
            The vehicle or class.

        Raises:
            IdentifierError: as `parse`.
        """
        return cls._of(text, (15, 7))

    @classmethod
    def _of(cls, value: str, lengths: tuple[int, ...]) -> Self:
        check_length(value, lengths, "an e-bike code")
        check_digits_only(value, "an e-bike code")
        if value[4] not in "123":
            raise IdentifierError(
                fault(
                    Fault.COMPONENT,
                    expected="1, 2 or 3 in fifth place",
                    got=f"{value[4]} in {value}",
                )
            )
        return cls(value)

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.EBIKE`."""
        return Scheme.EBIKE

    @property
    def kind(self) -> Kind:
        """`Kind.ITEM`, or `Kind.CLASS` for seven digits."""
        return Kind.ITEM if self.serial else Kind.CLASS

    @property
    def uri(self) -> str:
        """``urn:guantong:ebike:<digits>``."""
        return urn(Scheme.EBIKE, self.value)

    @property
    def class_uri(self) -> str:
        """All vehicles of this maker, kind and year."""
        return urn(Scheme.EBIKE, self.value[:7])

    @property
    def serial(self) -> str:
        """Eight digits; "" for a class."""
        return self.value[7:]

    @property
    def maker(self) -> str:
        """Four digits, given out by the Article Numbering Center of China."""
        return self.value[:4]

    @property
    def vehicle(self) -> Vehicle:
        """What kind of cycle it is."""
        return Vehicle(self.value[4])

    @property
    def year(self) -> str:
        """Last two digits of the year of production."""
        return self.value[5:7]

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whether it is an electric bicycle at all."""
        if self.vehicle is Vehicle.EBIKE:
            return ()
        return (Note("not_electric", "The fifth digit says that it is no electric bicycle."),)
