"""A response sent in phases at a steady pace, that stops the moment its reader leaves."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults.connection import reset, until_gone

TICK = 0.02


class Ending(Enum):
    COMPLETE = "complete"
    RESET = "reset"
    STALL = "stall"


@dataclass(frozen=True, slots=True)
class Phase:
    """Pieces sent one each `interval` seconds; those of one tick go out together unless `apart`."""

    pieces: list[bytes]
    interval: float = 0
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Broadcast:
    """All that is sent, and how it ends. A stall lasts `stall` seconds (None: until the reader goes)."""

    phases: tuple[Phase, ...]
    ending: Ending = Ending.COMPLETE
    stall: float | None = None


class StreamedResponse(Response):
    """Counts itself in `open_streams` as long as it is being sent."""

    def __init__(
        self,
        broadcast: Broadcast,
        *,
        vendor: str,
        open_streams: Counter[str],
        headers: Mapping[str, str],
        media_type: str,
    ) -> None:
        super().__init__(headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self._broadcast = broadcast
        self._vendor = vendor
        self._open_streams = open_streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(until_gone(receive))
        self._open_streams[self._vendor] += 1
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for phase in self._broadcast.phases:
                await _play(phase, send, gone)
            await self._end(scope, send, gone)
        finally:
            self._open_streams[self._vendor] -= 1
            gone.cancel()

    async def _end(self, scope: Scope, send: Send, gone: asyncio.Future[None]) -> None:
        if self._broadcast.ending is Ending.STALL:
            await asyncio.wait([gone], timeout=self._broadcast.stall)
        if gone.done():
            return
        if self._broadcast.ending is Ending.COMPLETE:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            reset(scope)
            await gone


async def _play(phase: Phase, send: Send, gone: asyncio.Future[None]) -> None:
    size = 1 if phase.apart else max(1, round(TICK / phase.interval)) if phase.interval else 200
    clock = asyncio.get_running_loop().time
    due = clock()
    pieces = iter(phase.pieces)
    while batch := list(islice(pieces, size)):
        if gone.done():
            return
        await send({"type": "http.response.body", "body": b"".join(batch), "more_body": True})
        due += phase.interval * len(batch)
        await _pause(due - clock(), gone)


async def _pause(seconds: float, gone: asyncio.Future[None]) -> None:
    """A plain sleep costs half as much, but only a short one may miss that the reader has left."""
    if seconds > 5 * TICK:
        await asyncio.wait([gone], timeout=seconds)
    else:
        await asyncio.sleep(max(0.0, seconds))


def rechunked(phases: Iterable[Phase], size: int) -> tuple[Phase, ...]:
    """The same bytes in the same time, cut every `size` bytes, through characters too."""
    told = list(phases)
    body = b"".join(piece for phase in told for piece in phase.pieces)
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    duration = sum(len(phase.pieces) * phase.interval for phase in told)
    return (Phase(cut, duration / max(1, len(cut)), apart=True),)
