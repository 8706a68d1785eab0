"""Which labels did a firm draw for itself? Its templates, each an entry; the last of a name counts."""

import re
from typing import Final

import msgspec

from guantong.coding.issue import CodingError, Fault
from guantong.coding.labels import TEMPLATES, Template
from guantong.errors import fault
from guantong.store import Fact, Store

TEMPLATE: Final = "label_template"
"""Of the facts about templates, by firm."""
TEMPLATE_MEDIA: Final = "application/vnd.guantong.label-template+json"
TEMPLATES_MAX: Final = 30
"""Of one firm."""
NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")


class OwnTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of an entry about a template."""

    firm: str
    template: Template
    ended: bool = False
    """Whether it is offered no more."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(TEMPLATE, self.firm, msgspec.to_builtins(self)),)


def parse_template(body: bytes) -> OwnTemplate:
    """Read the body of an entry about a template."""
    return msgspec.json.decode(body, type=OwnTemplate)


def templates_of(store: Store, firm: str) -> dict[str, Template]:
    """The templates a firm can print with: ours, then its own, by name."""
    told = (msgspec.convert(fact.fields, OwnTemplate) for fact in store.facts(TEMPLATE, (firm,)))
    last = {one.template.name: one for one in told}
    own = {name: one.template for name, one in sorted(last.items()) if not one.ended}
    return {**TEMPLATES, **own}


def check_named(template: Template, known: dict[str, Template]) -> None:
    """Refuse a name that is ours or none, and one template too many.

    Args:
        template: As the firm drew it.
        known: What `templates_of` gives.

    Raises:
        CodingError: if it can not be kept under its name.
    """
    is_many = len({*known, template.name}) > TEMPLATES_MAX + len(TEMPLATES)
    if not NAME.fullmatch(template.name) or template.name in TEMPLATES or is_many:
        expected = f"a name of your own, letters and digits; at most {TEMPLATES_MAX} templates"
        raise CodingError(
            fault(Fault.LABEL, expected=expected, got=template.name[:50], path="name")
        )
