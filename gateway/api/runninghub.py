"""B4 to B7: a script's picture prompts at RunningHub."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field, StrictStr, model_validator

from gateway.api.script_texts import Episode, EpisodeChoice, ScriptChoice, finished_parts
from gateway.imagegen.runninghub import VendorAnswer
from gateway.scene_images.workflow import request_cancel
from gateway.wiring import Wiring, wiring_of
from shared.errors import MissingParameter, RunningHubError, ScriptToFrameError, TaskNotFound
from shared.request_body import RequestBody
from shared.tasks.accept import IdempotencyKey
from shared.tasks.model import RUNNINGHUB, LogClosed, NewTask, Task
from shared.web.answers import TASK_ID, Demo
from shared.web.dependencies import Key, Owner
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors, stream
from shared.web.sse import FollowedLog, View
from shared.wire import Json

router = APIRouter(prefix="/api", tags=["runninghub"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]

_PROCESS = "/stream/process-prompts-with-runninghub"
_EVENTS = stream("RunningHubEvent") | errors(400, 409)
_NO_NUL = r"^[^\x00]*$"
_VENDOR_TASK = "1920031617669115905"


class VendorTask(RequestBody, json_schema_extra={"examples": [{"task_id": _VENDOR_TASK}]}):
    """A task at RunningHub (B5, B6)."""

    task_id: StrictStr = Field(
        pattern=_NO_NUL, description="RunningHub's id: a string, because as a number it would lose digits"
    )

    @model_validator(mode="before")
    @classmethod
    def _required(cls, values: Any) -> Any:
        if isinstance(values, dict) and (values.get("task_id") is None or values["task_id"] == ""):
            raise MissingParameter("缺少任务ID")
        return values


class ProcessingRequest(RequestBody, json_schema_extra={"examples": [{"request_id": TASK_ID}]}):
    """A running B4 request (B7), by its whole id."""

    request_id: Annotated[StrictStr, Field(min_length=1)] = Field(description="The request's id")


class VendorTaskStatus(
    BaseModel, json_schema_extra={"examples": [{"task_id": _VENDOR_TASK, "status": {"code": 0, "data": "RUNNING"}}]}
):
    """How a task stands at RunningHub."""

    task_id: str = Field(description="RunningHub's id")
    status: dict[str, Any] = Field(description="RunningHub's own answer")
    result: dict[str, Any] | None = Field(default=None, description="RunningHub's outputs, once the task has ended")
    demo: Demo = False


class VendorTaskResult(
    BaseModel, json_schema_extra={"examples": [{"task_id": _VENDOR_TASK, "result": {"code": 0, "data": []}}]}
):
    """What a task at RunningHub made."""

    task_id: str = Field(description="RunningHub's id")
    result: dict[str, Any] = Field(description="RunningHub's own answer")
    demo: Demo = False


_CANCELED = {
    "status": "success",
    "message": "任务取消请求已处理",
    "request_id": TASK_ID,
    "cancelled_runninghub_tasks": 1,
    "updated_tasks": 1,
    "removed_from_queue": 2,
    "tasks_affected": 1,
    "request_ids_notified": 1,
}


class CanceledProcessing(BaseModel, json_schema_extra={"examples": [_CANCELED]}):
    """What a cancel did."""

    status: Literal["success"] = Field(description="Always `success`")
    message: str = Field(description="For people")
    request_id: str = Field(description="The request")
    cancelled_runninghub_tasks: int = Field(description="How many RunningHub has confirmed")
    updated_tasks: int = Field(description="How many pictures were ended")
    removed_from_queue: int = Field(description="How many had not been sent yet")
    tasks_affected: int = Field(description="As `updated_tasks`")
    request_ids_notified: int = Field(description="How many requests were ended")


@router.post(_PROCESS + "/{task_id}", operation_id="processPromptsByPath", response_class=Response, responses=_EVENTS)
async def process_by_path(
    task_id: str, wired: Wired, owner: Owner, key: Key, body: EpisodeChoice | None = None, episode: Episode = None
) -> Response:
    """Send a script's picture prompts to RunningHub (B4). Leaving stops nothing; B7 or B2 does."""
    chosen = body.episode if body and body.episode else episode
    return await _process(wired, NewTask("", RUNNINGHUB, {"script_id": task_id, "episode": chosen}, owner), key)


@router.post(_PROCESS, operation_id="processPrompts", response_class=Response, responses=_EVENTS)
async def process(body: ScriptChoice, wired: Wired, owner: Owner, key: Key, episode: Episode = None) -> Response:
    """Send a script's picture prompts to RunningHub (B4)."""
    request = {"script_id": body.task_id, "episode": body.episode or episode}
    return await _process(wired, NewTask("", RUNNINGHUB, request, owner), key)


async def _process(wired: Wiring, asked: NewTask, key: IdempotencyKey | None) -> Response:
    await finished_parts(wired, asked.request["script_id"], asked.owner)
    demo = await wired.runninghub.check_configured()
    task = NewTask(str(uuid4()), RUNNINGHUB, asked.request, asked.owner, demo)
    accepted = await wired.core.registry.accept(task, key)
    return FollowedLog(wired.core.log.following, View(accepted.task_id))


@router.post(
    "/runninghub/task-status",
    operation_id="getRunningHubStatus",
    response_model=VendorTaskStatus,
    responses=errors(400),
)
async def status(body: VendorTask, wired: Wired, owner: Owner) -> Response:
    """How a task stands at RunningHub, and its outputs once it has ended (B5)."""
    try:
        answer = await wired.runninghub.ask("status", body.task_id, owner)
        told: dict[str, Any] = {"task_id": body.task_id, "status": answer.raw}
        if answer.finished:
            told["result"] = (await wired.runninghub.ask("outputs", body.task_id, owner)).raw
    except ScriptToFrameError as error:
        raise _failed("查询任务状态出错", error) from error
    return Json(told | _demo(answer))


@router.post(
    "/runninghub/task-result",
    operation_id="getRunningHubResult",
    response_model=VendorTaskResult,
    responses=errors(400),
)
async def result(body: VendorTask, wired: Wired, owner: Owner) -> Response:
    """A task's outputs at RunningHub (B6)."""
    try:
        answer = await wired.runninghub.ask("outputs", body.task_id, owner)
    except ScriptToFrameError as error:
        raise _failed("查询任务结果出错", error) from error
    return Json({"task_id": body.task_id, "result": answer.raw} | _demo(answer))


def _failed(what: str, error: ScriptToFrameError) -> ScriptToFrameError:
    if error.error_code in {"CONFIGURATION_ERROR", "BACKEND_UNAVAILABLE", "TASK_NOT_FOUND"}:
        return error
    return RunningHubError(f"{what}: {error.message}").because_of(error)


def _demo(answer: VendorAnswer) -> dict[str, bool]:
    return {"demo": True} if answer.demo else {}


@router.post("/runninghub/task-cancel", operation_id="cancelRunningHub", response_model=CanceledProcessing)
async def cancel(body: ProcessingRequest, wired: Wired, owner: Owner) -> Response:
    """Cancel a whole B4 request: at RunningHub what runs, in the queue what waits (B7)."""
    task = await wired.core.tasks.find(body.request_id, owner)
    unknown = TaskNotFound(f"任务 {body.request_id} 不在活跃流式生成中")
    if task is None or task.kind != RUNNINGHUB:
        raise unknown
    try:
        await request_cancel(wired.core.log, task)
    except LogClosed as error:
        raise unknown from error
    return Json(_counts(await wired.core.tasks.find(task.id) or task))


def _counts(task: Task) -> dict[str, Any]:
    counts = task.result or {}
    updated = counts.get("updated_tasks", 0)
    return {
        "status": "success",
        "message": "任务取消请求已处理",
        "request_id": task.id,
        "cancelled_runninghub_tasks": counts.get("cancelled_runninghub_tasks", 0),
        "updated_tasks": updated,
        "removed_from_queue": counts.get("removed_from_queue", 0),
        "tasks_affected": updated,
        "request_ids_notified": 1,
    }
