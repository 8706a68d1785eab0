"""Which standard word does this text name, in whichever of its spellings?

The Core Business Vocabulary writes one value as a bare word, a URN or a web URI. Inside, a
value is its bare word; what is no standard word but a URI stays that URI.

>>> STEP.bare("urn:epcglobal:cbv:bizstep:shipping"), STEP.web("shipping")
('shipping', 'https://ref.gs1.org/cbv/BizStep-shipping')

References:
    CBV 2.0, section 7 (standard vocabularies)
"""

from typing import Final

from guantong.capture.faults import CaptureError, Fault
from guantong.errors import Fault as Found
from guantong.errors import fault

CBV: Final = "https://ref.gs1.org/cbv/"
"""Namespace of the vocabulary's web URIs."""
GS1: Final = "https://gs1.org/voc/"
"""Namespace of the GS1 web vocabulary, where measurement types live."""
_OLD: Final = {CBV: "https://ns.gs1.org/cbv/", GS1: "https://www.gs1.org/voc/"}
_CURIE: Final = {CBV: "cbv:", GS1: "gs1:"}


class Vocabulary:
    """One list of standard words with their spellings."""

    __slots__ = ("_known", "_starts", "_urn", "_web", "closed", "name", "words")

    def __init__(self, name: str, web: str, urn: str, words: frozenset[str], *, closed: bool):
        """A list of words.

        Args:
            name: What it is called in a fault.
            web: What stands before a word in its web URI.
            urn: What stands before a word in its URN, "" when there is none.
            words: The bare words.
            closed: Whether another bare word is a fault.
        """
        self.name = name
        self.words = words
        self.closed = closed
        self._web = web
        self._urn = urn
        self._starts = _starts(web, urn)
        self._known = {start + word: word for start in ("", *self._starts) for word in words}

    def bare(self, text: str, path: str = "") -> str:
        """The word a text names.

        Args:
            text: A bare word, URN, web URI, CURIE or any other URI.
            path: Where it stands in the document.

        Returns:
            The bare word; for what is no standard word, its web URI or the URI as it stands.

        Raises:
            CaptureError: if it is neither in the list nor a URI, and the list is closed.
        """
        known = self._known.get(text)
        if known is not None:
            return known
        if ":" not in text and self.closed:
            raise CaptureError(self._unknown(text, path))
        for start in self._starts:
            if text.startswith(start):
                return self._web + text[len(start) :]
        return text

    def _unknown(self, text: str, path: str) -> Found:
        """The fault about a word that is not in the list."""
        expected = f"a word of the {self.name} vocabulary, or a URI"
        return fault(Fault.VOCABULARY, expected=expected, got=text or '""', path=path)

    def web(self, word: str) -> str:
        """The web URI of a value as `bare` gave it; what is a URI already stays."""
        return self._web + word if word in self.words else word

    def urn(self, word: str) -> str:
        """The URN of a value as `bare` gave it; its web URI where the vocabulary has no URNs."""
        return self._urn + word if self._urn and word in self.words else self.web(word)


def _starts(web: str, urn: str) -> tuple[str, ...]:
    """Everything that may stand before a word, the web form first."""
    space = CBV if web.startswith(CBV) else GS1
    kind = web.removeprefix(space)
    found = (web, _OLD[space] + kind, web.replace("https:", "http:"), _CURIE[space] + kind, urn)
    return tuple(start for start in found if start)


def _words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_STEPS: Final = _words("""
    accepting arriving assembling collecting commissioning consigning
    creating_class_instance cycle_counting decommissioning departing destroying
    disassembling dispensing encoding entering_exiting holding inspecting installing killing
    loading other packing picking receiving removing repackaging repairing replacing
    reserving retail_selling sampling sensor_reporting shipping staging_outbound
    stock_taking stocking storing transporting unloading unpacking void_shipping
    """)
_DISPOSITIONS: Final = _words("""
    active available completeness_inferred completeness_verified conformant container_closed
    container_open damaged destroyed dispensed disposed encoded expired in_progress
    in_transit inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement
    no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled
    reserved retail_sold returned sellable_accessible sellable_not_accessible stolen
    unavailable unknown
    """)
_TRANSACTIONS: Final = _words("""
    bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt
    """)
_PARTIES: Final = _words("""
    location owning_party possessing_party
    """)
_REASONS: Final = _words("""
    did_not_occur incorrect_data
    """)
_COMPONENTS: Final = _words("""
    altitude axial_distance azimuth easting elevation_angle height latitude longitude
    northing polar_angle spherical_radius x y z
    """)
_MEASUREMENTS: Final = _words("""
    AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity
    Area Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent
    DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent
    ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency Illuminance
    Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass
    MassConcentration MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute
    MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux RadiantIntensity
    Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed
    SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate
    VolumeFraction VolumetricFlux Wavenumber
    """)
_ALERTS: Final = _words("""
    ALARM_CONDITION ERROR_CONDITION
    """)

STEP: Final = Vocabulary(
    "bizStep", f"{CBV}BizStep-", "urn:epcglobal:cbv:bizstep:", _STEPS, closed=True
)
"""Business steps. References: CBV 2.0, section 7.1."""
DISPOSITION: Final = Vocabulary(
    "disposition", f"{CBV}Disp-", "urn:epcglobal:cbv:disp:", _DISPOSITIONS, closed=True
)
"""Dispositions, persistent ones too. References: CBV 2.0, section 7.2."""
TRANSACTION: Final = Vocabulary(
    "business transaction type",
    f"{CBV}BTT-",
    "urn:epcglobal:cbv:btt:",
    _TRANSACTIONS,
    closed=True,
)
"""Kinds of business document. References: CBV 2.0, section 7.3."""
PARTY: Final = Vocabulary(
    "source or destination type", f"{CBV}SDT-", "urn:epcglobal:cbv:sdt:", _PARTIES, closed=True
)
"""Kinds of source and destination. References: CBV 2.0, section 7.4."""
REASON: Final = Vocabulary(
    "error reason", f"{CBV}ER-", "urn:epcglobal:cbv:er:", _REASONS, closed=True
)
"""Why an event was wrong. References: CBV 2.0, section 7.5."""
COMPONENT: Final = Vocabulary("component", f"{CBV}Comp-", "", _COMPONENTS, closed=False)
"""Axes of a measured vector. References: CBV 2.0, section 7.7."""
MEASUREMENT: Final = Vocabulary("measurement type", GS1, "", _MEASUREMENTS, closed=False)
"""What a sensor measures; open, since the web vocabulary grows between editions."""
ALERT: Final = Vocabulary("sensor alert type", GS1, "", _ALERTS, closed=False)
"""What a sensor may complain of."""
