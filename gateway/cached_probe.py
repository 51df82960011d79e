"""An outcome kept for a while, so that asking often costs nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from shared.errors import ScriptToFrameError


class CachedProbe:
    """Calling it gives the outcome of `probe()`, at most `seconds` old; concurrent callers share one probe."""

    def __init__(self, probe: Callable[[], Awaitable[None]], seconds: float) -> None:
        self._probe = probe
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._known: tuple[float, ScriptToFrameError | None] | None = None

    async def __call__(self) -> None:
        async with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > self._seconds:
                self._known = (time.monotonic(), await self._outcome())
            error = self._known[1]
        if error is not None:
            raise error

    async def _outcome(self) -> ScriptToFrameError | None:
        try:
            await self._probe()
        except ScriptToFrameError as error:
            return error
        return None
