"""One fact for the whole process: it has been asked to stop."""

import asyncio
from collections.abc import Callable

from shared.errors import BackendUnavailable, ScriptToFrameError


class Shutdown:
    """Begun when this process has been asked to stop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._on_begin: list[Callable[[], None]] = []

    def on_begin(self, act: Callable[[], None]) -> None:
        """Call `act()` as soon as the shutdown begins."""
        self._on_begin.append(act)

    def begin(self) -> None:
        """Once; what comes later changes nothing."""
        if self._event.is_set():
            return
        self._event.set()
        for act in self._on_begin:
            act()

    @property
    def begun(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        await self._event.wait()


def server_restarting() -> ScriptToFrameError:
    """503: this process stops before the answer is there."""
    return BackendUnavailable("服务正在重启，请稍后重试").retry_after(2)
