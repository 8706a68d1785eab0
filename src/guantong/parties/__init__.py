"""Who and what: firms, places, products and certificates, with their history.

Everything here is derived from facts in the store; a later fact never erases an earlier one,
so that a question can be asked for any day ("valid on the production day") and for any ledger
size ("as it was known then").
"""

from guantong.parties.authority import speakers_of, weighed
from guantong.parties.certificates import Certificate, Standing, certificates_of, standing_on
from guantong.parties.facts import facts_of
from guantong.parties.filing import Filing, Lack, filing
from guantong.parties.register import Register
from guantong.parties.registry import Firm, Place, Product, firm, place, product

__all__ = [
    "Certificate",
    "Filing",
    "Firm",
    "Lack",
    "Place",
    "Product",
    "Register",
    "Standing",
    "certificates_of",
    "facts_of",
    "filing",
    "firm",
    "place",
    "product",
    "speakers_of",
    "standing_on",
    "weighed",
]
