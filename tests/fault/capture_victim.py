"""Captures documents as fast as it can, telling each acknowledgement on stdout; to be killed."""

import json
import sys
from pathlib import Path

from guantong.caller import OPERATOR
from guantong.serve.intake import Offer
from guantong.serve.world import open_world
from guantong.settings import Settings


def document(number: int, events: int) -> bytes:
    """A document of events on items of its own, so that a half would show."""
    listed = [
        {
            "type": "ObjectEvent",
            "eventID": f"urn:uuid:{number:08d}-0000-4000-8000-{n:012d}",
            "eventTime": "2026-03-02T10:00:00Z",
            "eventTimeZoneOffset": "+08:00",
            "action": "OBSERVE",
            "epcList": [f"https://id.gs1.org/01/06901234567892/21/{number * 1000 + n}"],
        }
        for n in range(events)
    ]
    return json.dumps(
        {
            "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-20T00:00:00Z",
            "epcisBody": {"eventList": listed},
        }
    ).encode()


def main() -> None:
    """Capture documents `first`, `first` + 1 … until killed."""
    data, first = Path(sys.argv[1]), int(sys.argv[2])
    with open_world(Settings(data=data), create=True) as world:
        for number in range(first, first + 100_000):
            receipt = world.submit(Offer(document(number, 1 + number % 20)), OPERATOR)
            sys.stdout.write(f"{number} {receipt.ledger_index}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
