"""A1: a story becomes a storyboard."""

from dataclasses import asdict
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.api.reading import begun
from gateway.api.schemas import AnalysisRequest
from gateway.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError, ScriptToFrameError
from shared.tasks.model import ANALYSIS, NewTask, Status, Task
from shared.web.dependencies import Key, Owner
from shared.wire import Json, iso_time

router = APIRouter(prefix="/api", tags=["storyboards"])

Wired = Annotated[Wiring, Depends(wiring_of)]
Stream = Annotated[bool, Query(description="SSE instead of JSON")]


@router.post("/intelligent-analyze-script", operation_id="analyzeScript")
async def analyze_script(
    body: AnalysisRequest, request: Request, wired: Wired, owner: Owner, key: Key, stream: Stream = False
) -> Response:
    """Cut a story into frames with picture prompts (A1)."""
    answer = await begun(request, wired, _task(wired, body, owner), key, stream=stream)
    return _reply(answer) if isinstance(answer, Task) else answer


def _task(wired: Wiring, body: AnalysisRequest, owner: str) -> NewTask:
    try:
        demo = wired.deepseek.check_configured()
    except ConfigurationError as error:
        raise ConfigurationError(f"智能分析失败: {error.message}").because_of(error) from error
    return NewTask(str(uuid4()), ANALYSIS, asdict(body.story()), owner, demo, total=4)


def _reply(task: Task) -> Response:
    if task.status is not Status.COMPLETED:
        error = ScriptToFrameError(task.error, **({"timestamp": iso_time(task.updated_at)} | (task.result or {})))
        error.error_code = task.error_code or error.error_code
        raise error
    data = task.result["data"] | ({"demo": True} if task.demo else {})
    return Json({"success": True, "data": data})
