"""Can submissions be stored in the stream that an operator chose? Asked before anything is served."""

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from guantong.serve.stream.engine import broker
from guantong.serve.stream.own import own
from guantong.serve.stream.place import Fault, StreamError
from guantong.settings import Settings

if TYPE_CHECKING:
    from guantong.serve.stream.broker import Broker

WAIT_SECONDS: Final = 5.0
"""Longest wait for servers that may be coming up themselves."""
AGAIN_SECONDS: Final = 0.2


def check_intake(settings: Settings) -> None:
    """Look at the stream, if there is to be one; make it if it is absent.

    Servers that are away are told of, and no reason not to serve: questions need none of them.

    Args:
        settings: The installation; a `StreamError` if the package is absent, or the stream is
            not as it must be.
    """
    if settings.intake:
        engine = broker()
        link = engine.Broker(own(settings).place, settings.intake_replicas)
        asyncio.run(_look(link, settings.intake))


async def _look(link: "Broker", urls: str) -> None:
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await link.connect(urls)
            while not await _is_there(link):
                await asyncio.sleep(AGAIN_SECONDS)
    except TimeoutError:
        sys.stderr.write("guantong: no stream for submissions yet; until then they get 503\n")
        sys.stderr.flush()
    finally:
        await link.close()


async def _is_there(link: "Broker") -> bool:
    """Whether the streams are there, and in order.

    Returns:
        False when nobody can tell now.

    Raises:
        StreamError: if they are not in order.
    """
    try:
        await link.ensure()
    except StreamError as error:
        if error.faults[0].code != Fault.AWAY:
            raise
        return False
    return True
