"""B1 and B2: a script is written while it is read; and the cancel of whatever streams."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Response

from gateway.api.script_schemas import ScriptRequest
from gateway.screenplay.workflow import first_line
from gateway.wiring import Wiring, wiring_of
from shared.errors import TaskNotFound
from shared.tasks.model import SCRIPT, LogClosed, NewTask
from shared.web.dependencies import Key, Owner
from shared.web.sse import FollowedLog, View
from shared.wire import Json

router = APIRouter(prefix="/api/stream", tags=["scripts"])

Wired = Annotated[Wiring, Depends(wiring_of)]


@router.post("/generate-script", operation_id="generateScript", response_class=Response)
async def generate_script(body: ScriptRequest, wired: Wired, owner: Owner, key: Key) -> Response:
    """Write a script, episode by episode (B1). Leaving stops nothing; B2 does."""
    demo = wired.script_model.check_configured()
    task = NewTask(str(uuid4()), SCRIPT, body.order(), owner, demo, total=body.episodes)
    accepted = await wired.core.registry.accept(task, key)
    if accepted.created:
        await wired.core.log.append(first_line(task.id, demo=demo))
    return FollowedLog(wired.core.log.following, View(accepted.task_id))


@router.delete("/cancel/{task_id}", operation_id="cancelStream")
async def cancel(task_id: str, wired: Wired, owner: Owner) -> Response:
    """End a task that is being worked on (B2)."""
    task = await wired.core.tasks.find(task_id, owner)
    kind = wired.kinds.get(task.kind) if task else None
    unknown = TaskNotFound(f"任务 {task_id} 不在活跃流式生成中")
    if task is None or kind is None or kind.cancel is None:
        raise unknown
    try:
        await kind.cancel(task)
    except LogClosed as error:
        raise unknown from error
    return Json({"status": "canceled", "task_id": task.id, "task_type": task.kind})
