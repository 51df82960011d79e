"""B4 to B7: a script's picture prompts at RunningHub."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Response

from gateway.api.runninghub_schemas import ProcessingRequest, VendorTask
from gateway.api.script_schemas import EpisodeChoice, ScriptChoice
from gateway.api.script_texts import finished_parts
from gateway.imagegen.runninghub import VendorAnswer
from gateway.scene_images.workflow import request_cancel
from gateway.wiring import Wiring, wiring_of
from shared.errors import RunningHubError, ScriptToFrameError, TaskNotFound
from shared.tasks.accept import IdempotencyKey
from shared.tasks.model import RUNNINGHUB, LogClosed, NewTask, Task
from shared.web.dependencies import Key, Owner
from shared.web.sse import FollowedLog, View
from shared.wire import Json

router = APIRouter(prefix="/api", tags=["runninghub"])

Wired = Annotated[Wiring, Depends(wiring_of)]
Episode = Annotated[int | None, Query(ge=1)]

_PROCESS = "/stream/process-prompts-with-runninghub"


@router.post(_PROCESS + "/{task_id}", operation_id="processPromptsByPath", response_class=Response)
async def process_by_path(
    task_id: str, wired: Wired, owner: Owner, key: Key, body: EpisodeChoice | None = None, episode: Episode = None
) -> Response:
    """Send a script's picture prompts to RunningHub (B4). Leaving stops nothing; B7 or B2 does."""
    chosen = body.episode if body and body.episode else episode
    return await _process(wired, NewTask("", RUNNINGHUB, {"script_id": task_id, "episode": chosen}, owner), key)


@router.post(_PROCESS, operation_id="processPrompts", response_class=Response)
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


@router.post("/runninghub/task-status", operation_id="getRunningHubStatus")
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


@router.post("/runninghub/task-result", operation_id="getRunningHubResult")
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


@router.post("/runninghub/task-cancel", operation_id="cancelRunningHub")
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
