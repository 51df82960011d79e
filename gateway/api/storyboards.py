"""A1: a story becomes a storyboard."""

from dataclasses import asdict
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.api.schemas import AnalysisRequest
from gateway.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError, RequestInProgress, ScriptToFrameError
from shared.events import Status
from shared.idempotency import IdempotencyKey, Registered, register
from shared.leaving import ReaderLeft, while_read
from shared.requests import Key, Owner
from shared.sse import FollowedLog, View
from shared.tasks import ANALYSIS, NewTask, Task
from shared.wire import Json, iso_time

router = APIRouter(prefix="/api", tags=["storyboards"])

Wired = Annotated[Wiring, Depends(wiring_of)]
Stream = Annotated[bool, Query(description="SSE instead of JSON")]


@router.post("/intelligent-analyze-script", operation_id="analyzeScript")
async def analyze_script(
    body: AnalysisRequest, request: Request, wired: Wired, owner: Owner, key: Key, stream: Stream = False
) -> Response:
    """Cut a story into frames with picture prompts (A1)."""
    task = _task(wired, body, owner)
    if stream:
        task_id = (await _registered(wired, task, key)).task_id
        return FollowedLog(wired.core.log.following, View(task_id, presence=wired.core.readers.joined(task_id)))
    # Reading before it can be found: a second request with the same key must see the first one's reader.
    async with wired.core.readers.joined(task.id):
        registered = await _registered(wired, task, key)
        if registered.created:
            return await _answer(request, wired, task.id)
    await refuse_second_reader(wired, registered.task_id)
    async with wired.core.readers.joined(registered.task_id):
        return await _answer(request, wired, registered.task_id)


async def _answer(request: Request, wired: Wiring, task_id: str) -> Response:
    try:
        await while_read(request, wired.core.departure, wired.core.log.following.until_last(task_id))
    except ReaderLeft:
        return Response(status_code=499)
    return _reply(await wired.core.tasks.find(task_id))


def _task(wired: Wiring, body: AnalysisRequest, owner: str) -> NewTask:
    try:
        demo = wired.deepseek.check_configured()
    except ConfigurationError as error:
        raise ConfigurationError(f"智能分析失败: {error.message}") from error
    return NewTask(str(uuid4()), ANALYSIS, asdict(body.story()), owner, demo, total=4)


async def _registered(wired: Wiring, task: NewTask, key: IdempotencyKey | None) -> Registered:
    registered = await register(wired.core.database.engine, task, key)
    if registered.created:
        await wired.core.engine.start(ANALYSIS, registered.task_id)
    return registered


async def refuse_second_reader(wired: Wiring, task_id: str) -> None:
    """409 while somebody waits for the same answer; whoever comes after the last reader left goes on."""
    task = await wired.core.tasks.find(task_id)
    if task and not task.closed and await wired.core.readers.present(task_id):
        raise RequestInProgress().retry_after(2)


def _reply(task: Task | None) -> Response:
    if task is None:
        raise ScriptToFrameError
    if task.status is not Status.COMPLETED:
        error = ScriptToFrameError(task.error, **({"timestamp": iso_time(task.updated_at)} | (task.result or {})))
        error.error_code = task.error_code or error.error_code
        raise error
    data = task.result["data"] | ({"demo": True} if task.demo else {})
    return Json({"success": True, "data": data})
