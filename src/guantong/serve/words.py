"""In which words does a person read it? Every sentence of the outside, in Chinese and English.

The sentences are data (``locale/*.toml``); a test demands both languages of each, and a
sentence for every fault code of every room.

>>> say("home_button", Language.ZH), say("home_button", Language.EN)
('查询', 'Check')
>>> word("step", "shipping", Language.EN)
'Shipped'
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from guantong.errors import Fault

Pair = Mapping[str, str]
"""A sentence by language."""


class Language(StrEnum):
    """The languages of the pages."""

    ZH = "zh"
    EN = "en"

    @property
    def other(self) -> "Language":
        """The one to switch to."""
        return Language.EN if self is Language.ZH else Language.ZH

    @property
    def tag(self) -> str:
        """BCP 47 tag for the page."""
        return "zh-Hans" if self is Language.ZH else "en"


NATIVE: Final = {Language.ZH: "中文", Language.EN: "English"}
"""What a language calls itself."""


@cache
def table(name: str) -> Mapping[str, Mapping[str, object]]:
    """One file of ``locale``, as it stands."""
    text = files("guantong.serve").joinpath("locale", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def sentences() -> Mapping[str, Mapping[str, object]]:
    """The sentences of all pages, by key."""
    return {**table("page"), **table("desk")}


def say(key: str, language: Language, **values: object) -> str:
    """A sentence of the pages, its braces filled in."""
    text = str(sentences()[key][language])
    return text.format_map(values) if values else text


def word(group: str, value: str, language: Language) -> str:
    """A word of a closed list for people; a word nobody listed stands for itself."""
    pair = table("vocabulary").get(group, {}).get(value)
    return str(pair[language]) if isinstance(pair, dict) else value


def region(code: str, language: Language) -> str:
    """The province of a GB/T 2260 code, "" when there is none."""
    found = word("region", code[:2], language)
    return "" if found == code[:2] else found


def sentence(code: str, language: Language) -> str:
    """What a fault code says to a person; the code itself when it is none of ours."""
    room, _, name = code.partition(".")
    pair = table("faults").get(room, {}).get(name)
    return str(pair[language]) if isinstance(pair, dict) else code


def both(fault: Fault) -> Pair:
    """A fault's sentence in both languages."""
    return {language.value: sentence(fault.code, language) for language in Language}


def preferred(accepted: str) -> Language | None:
    """The language an ``Accept-Language`` header likes best.

    Returns:
        One of ours, None when it names none of them.

    References:
        RFC 9110, section 12.5.4
    """
    weighed: list[tuple[float, int, Language]] = []
    for position, part in enumerate(accepted.split(",")[:20]):
        tag, _, rest = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        liked = weight(rest)
        if language in set(Language) and liked > 0:
            weighed.append((-liked, position, Language(language)))
    return min(weighed)[2] if weighed else None


def weight(parameters: str) -> float:
    """The ``q`` of what a header accepts: 1 when it is not given, 0 when it is no weight."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                given = float(value)
            except ValueError:
                return 0.0
            return given if 0 <= given <= 1 else 0.0
    return 1.0
