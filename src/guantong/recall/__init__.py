"""From alert to proof of completion: a recall, its scope as it was fixed, every step of it to its end.

A recall is one entry of the ledger and each step another; what is computed of them (who has answered,
what has moved since, how much is handled) is computed anew each time.
"""

from guantong.recall.fixed import Drift, Fixed, drift_of, fixed_of, is_in, items_of
from guantong.recall.model import (
    MEDIA,
    RECALL,
    STEP,
    STEP_MEDIA,
    Act,
    Counts,
    Fault,
    Kind,
    Recall,
    RecallError,
    Step,
    check_recall,
    check_step,
    parse_recall,
    parse_step,
)
from guantong.recall.origins import Cluster, class_of, clusters, made_between
from guantong.recall.owned import Owned, owned_in
from guantong.recall.progress import Holding, Progress, progress_of, sample_size
from guantong.recall.read import Running, all_recalls, find, recalls_to
from guantong.recall.risk import Risk, risk_of
from guantong.recall.sources import Source, Supplier, Supply, supply_of

__all__ = [
    "MEDIA",
    "RECALL",
    "STEP",
    "STEP_MEDIA",
    "Act",
    "Cluster",
    "Counts",
    "Drift",
    "Fault",
    "Fixed",
    "Holding",
    "Kind",
    "Owned",
    "Progress",
    "Recall",
    "RecallError",
    "Risk",
    "Running",
    "Source",
    "Step",
    "Supplier",
    "Supply",
    "all_recalls",
    "check_recall",
    "check_step",
    "class_of",
    "clusters",
    "drift_of",
    "find",
    "fixed_of",
    "is_in",
    "items_of",
    "made_between",
    "owned_in",
    "parse_recall",
    "parse_step",
    "progress_of",
    "recalls_to",
    "risk_of",
    "sample_size",
    "supply_of",
]
