"""RunningHub through imagegen, which owns its key, its queue and its results."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Literal

from gateway.imagegen.client import Imagegen
from shared.errors import ScriptToFrameError
from shared.web.auth import on_behalf_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """RunningHub's raw answer. `finished`: it says that the task has its end."""

    raw: Any
    finished: bool
    demo: bool


class RunningHub:
    """Calls to imagegen's internal routes. Raises imagegen's own errors, BackendUnavailable when it is not there."""

    def __init__(self, imagegen: Imagegen) -> None:
        self._imagegen = imagegen

    async def check_configured(self) -> bool:
        """Whether it is the sandbox. Raises ConfigurationError's equal."""
        return bool((await self._imagegen.call("GET", "/internal/runninghub")).get("demo"))

    async def size(self) -> int:
        """How many tasks wait or run, over all requests."""
        return int((await self._imagegen.call("GET", "/internal/runninghub"))["queue_size"])

    async def ask(self, call: Literal["status", "outputs"], vendor_task_id: str, owner: str) -> VendorAnswer:
        """Raises TaskNotFound's equal for an owner who has not bought that task."""
        body = {"task_id": vendor_task_id}
        answer = await self._imagegen.call("POST", f"/internal/runninghub/{call}", body, on_behalf_of(owner))
        return VendorAnswer(answer["raw"], answer["finished"], answer["demo"])

    async def cancel_all(self, parent: str, owner: str) -> dict[str, tuple[str, str]]:
        """Cancel every unfinished picture of the task; by id its status before and after.

        Asked until imagegen has heard it: what is not cancelled goes on being bought.
        """
        while True:
            try:
                answer = await self._imagegen.call(
                    "POST", "/internal/images/cancel", {"parent": parent}, on_behalf_of(owner)
                )
                break
            except ScriptToFrameError as error:
                if error.status < 500:
                    raise
                logger.warning("imagegen.cancel_waits", extra={"task_id": parent, "reason": error.message})
                await asyncio.sleep(1.0)
        return {image_id: (told["before"], told["after"]) for image_id, told in answer["pictures"].items()}
