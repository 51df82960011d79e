"""B1 and B2: a script is written while it is read; and the cancel of whatever streams."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Response

from gateway.api.script_schemas import ScriptRequest
from gateway.screenplay.workflow import first_line
from gateway.wiring import Wiring, wiring_of
from shared.errors import Canceled, TaskNotFound
from shared.tasks.model import Line, LogClosed, Status, ending
from shared.tasks.store import SCRIPT, NewTask, Task
from shared.web.dependencies import Key, Owner
from shared.web.sse import FollowedLog, View
from shared.wire import Json, dump_line

router = APIRouter(prefix="/api/stream", tags=["scripts"])

Wired = Annotated[Wiring, Depends(wiring_of)]
Cancel = Callable[[Wiring, Task], Awaitable[None]]
_CANCELED = "生成已被用户取消"


@router.post("/generate-script", operation_id="generateScript", response_class=Response)
async def generate_script(body: ScriptRequest, wired: Wired, owner: Owner, key: Key) -> Response:
    """Write a script, episode by episode (B1). Leaving stops nothing; B2 does."""
    demo = wired.script_model.check_configured()
    task = NewTask(str(uuid4()), SCRIPT, body.order(), owner, demo, total=body.episodes)
    registered = await wired.core.registry.register(task, key)
    if registered.created:
        wired.core.engine.start_soon(SCRIPT, task.id)
        await wired.core.log.append(first_line(task.id, demo=demo))
    return FollowedLog(wired.core.log.following, View(registered.task_id))


@router.delete("/cancel/{task_id}", operation_id="cancelStream")
async def cancel(task_id: str, wired: Wired, owner: Owner) -> Response:
    """End a task that is being worked on (B2)."""
    task = await wired.core.tasks.find(task_id, owner)
    cancel_task = CANCELS.get(task.kind) if task else None
    unknown = TaskNotFound(f"任务 {task_id} 不在活跃流式生成中")
    if task is None or cancel_task is None:
        raise unknown
    try:
        await cancel_task(wired, task)
    except LogClosed as error:
        raise unknown from error
    return Json({"status": "canceled", "task_id": task.id, "task_type": task.kind})


async def cancel_script(wired: Wiring, task: Task) -> None:
    """Close the log: readers end at once, and the replica that writes closes its connection. Raises LogClosed."""
    data = {"message": _CANCELED} | ({"demo": True} if task.demo else {})
    change = ending(Canceled(_CANCELED), Status.CANCELED)
    await wired.core.log.append(Line(task.id, "canceled", dump_line(data), last=True, change=change))


# How a task is cancelled, by its kind; raises LogClosed when it has its ending already.
CANCELS: dict[str, Cancel] = {SCRIPT: cancel_script}
