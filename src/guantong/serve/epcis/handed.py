"""How does what a firm's own system hands in fare? Its last capture jobs, added up."""

from typing import Final, NamedTuple

from guantong.serve.epcis.spool import Outcome, Spool

JOBS_MAX: Final = 500
"""Jobs of a firm that are added up, the last ones."""
SAID_MAX: Final = 300


class Handed(NamedTuple):
    """What became of the last documents of a firm."""

    party: str
    documents: int = 0
    waiting: int = 0
    """Documents not worked on yet."""
    events: int = 0
    refused: int = 0
    """Documents of which something was refused."""
    taken_ms: int = 0
    """When the last one of which something was taken had been; 0 for never."""
    missing: int = 0
    """Fields that records of that one's events lack, and products without a record."""
    said: str = ""
    """What was wrong with the last document, "" for nothing."""


def handed(spool: Spool, party: str) -> Handed:
    """The last `JOBS_MAX` capture jobs of a party.

    Args:
        spool: The jobs; each is known for thirty days.
        party: Whose.

    Returns:
        Their sum.
    """
    jobs = spool.last(party, limit=JOBS_MAX)
    ended = sorted((job.outcome for job in jobs if job.outcome), key=lambda one: -one.finished_ms)
    taken = next((one for one in ended if one.events), Outcome(success=False, finished_ms=0))
    faults = ended[0].faults if ended else ()
    return Handed(
        party,
        len(jobs),
        len(jobs) - len(ended),
        sum(one.events for one in ended),
        sum(bool(one.faults) for one in ended),
        taken.finished_ms,
        taken.missing,
        str(faults[0])[:SAID_MAX] if faults else "",
    )
