"""Where are the provinces, and how many live there? Their capitals, to a tenth of a degree."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Final

EARTH_KM: Final = 6_371.0
KM_MAX: Final = 20_000.0
PEOPLE: Final[Mapping[str, float]] = {
    "11": 22, "12": 14, "13": 74, "14": 35, "15": 24, "21": 42, "22": 24, "23": 31, "31": 25,
    "32": 85, "33": 66, "34": 61, "35": 42, "36": 45, "37": 101, "41": 99, "42": 58, "43": 66,
    "44": 127, "45": 50, "46": 10, "50": 32, "51": 84, "52": 39, "53": 47, "54": 4, "61": 40,
    "62": 25, "63": 6, "64": 7, "65": 26, "71": 23, "81": 7, "82": 1,
}  # fmt: skip
"""Millions of people by province, about 2020."""
CAPITALS: Final[Mapping[str, tuple[float, float]]] = {
    "11": (39.9, 116.4), "12": (39.1, 117.2), "13": (38.0, 114.5), "14": (37.9, 112.5),
    "15": (40.8, 111.7), "21": (41.8, 123.4), "22": (43.9, 125.3), "23": (45.8, 126.5),
    "31": (31.2, 121.5), "32": (32.1, 118.8), "33": (30.3, 120.2), "34": (31.8, 117.2),
    "35": (26.1, 119.3), "36": (28.7, 115.9), "37": (36.7, 117.0), "41": (34.8, 113.6),
    "42": (30.6, 114.3), "43": (28.2, 112.9), "44": (23.1, 113.3), "45": (22.8, 108.4),
    "46": (20.0, 110.3), "50": (29.6, 106.5), "51": (30.7, 104.1), "52": (26.6, 106.7),
    "53": (25.0, 102.7), "54": (29.7, 91.1), "61": (34.3, 108.9), "62": (36.1, 103.8),
    "63": (36.6, 101.8), "64": (38.5, 106.3), "65": (43.8, 87.6), "71": (25.0, 121.5),
    "81": (22.3, 114.2), "82": (22.2, 113.5),
}  # fmt: skip
"""Latitude and longitude."""


@cache
def km_between(one: str, other: str) -> float:
    """The way between two provinces' capitals, as planes fly.

    Args:
        one: First two digits of GB/T 2260.
        other: The same.

    Returns:
        Kilometres.

    >>> round(km_between("11", "31"), -2)
    1100.0
    """
    (lat, lon), (lat_2, lon_2) = CAPITALS[one], CAPITALS[other]
    a, b = math.radians(lat), math.radians(lat_2)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(lon_2 - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))
