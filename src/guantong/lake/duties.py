"""Who must file what, as far as facts tell; whether items are recorded, the rows of a lake tell.

The rule is that of `guantong.parties.obliged.standings`; see there.
"""

from collections.abc import Iterator

import numpy as np

from guantong.lake.parquet import Columns
from guantong.parties import obliged
from guantong.store import Store


def duties(store: Store) -> Columns:
    """One row for each duty and product that is filed for it; one without a product where none is.

    Returns:
        Columns: party, category, region, whether it is filed, the product's class, and whether
        codes of that were issued.
    """
    found = [one for duty in obliged.duties(store) for one in _products(duty)]
    return {
        "party": [duty.row.party for duty, *_ in found],
        "category": [duty.row.category for duty, *_ in found],
        "region": [duty.row.place for duty, *_ in found],
        "is_filed": np.array([duty.is_filed for duty, *_ in found], np.bool_),
        "product": [product for _, product, _ in found],
        "is_issued": np.array([issued for *_, issued in found], np.bool_),
    }


def _products(duty: obliged.Duty) -> Iterator[tuple[obliged.Duty, str | None, bool]]:
    if not duty.products:
        yield duty, None, False
    for product, issued in duty.products.items():
        yield duty, product, issued
