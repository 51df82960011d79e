"""An answer read ahead and handed over in merged pieces: the first at once, then at most one per MERGE seconds."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from gateway.screenplay.model import Interrupted
from shared.errors import LLMError, Reason

MERGE = 0.04
# After a wait for the model the next read is put off a little: what comes meanwhile then costs one read, not several,
# and 200 streams do not keep the loop busy with one delta each.
PACE = 0.02
_WAITED = 0.001


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a model may take without any sign of life, and without text though it shows that it works."""

    silence: float
    without_text: float

    def exceeded(self, silent: float) -> LLMError:
        """The failure after so many seconds of silence. Whoever thinks that long will do so again: no further try."""
        if silent >= self.silence:
            return Interrupted(f"{self.silence:g}秒内没有收到任何内容", reason=Reason.VENDOR_DOWN)
        return LLMError(f"模型思考了{self.without_text:g}秒，没有写出正文", reason=Reason.NO_TEXT)


class MergedPieces:
    """Made by `merged_pieces`. Reading goes on while a piece is being stored."""

    def __init__(self, pieces: AsyncGenerator[str, None], patience: Patience) -> None:
        self._loop = asyncio.get_running_loop()
        self._held: list[str] = []
        self._news = asyncio.Event()
        self._due = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._heard = self._read_at = self._loop.time()
        self._patience = patience
        self._pump = asyncio.create_task(self._read(pieces))
        self._pump.add_done_callback(lambda _: self._news.set())

    @property
    def ended(self) -> bool:
        """Whether the whole answer has been taken."""
        return self._pump.done() and not self._held and self._pump.exception() is None

    async def take(self) -> str:
        """What has come since the last time; empty at the end. Raises what broke the answer off, after its text."""
        await self._news.wait()
        self._news.clear()
        text = "".join(self._held)
        self._held.clear()
        self._alarm = None
        self._due = self._loop.time() + MERGE
        if self._pump.done():
            self._news.set()
            if not text:
                self._pump.result()
        return text

    async def stop(self) -> None:
        """Closes the connection to the model."""
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        _off(self._alarm)

    async def _read(self, pieces: AsyncGenerator[str, None]) -> None:
        try:
            async with asyncio.timeout(None) as clock, aclosing(pieces):
                self._listen(clock)
                try:
                    await self._read_on(pieces)
                finally:
                    _off(self._watch)
        except TimeoutError as error:
            raise self._patience.exceeded(self._loop.time() - self._heard) from error

    async def _read_on(self, pieces: AsyncGenerator[str, None]) -> None:
        asked = self._loop.time()
        async for piece in pieces:
            self._heard = self._loop.time()
            if piece:
                self._hold(piece)
            if self._heard - asked > _WAITED:
                await asyncio.sleep(PACE)
            asked = self._loop.time()

    def _listen(self, clock: asyncio.Timeout) -> None:
        """Looks again when patience could be over at the earliest: a timer for every piece would cost more."""
        over = min(self._heard + self._patience.silence, self._read_at + self._patience.without_text)
        left = over - self._loop.time()
        if left > 0:
            self._watch = self._loop.call_later(left, self._listen, clock)
        else:
            clock.reschedule(self._loop.time())

    def _hold(self, piece: str) -> None:
        self._read_at = self._heard
        self._held.append(piece)
        if self._alarm is None:
            self._alarm = self._loop.call_at(max(self._due, self._heard), self._news.set)


def _off(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()


@asynccontextmanager
async def merged_pieces(pieces: AsyncGenerator[str, None], patience: Patience) -> AsyncIterator[MergedPieces]:
    """The answer being read. Raises Interrupted or LLMError when patience is over."""
    flow = MergedPieces(pieces, patience)
    try:
        yield flow
    finally:
        await flow.stop()
