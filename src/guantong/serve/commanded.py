"""What does the process that started this one tell it? A line to a new writer, or the end."""

import asyncio
import socket

from guantong.serve.line import Line


class Commands:
    """What comes from the process that started this one: a line to a new writer, or the end."""

    def __init__(self, control: socket.socket, line: Line) -> None:
        self._control = control
        self._line = line
        self._connecting: asyncio.Task[None] | None = None
        self.begun = asyncio.Event()
        """There was a first line, or it ends."""
        self.ended = asyncio.Event()

    def listen(self) -> None:
        """Watch from now on."""
        self._control.settimeout(0)
        asyncio.get_running_loop().add_reader(self._control, self._come)

    def _come(self) -> None:
        try:
            said, ends, _, _ = socket.recv_fds(self._control, 1, 1)
        except ConnectionResetError:  # it ended before it had read that this one is ready
            said, ends = b"", []
        if not said:
            asyncio.get_running_loop().remove_reader(self._control)
            self.ended.set()
            self.begun.set()
        for end in ends:
            self._connecting = asyncio.create_task(self._connect(socket.socket(fileno=end)))

    async def _connect(self, end: socket.socket) -> None:
        await self._line.connect(end)
        self.begun.set()
