"""The cancel of an analysis or a batch: the log is closed, and what is ordered and not yet paid for is taken back."""

import asyncio
import logging
from typing import Any, Protocol

from shared.errors import Canceled, ScriptToFrameError
from shared.tasks.log import EventLog
from shared.tasks.model import Line, Status, Task, ending
from shared.wire import dump_line

logger = logging.getLogger(__name__)

_CANCELED = "任务已被用户取消"
_PATIENCE_SECONDS = 10.0


class Orders(Protocol):
    """Images that were ordered on behalf of a task."""

    async def cancel_all(self, parent: str, owner: str) -> object:
        """Cancel every unfinished one as far as its vendor allows."""


async def cancel(log: EventLog, orders: Orders, task: Task) -> None:
    """Raises LogClosed when the task has its ending. What is paid for is still kept."""
    error = Canceled(_CANCELED)
    event: dict[str, Any] = {"type": "error", "error": _CANCELED, "detail": _CANCELED, "errorCode": error.error_code}
    event |= {"demo": True} if task.demo else {}
    change = ending(error, Status.CANCELED)
    await log.append(Line(task.id, None, dump_line(event), last=True, change=change))
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await orders.cancel_all(task.id, task.owner)
    except (ScriptToFrameError, TimeoutError) as failure:
        # No slot is granted to an image whose task is closed.
        logger.warning("task.orders_not_taken_back", extra={"task_id": task.id, "reason": str(failure)})
