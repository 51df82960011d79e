"""The line that tells an operator how a task ended."""

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from shared.tasks.context import Work
from shared.tasks.model import IMAGE, Status

logger = logging.getLogger(__name__)


def log_ending(work: Work, tokens: Counter[str]) -> None:
    """`task.ended {seconds, pictures, failed, tokens, reason}`: seconds since it was accepted, tokens of this life."""
    task, ending = work.task, work.ending
    status = ending.change.status if ending else Status.CANCELED
    told: dict[str, Any] = {"task_id": task.id, "kind": task.kind, "status": status}
    told["seconds"] = round((datetime.now(UTC) - task.created_at).total_seconds(), 3)
    data = ending.data if ending else {}
    if task.kind == IMAGE:
        told |= {"pictures": int(status is Status.COMPLETED), "failed": int(status is Status.FAILED)}
    elif isinstance(stats := data.get("stats"), dict):
        told |= {"pictures": stats.get("success"), "failed": stats.get("failed")}
    elif "subtask_completed" in work.said or "task_error" in work.said:
        told |= {"pictures": work.said["subtask_completed"], "failed": work.said["task_error"]}
    if tokens:
        told["tokens"] = dict(tokens)
    if status is not Status.COMPLETED:
        told["reason"] = data.get("reason") or (ending.change.error_code if ending else "CANCELED")
        told["error"] = ending.change.error if ending else None
    logger.log(logging.WARNING if status is Status.FAILED else logging.INFO, "task.ended", extra=told)
