"""Pictures ordered from imagegen: safe to repeat, because every order carries its Idempotency-Key."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from gateway.imagegen.client import RESTART_PAUSES, Imagegen
from gateway.imagegen.feed import PictureFeeds
from gateway.images import PictureEvent, PictureOrder
from shared.errors import BackendUnavailable, ScriptToFrameError
from shared.tasks.accept import HEADER
from shared.web.auth import on_behalf_of

logger = logging.getLogger(__name__)

_AT_ONCE = 6
# A service that was there a moment ago is being restarted; one that was never there is not running.
_PATIENCE, _PATIENCE_WITH_THE_KNOWN = 4.0, 60.0
_FULL_SECONDS = 2.0


class ImagegenPictures:
    """The Protocol of gateway/images.py."""

    def __init__(self, imagegen: Imagegen, feeds: PictureFeeds) -> None:
        self._imagegen = imagegen
        self._feeds = feeds
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def order(self, order: PictureOrder) -> str:
        """Until imagegen has it: it may have it already, and without its id nobody would find it.

        Raises BackendUnavailable only when it surely never saw the order and is not known to run.
        """
        headers = {HEADER: order.key, "X-Batch": "1", "X-Task": order.parent, "X-Queued-At": f"{order.queued_at:.6f}"}
        headers |= on_behalf_of(order.owner)
        answer = await self._repeated("POST", "/api/images", order.form, headers, endless=order.endless)
        return str(answer["id"])

    def events(self, image_id: str, owner: str) -> AsyncIterator[PictureEvent]:
        return self._feeds.events(image_id, owner)

    async def drop(self, image_ids: list[str], owner: str) -> None:
        await self._repeated("POST", "/internal/images/drop", {"ids": image_ids}, on_behalf_of(owner))

    async def _repeated(
        self, method: str, path: str, body: Any, headers: dict[str, str], *, endless: bool = False
    ) -> dict[str, Any]:
        begun, tries = time.monotonic(), 0
        while True:
            try:
                async with self._room:
                    answer: dict[str, Any] = await self._imagegen.call(method, path, body, headers)
            except ScriptToFrameError as error:
                endless = endless or (error.status >= 500 and not isinstance(error, BackendUnavailable))
                if not self._worth_another_try(error, begun, endless=endless):
                    raise
                pause = _FULL_SECONDS if error.status == 429 else RESTART_PAUSES[min(tries, len(RESTART_PAUSES) - 1)]
                tries += 1
                logger.info("imagegen.again", extra={"reason": error.message, "path": path, "tries": tries})
                await asyncio.sleep(pause)
            else:
                return answer

    def _worth_another_try(self, error: ScriptToFrameError, begun: float, *, endless: bool) -> bool:
        if error.status == 429:
            return True
        if error.status < 500 or error.error_code == "CONFIGURATION_ERROR":
            return False
        if endless:
            return True
        patience = _PATIENCE_WITH_THE_KNOWN if self._imagegen.was_reached(begun) else _PATIENCE
        return time.monotonic() - begun < patience
