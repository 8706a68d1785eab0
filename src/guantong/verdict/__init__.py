"""What do we tell the person who scanned? Puts identify, parties, coding, trace together."""

from guantong.verdict.check import best_known, check
from guantong.verdict.holds import Hold
from guantong.verdict.model import CertificateView, Happened, Outcome, Reason, Verdict

__all__ = [
    "CertificateView",
    "Happened",
    "Hold",
    "Outcome",
    "Reason",
    "Verdict",
    "best_known",
    "check",
]
