"""What does an entry of a credit release leave in the index?

The writer and a rebuild both ask here, so that both give the same facts.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from guantong.store import Fact

RELEASE: Final = "credit-release"
ANNEX: Final = "credit-annex"
PANEL: Final = "credit-panel"
KINDS: Final = {RELEASE: "credit_release", ANNEX: "credit_annex", PANEL: "credit_panel"}
"""``kind`` of a statement's meta -> kind of the fact it leaves in the index."""


def facts_of(meta: Mapping[str, str | int], body: Callable[[], bytes]) -> tuple[Fact, ...]:
    """The facts of a manifest.

    Args:
        meta: Of its statement.
        body: Gives its bytes; not called for a panel, which may be large.

    Returns:
        One fact for a part of a release, none for any other manifest.
    """
    kind = str(meta.get("kind", ""))
    if kind not in KINDS:
        return ()
    period = str(meta["period"])
    if kind == PANEL:
        fields: dict[str, object] = {"input": meta["input"], "firms": meta["firms"]}
        return (Fact(KINDS[kind], period, fields),)
    key = period if kind == RELEASE else f"{period}/{meta['vintage']}"
    return (Fact(KINDS[kind], key, msgspec.json.decode(body())),)
