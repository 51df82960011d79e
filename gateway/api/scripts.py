"""B1 and B2: a script is written while it is read; and the cancel of whatever streams."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field, StrictInt, StrictStr

from gateway.screenplay.workflow import first_line
from gateway.wiring import Wiring, wiring_of
from shared.errors import TaskNotFound
from shared.request_body import RequestBody
from shared.tasks.model import SCRIPT, LogClosed, NewTask
from shared.web.answers import TASK_ID
from shared.web.dependencies import Key, Owner
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors, stream
from shared.web.sse import FollowedLog, View
from shared.wire import Json

router = APIRouter(prefix="/api/stream", tags=["scripts"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]


MOST_EPISODES = 100
_REQUEST = {"genre": "都市悬疑", "duration": "3分钟", "episodes": 8, "characters": ["张明,男,28", "林晚,女,26"]}


class ScriptRequest(RequestBody, json_schema_extra={"examples": [_REQUEST]}):
    """A short drama to write (B1)."""

    genre: StrictStr = Field(description="题材")
    duration: StrictStr = Field(description="每集时长，例如 3分钟、1-3分钟")
    episodes: Annotated[StrictInt, Field(ge=1, le=MOST_EPISODES, description="总集数")]
    characters: list[StrictStr] = Field(description="角色，每个一行，例如 张明,男,28")

    def order(self) -> dict[str, Any]:
        """The request as its task keeps it."""
        return self.model_dump()


class TaskType(StrEnum):
    """What a task does: write a script, draw a script's pictures, analyse a story, draw a storyboard."""

    SCRIPT = "script_generation"
    RUNNINGHUB = "runninghub_processing"
    ANALYSIS = "intelligent_analysis"
    BATCH = "batch_images"


_CANCELED_TASK = {"status": "canceled", "task_id": TASK_ID, "task_type": "script_generation"}


class CanceledTask(BaseModel, json_schema_extra={"examples": [_CANCELED_TASK]}):
    """A task that was ended."""

    status: Literal["canceled"] = Field(description="Always `canceled`")
    task_id: str = Field(description="The task")
    task_type: TaskType = Field(description="What it did")


@router.post(
    "/generate-script",
    operation_id="generateScript",
    response_class=Response,
    responses=stream("ScriptEvent") | errors(409),
)
async def generate_script(body: ScriptRequest, wired: Wired, owner: Owner, key: Key) -> Response:
    """Write a script, episode by episode (B1). Leaving stops nothing; B2 does."""
    demo = wired.script_model.check_configured()
    task = NewTask(str(uuid4()), SCRIPT, body.order(), owner, demo, total=body.episodes)
    accepted = await wired.core.registry.accept(task, key)
    if accepted.created:
        await wired.core.log.append(first_line(task.id, demo=demo))
    return FollowedLog(wired.core.log.following, View(accepted.task_id))


@router.delete("/cancel/{task_id}", operation_id="cancelStream", response_model=CanceledTask)
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
