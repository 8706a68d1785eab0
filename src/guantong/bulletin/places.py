"""Which provinces, industries and sub-indices does the text name?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from guantong.rules.model import Province, Section
from guantong.rules.ruleset import shipped

SUB_INDICES: Final = ("可靠性", "经营性", "关联性", "财务性", "合规性", "监管性")
_OTHER_NAMES: Final = {
    "农林牧渔业": "A", "批发零售业": "F", "住宿餐饮业": "H", "信息技术业": "I", "科研和技术服务业": "M",
    "教育业": "P", "文化体育和娱乐业": "R", "交通运输仓储和邮政业": "G",
    "电力、热力、燃气及水的生产和供应业": "D", "信息传输、软件和信息技术业": "I",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """One name in the text."""

    start: int
    end: int
    dimension: str
    """``province``, ``industry`` or ``sub-index``."""
    key: str
    """Short name of a province, letter of a section, name of a sub-index."""
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """Names of one dimension that stand in a row: 北京、安徽和江苏."""

    members: tuple[Named, ...]

    @property
    def start(self) -> int:
        """Offset of the first name."""
        return self.members[0].start

    @property
    def end(self) -> int:
        """Offset after the last name."""
        return self.members[-1].end

    @property
    def dimension(self) -> str:
        """That of its members."""
        return self.members[0].dimension

    def __str__(self) -> str:
        """The names, joined as in Chinese."""
        return "、".join(member.name for member in self.members)


@cache
def _names() -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    table = {row.name_zh: ("province", row.name_zh) for row in shipped().rows(Province)}
    table |= {row.name_zh: ("industry", row.key) for row in shipped().rows(Section)}
    table |= {name: ("industry", key) for name, key in _OTHER_NAMES.items()}
    table |= {name: ("sub-index", name) for name in SUB_INDICES}
    # 教育 and the like are words, too: as industries only with what follows them.
    for word in ("教育", "卫生和社会工作", "国际组织"):
        table.pop(word, None)
    found = "|".join(re.escape(name) for name in sorted(table, key=len, reverse=True))
    tail = r"(?:省|市(?!场)|壮族自治区|回族自治区|维吾尔自治区|自治区|分指标)?"
    education = r"(?P<education>(?<=[、，。和与及]|业)(?:教育|卫生和社会工作)(?=[、，和与及]|行业|等|指数|排名|[三四五两]个|位|重|进|首|$))"
    return re.compile(rf"(?P<name>{found}){tail}|{education}"), table


def named(text: str) -> Iterator[Named]:
    """All names in a text, in order."""
    pattern, table = _names()
    for match in pattern.finditer(text):
        if match["education"]:
            key = "P" if match["education"] == "教育" else "Q"
            yield Named(match.start(), match.end(), "industry", key, match["education"])
        else:
            dimension, key = table[match["name"]]
            name = match["name"] + ("分指标" if dimension == "sub-index" else "")
            yield Named(match.start(), match.end(), dimension, key, name)


def groups(text: str) -> list[Group]:
    """The names of a text, those in a row together."""
    found: list[Group] = []
    for name in named(text):
        if found and found[-1].dimension == name.dimension:
            between = text[found[-1].end : name.start]
            if between in {"、", "和", "与", "及", "以及", "，和"}:
                found[-1] = Group((*found[-1].members, name))
                continue
        found.append(Group((name,)))
    return found
