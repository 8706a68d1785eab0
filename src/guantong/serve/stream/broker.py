"""What is said to NATS JetStream, and what is believed of its answers?

What was published is stored when the stream's leader says so, which it does after most of its
replicas have it. It is said again under the same id until then: the stream keeps it once. What
is read comes without a gap; of a consumer that lost something another one is made. A server that
gives no answer, though it is there, may be cut off from the others: another one is asked.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, Self, TypeAlias

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import Error, OutboundBufferLimitError
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServiceUnavailableError

from guantong.errors import fault
from guantong.serve.stream.place import ID, Fault, Message, Place, StreamError

CONNECT_SECONDS: Final = 2
"""Longest wait for one server."""
AGAIN_SECONDS: Final = 0.2
"""Between two attempts, to connect or to publish."""
PING_SECONDS: Final = 2
"""A connection on which two pings in a row are not answered is given up."""
TRY_SECONDS: Final = 2.0
"""Longest wait for one answer; a stream that has lost its leader has another by then, or soon."""
STORE_SECONDS: Final = 12.0
"""So long it is tried to store something."""
TURN_SECONDS: Final = 3.0
"""Before a server that gives no answer is left for another one, again."""
AWAY_SECONDS: Final = 3.0
"""Without a connection for so long, it is not even tried."""
IDLE_SECONDS: Final = 1.0
"""A reader who got nothing for so long looks whether there is something."""
BATCH: Final = 150
"""Messages read at once."""
PART_BYTES: Final = 256 << 10
"""Of a large body, in one message."""
PARTS_AT_ONCE: Final = 8

AT: Final = "Guantong-At"
"""Header with the place of a part in its body."""
READER_SECONDS: Final = 30.0
"""A reader of whom nothing was heard for so long is forgotten."""

_Pull: TypeAlias = JetStreamContext.PullSubscription

_NOT_NOW: Final = (
    TimeoutError,
    NoStreamResponseError,
    ServiceUnavailableError,
    OutboundBufferLimitError,
)


class Link:
    """A connection to NATS, made again for as long as it is wanted."""

    def __init__(self, replicas: int) -> None:
        """Not connected yet.

        Args:
            replicas: How many servers must keep each message.
        """
        self._replicas = replicas
        self._link = Client()
        self._js = JetStreamContext(self._link, timeout=TRY_SECONDS)
        self._away_since = -AWAY_SECONDS
        self._turned_s = 0.0

    async def connect(self, urls: str) -> Self:
        """Connect to one of some servers; waits until one is there."""
        servers = [url.strip() for url in urls.split(",")]
        random.shuffle(servers)  # here, so that the next one is another one
        await self._link.connect(
            servers,
            dont_randomize=True,
            name="guantong",
            error_cb=_quietly,
            disconnected_cb=self._went,
            connect_timeout=CONNECT_SECONDS,
            reconnect_time_wait=AGAIN_SECONDS,  # type: ignore[arg-type]
            max_reconnect_attempts=-1,
            ping_interval=PING_SECONDS,
        )
        return self

    async def close(self) -> None:
        """Hang up."""
        with suppress(Error, OSError):
            await self._link.close()

    async def _went(self) -> None:
        self._away_since = time.monotonic()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Turn what NATS says, or that it says nothing, into our word for it.

        Yields:
            Nothing.

        Raises:
            StreamError: if it does not do what was asked.
        """
        try:
            yield
        except (Error, TimeoutError, OSError) as error:
            if isinstance(error, _NOT_NOW):
                await self._turn()
            got = getattr(error, "description", None) or type(error).__name__
            expected = "a stream that is kept"
            raise StreamError(fault(Fault.AWAY, expected=expected, got=got)) from error

    async def _turn(self) -> None:
        """Go to another server, unless that was done just now."""
        if time.monotonic() - self._turned_s > TURN_SECONDS:
            self._turned_s = time.monotonic()
            await self._link.force_reconnect()

    def _check_there(self) -> None:
        if not self._link.is_connected and time.monotonic() - self._away_since > AWAY_SECONDS:
            raise StreamError(fault(Fault.AWAY, expected="a NATS server", got="none"))

    # Streams

    async def stream(self, name: str, subject: str, *, one_each: bool = False) -> None:
        """Make a stream where it is absent, and look whether it is as it must be.

        Args:
            name: Its name.
            subject: What is stored in it.
            one_each: Of each subject it keeps the last message alone.

        Raises:
            StreamError: if it is not, or nobody answers.
        """
        config = api.StreamConfig(
            name=name,
            subjects=[subject],
            retention=api.RetentionPolicy.LIMITS,
            storage=api.StorageType.FILE,
            discard=api.DiscardPolicy.NEW,
            max_msgs_per_subject=1 if one_each else -1,
            num_replicas=self._replicas,
        )
        async with self._asking():
            self._check(await self._made(config))

    async def _made(self, config: api.StreamConfig) -> api.StreamConfig:
        assert config.name is not None
        try:
            return (await self._js.stream_info(config.name)).config
        except NotFoundError:
            pass
        try:
            return (await self._js.add_stream(config)).config
        except ServiceUnavailableError:
            raise
        except APIError as error:
            expected = f"a stream with {self._replicas} replicas"
            raise _unfit(config.name, expected, error.description) from error

    def _check(self, found: api.StreamConfig) -> None:
        """Refuse a stream in which something could be lost."""
        name, kept = str(found.name), found.num_replicas or 1
        if kept < self._replicas:
            raise _unfit(name, f"{self._replicas} replicas", kept)
        if found.storage is not None and found.storage != api.StorageType.FILE:
            raise _unfit(name, "storage in files", found.storage)
        if found.discard != api.DiscardPolicy.NEW:
            raise _unfit(name, "a stream that refuses when it is full", found.discard)
        if found.max_age:
            raise _unfit(name, "no limit of age", f"{found.max_age:g} s")

    async def store(
        self, stream: str, subject: str, data: bytes, headers: Mapping[str, str]
    ) -> int:
        """Store a message.

        Returns:
            Its sequence in the stream; most replicas have it by now.

        Raises:
            StreamError: if it is not known to be stored: it may be or not, whole.
        """
        until = time.monotonic() + STORE_SECONDS
        async with self._asking():
            while True:
                self._check_there()
                try:
                    ack = await self._js.publish(
                        subject, data, TRY_SECONDS, stream=stream, headers=dict(headers)
                    )
                except _NOT_NOW:
                    if time.monotonic() > until:
                        raise
                    await self._turn()
                else:
                    return ack.seq
                await asyncio.sleep(AGAIN_SECONDS)

    async def last(self, stream: str, subject: str) -> bytes | None:
        """The last message of a subject.

        Returns:
            What it says; None when there is none.

        Raises:
            StreamError: if nobody can tell.
        """
        async with self._asking():
            self._check_there()
            try:
                return (await self._js.get_last_msg(stream, subject)).data or b""
            except NotFoundError:
                return None

    async def purge(self, stream: str, *, below: int | None = None, subject: str = "") -> None:
        """Remove messages from a stream.

        Args:
            stream: Which one.
            below: Those whose sequence is less; all when not told.
            subject: Those of a subject, "" for all.

        Raises:
            StreamError: if it is not known to be done.
        """
        async with self._asking():
            await self._js.purge_stream(stream, seq=below, subject=subject or None)

    async def listen(self, subject: str) -> "Ear":
        """Somebody who hears what is said from now on."""
        async with self._asking():
            return Ear(await self._link.subscribe(subject))


class Ear:
    """Hears what is said under a subject; what is said meanwhile is not lost."""

    def __init__(self, heard: Subscription) -> None:
        self._heard = heard

    async def hear(self, seconds: float) -> bytes | None:
        """The last that was said, once something was; None when nothing was for so long."""
        try:
            heard = await self._heard.next_msg(seconds)
            while self._heard.pending_msgs:
                heard = await self._heard.next_msg(seconds)
        except TimeoutError:
            return None
        return heard.data


class Broker(Link):
    """The submissions of an installation."""

    def __init__(self, place: Place, replicas: int) -> None:
        """Not connected yet.

        Args:
            place: The installation's names there.
            replicas: How many servers must keep each message.
        """
        super().__init__(replicas)
        self.place = place
        self._few = asyncio.Semaphore(PARTS_AT_ONCE)

    async def ensure(self) -> None:
        """Make the streams where they are absent, and look whether they are as they must be.

        Raises a `StreamError` if they are not, or nobody answers.
        """
        await self.stream(self.place.stream, self.place.subject)
        await self.stream(self.place.bodies, f"{self.place.parts}.*")

    # Submissions

    async def publish(self, data: bytes, headers: Mapping[str, str]) -> int:
        """Store a submission.

        Args:
            data: What it is.
            headers: One is `ID`: how the stream knows it when it is said again.

        Returns:
            Its sequence in the stream; most replicas have it by now.

        Raises:
            StreamError: if it is not known to be stored: it may be or not, whole.
        """
        return await self.store(self.place.stream, self.place.subject, data, headers)

    async def batches(self) -> AsyncIterator[list[Message]]:
        """What lies in the stream, from its first message on, in order, without an end.

        Yields:
            Some messages; none when there were none for `IDLE_SECONDS`.

        Raises:
            StreamError: if nobody gives them.
        """
        after = 0
        async with self._asking():
            while True:
                sub = await self._reader(self.place.stream, self.place.subject, after + 1)
                is_new = True
                while (found := _row(await _fetched(sub), after, is_new=is_new)) is not None:
                    is_new = False
                    yield found
                    after = found[-1].sequence if found else after
                    if not found and (last := await self._last()) != after:
                        after = min(after, last)  # less: somebody made the stream anew
                        break
                await _left(sub)

    async def _reader(self, stream: str, subject: str, start: int) -> _Pull:
        """Somebody who reads from a sequence on; what he has been given is his own affair."""
        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            ack_policy=api.AckPolicy.NONE,
            inactive_threshold=READER_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )
        return await self._js.pull_subscribe(subject, stream=stream, config=config)

    async def _last(self) -> int:
        return (await self._js.stream_info(self.place.stream)).state.last_seq

    async def headers_of(self, sequence: int) -> Mapping[str, str] | None:
        """The headers of a submission that still lies there.

        Returns:
            They; None when it does not.

        Raises:
            StreamError: if nobody can tell.
        """
        async with self._asking():
            self._check_there()
            try:
                found = await self._js.get_msg(self.place.stream, seq=sequence)
            except NotFoundError:
                return None
            return found.headers or {}

    async def remove(self, last: int) -> None:
        """Remove the submissions up to one, that one too.

        Raises:
            StreamError: if it is not known to be done.
        """
        await self.purge(self.place.stream, below=last + 1)

    # Bodies

    async def put(self, name: str, body: bytes) -> None:
        """Store what is too large for one message; all of it or nothing.

        Raises:
            StreamError: if it is not known to be stored.
        """
        parts = range(0, len(body), PART_BYTES)
        try:
            await asyncio.gather(
                *(self._put_part(name, at, body[at : at + PART_BYTES]) for at in parts)
            )
        except StreamError:
            with suppress(StreamError):
                await self.drop(name)
            raise

    async def _put_part(self, name: str, at: int, part: bytes) -> None:
        async with self._few:
            headers = {ID: f"{name}-{at}", AT: str(at)}
            await self.store(self.place.bodies, f"{self.place.parts}.{name}", part, headers)

    async def get(self, name: str, size: int) -> bytes:
        """What `put` stored.

        Args:
            name: What it was called.
            size: Its bytes.

        Returns:
            All of it, as far as it is there.

        Raises:
            StreamError: if nobody gives it now.
        """
        subject = f"{self.place.parts}.{name}"
        body, got = bytearray(size), 0
        async with self._asking():
            sub = await self._reader(self.place.bodies, subject, 1)
            try:
                while got < size and (found := await _fetched(sub)):
                    for one in found:
                        at = int(one.headers[AT])
                        body[at : at + len(one.data)] = one.data
                        got += len(one.data)
            finally:
                await _left(sub)
            if got < size and await self._parts_of(name):
                raise StreamError(fault(Fault.AWAY, expected=f"{size} bytes", got=got))
        return bytes(body) if got == size else b""

    async def _parts_of(self, name: str) -> int:
        subject = f"{self.place.parts}.{name}"
        info = await self._js.stream_info(self.place.bodies, subjects_filter=subject)
        return sum((info.state.subjects or {}).values())

    async def drop(self, name: str) -> None:
        """Remove what `put` stored.

        Raises:
            StreamError: if it is not known to be done.
        """
        await self.purge(self.place.bodies, subject=f"{self.place.parts}.{name}")

    async def bodies(self) -> list[str]:
        """What was stored by `put` and not removed yet.

        Returns:
            Names.

        Raises:
            StreamError: if nobody can tell.
        """
        async with self._asking():
            info = await self._js.stream_info(self.place.bodies, subjects_filter=">")
            return [subject.rpartition(".")[2] for subject in info.state.subjects or {}]


def _row(found: list[Message], after: int, *, is_new: bool) -> list[Message] | None:
    """Messages that follow one another.

    Returns:
        They; None when some were lost on the way. A new reader begins at the first that is left:
        what it jumps over, nobody has.
    """
    first = found[0].sequence if found else after + 1
    if first != after + 1 and not is_new:
        return None
    return [one for at, one in enumerate(found) if one.sequence == first + at]


async def _fetched(sub: _Pull) -> list[Message]:
    """What comes next, nothing when nothing came for `IDLE_SECONDS`."""
    try:
        found = await sub.fetch(BATCH, timeout=IDLE_SECONDS)
    except TimeoutError:
        return []
    return [Message(one.metadata.sequence.stream, one.data, one.headers or {}) for one in found]


async def _left(sub: _Pull) -> None:
    with suppress(Error, OSError):
        await sub.unsubscribe()


async def _quietly(error: Exception) -> None:
    """A server that is away is met where something is wanted of it."""


def _unfit(name: str, expected: str, got: object) -> StreamError:
    return StreamError(fault(Fault.STREAM, expected=expected, got=got, path=name))
