"""R1 to R3: how tasks stand, and their events from any number on."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, Field, RootModel

from gateway.api.batches import BatchItem
from gateway.api.scripts import TaskType
from gateway.api.storyboard_answers import Storyboard
from gateway.wiring import Wiring, wiring_of
from shared.errors import Reason, TaskNotFound
from shared.tasks.model import Task, facts_of
from shared.tasks.store import Selection
from shared.web.answers import MOMENT, TASK_ID, Demo, ErrorCode, Facts, Moment, Success
from shared.web.dependencies import Owner
from shared.web.language import in_callers_language
from shared.web.openapi import stream
from shared.web.sse import FollowedLog, View
from shared.wire import Json, iso_time

router = APIRouter(prefix="/api/stream/tasks", tags=["tasks"])

Wired = Annotated[Wiring, Depends(wiring_of)]
Kind = Literal["script_generation", "runninghub_processing", "intelligent_analysis", "batch_images"]
State = Literal["queued", "running", "paused", "completed", "failed", "canceled"]


_TASK: dict[str, Any] = {
    "task_id": TASK_ID,
    "task_type": "script_generation",
    "status": "running",
    "last_event_id": 42,
    "current": 1,
    "total": 8,
    "message": "正在生成第1集...",
    "error": None,
    "errorCode": None,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}


class Counts(BaseModel):
    """How the frames of a batch ended so far."""

    total: int = Field(description="All frames")
    success: int = Field(description="With a picture")
    failed: int = Field(description="Without one")


class TaskState(Facts):
    """A task as it stands."""

    task_id: str = Field(description="The task's id, to be compared as a whole")
    status: State = Field(description="How it stands; `paused`: it goes on when somebody reads it again")
    last_event_id: int = Field(description="The number of its newest event; 0 before the first")
    current: int | None = Field(description="How many of its parts are done, or which one is being written")
    total: int | None = Field(description="How many parts it has")
    message: str | None = Field(description="What it is doing, for people")
    error: str | None = Field(description="Why it failed or was canceled")
    errorCode: ErrorCode
    created_at: Moment
    updated_at: Moment
    stats: Counts | None = Field(default=None, description="A batch's frames so far")
    demo: Demo = False


class TaskSummary(TaskState):
    """A task without its texts and pictures."""

    task_type: TaskType = Field(description="What it does")


class ScriptPart(BaseModel):
    """A part of a script."""

    episode: int = Field(description="Its number; 0 is the table of characters and the directory")
    content: str = Field(description="Its text")
    is_complete: bool = Field(description="Whether it is whole")


class ScriptTask(TaskState):
    """A script as far as it is written."""

    success: Success
    task_type: Literal["script_generation"] = Field(description="Always `script_generation`")
    full_script: str = Field(description="All whole parts, an empty line between them")
    episodes: list[ScriptPart] = Field(description="All parts, an unfinished one last")


class RunningHubTask(TaskState):
    """A script's pictures through RunningHub; they stand in the events."""

    success: Success
    task_type: Literal["runninghub_processing"] = Field(description="Always `runninghub_processing`")


class AnalysisTask(TaskState):
    """A storyboard once it is there."""

    success: Success
    task_type: Literal["intelligent_analysis"] = Field(description="Always `intelligent_analysis`")
    data: Storyboard | None = Field(default=None, description="The storyboard; absent before the end")


class BatchTask(TaskState):
    """A batch as far as it is drawn."""

    success: Success
    task_type: Literal["batch_images"] = Field(description="Always `batch_images`")
    data: list[BatchItem | None] = Field(description="The frames in their order, null in place of unfinished ones")


AnyTask = Annotated[ScriptTask | RunningHubTask | AnalysisTask | BatchTask, Field(discriminator="task_type")]
_SCRIPT = {"full_script": "剧名：《雨夜来客》…", "episodes": [{"episode": 0, "content": "…", "is_complete": True}]}


class TaskDetails(RootModel[AnyTask], json_schema_extra={"examples": [{"success": True} | _TASK | _SCRIPT]}):
    """A task with what it has made so far; told apart by `task_type`."""


class TaskList(BaseModel, json_schema_extra={"examples": [{"success": True, "tasks": [_TASK], "next": None}]}):
    """A page of tasks, newest first."""

    success: Success
    tasks: list[TaskSummary] = Field(description="The tasks of this page")
    next: str | None = Field(description="The `cursor` of the next page; null at the end")


async def found(wired: Wiring, task_id: str, owner: str) -> Task:
    """The task. Raises TaskNotFound, also for somebody else's."""
    return _known(wired, task_id, await wired.core.tasks.find(task_id, owner))


async def standing(wired: Wiring, task_id: str, owner: str) -> Task:
    """The task without what was asked and made. Raises TaskNotFound, also for somebody else's."""
    return _known(wired, task_id, await wired.core.tasks.standing(task_id, owner))


def _known(wired: Wiring, task_id: str, task: Task | None) -> Task:
    if task is None or task.kind not in wired.kinds:
        raise TaskNotFound(f"未找到任务ID {task_id}")
    return task


def task_object(task: Task, *, paused: bool = False) -> dict[str, Any]:
    """The object of R1, without texts. `paused`: it waits for a reader."""
    shown: dict[str, Any] = {
        "task_id": task.id,
        "task_type": task.kind,
        "status": "paused" if paused else task.status,
        "last_event_id": task.last_event_id,
        "current": task.current,
        "total": task.total,
        "message": task.message,
        "error": task.error,
        "errorCode": task.error_code,
        "created_at": iso_time(task.created_at),
        "updated_at": iso_time(task.updated_at),
    }
    if task.stats:
        shown["stats"] = task.stats
    if paused:
        shown["reason"] = Reason.NO_READER
    if task.error_code:
        shown |= facts_of(task.result or {})
    return in_callers_language(shown) | ({"demo": True} if task.demo else {})


@router.get("", operation_id="listTasks", response_model=TaskList)
async def list_tasks(
    wired: Wired,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
    task_type: Kind | None = None,
    status: State | None = None,
) -> Response:
    """What ran before, newest first (R3)."""
    kinds = (task_type,) if task_type else tuple(wired.kinds)
    unread = tuple(kind.name for kind in wired.kinds.values() if kind.needs_reader) if status == "paused" else ()
    wanted = Selection(kinds, owner, None if unread else status, limit + 1, _position(cursor), unread)
    tasks = await wired.core.tasks.select(wanted)
    following = _cursor(tasks[limit - 1]) if len(tasks) > limit else None
    paused = await _paused(wired, tasks[:limit])
    shown = [task_object(task, paused=task.id in paused) for task in tasks[:limit]]
    return Json({"success": True, "tasks": shown, "next": following})


async def _paused(wired: Wiring, tasks: list[Task]) -> set[str]:
    """Those that go on only while somebody reads them, and that nobody reads."""
    waiting = {task.id for task in tasks if wired.kinds[task.kind].needs_reader and not task.closed}
    return waiting - await wired.core.readers.read(list(waiting)) if waiting else waiting


def _cursor(task: Task) -> str:
    return base64.urlsafe_b64encode(f"{task.created_at.isoformat()}|{task.id}".encode()).decode()


def _position(cursor: str | None) -> tuple[datetime, str] | None:
    """Where a page begins; an unreadable cursor begins at the newest."""
    try:
        moment, _, task_id = base64.urlsafe_b64decode(cursor or "").decode().partition("|")
        return (datetime.fromisoformat(moment), task_id) if task_id and "\x00" not in task_id else None
    except (binascii.Error, ValueError):
        return None


@router.get("/{task_id}", operation_id="getTask", response_model=TaskDetails)
async def get_task(task_id: str, wired: Wired, owner: Owner) -> Response:
    """How a task stands (R1)."""
    task = await found(wired, task_id, owner)
    details = wired.kinds[task.kind].details
    paused = task.id in await _paused(wired, [task])
    return Json({"success": True} | task_object(task, paused=paused) | (await details(task) if details else {}))


@router.get(
    "/{task_id}/events",
    operation_id="followTask",
    response_class=Response,
    responses=stream("TaskEvent") | {204: {"description": "The task has ended and nothing is left to send"}},
)
async def follow_task(
    task_id: str,
    wired: Wired,
    owner: Owner,
    header: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    query: Annotated[str | None, Query(alias="last_event_id")] = None,
) -> Response:
    """A task's events beyond the given number, then live (R2). 204 when nothing is left."""
    task = await standing(wired, task_id, owner)
    after = min(_number(header if header is not None else query), task.last_event_id)
    if task.closed and after >= task.last_event_id:
        return Response(status_code=204)
    needs_reader = wired.kinds[task.kind].needs_reader and not task.closed
    presence = wired.core.readers.joined(task_id) if needs_reader else None
    return FollowedLog(wired.core.log.following, View(task_id, after, presence), location=False)


def _number(given: str | None) -> int:
    """The event id, 0 for anything that is not a number."""
    text = (given or "").strip()
    return int(text[:18]) if text.isascii() and text.isdecimal() else 0
