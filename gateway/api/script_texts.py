"""B3 and the downloads: what can be read out of a script that is there."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, StrictInt, StrictStr
from starlette.responses import StreamingResponse

from gateway.screenplay.export import ScriptPart, as_markdown, as_plain_text
from gateway.screenplay.parsing.outline import context_from
from gateway.screenplay.parsing.scene_prompts import render
from gateway.screenplay.store import extracted
from gateway.wiring import Wiring, wiring_of
from shared.errors import ScriptToFrameError, TaskNotFound
from shared.request_body import RequestBody
from shared.tasks.model import SCRIPT, Event, told_of
from shared.web.answers import TASK_ID
from shared.web.dependencies import Owner
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors, file, stream
from shared.web.sse import frame
from shared.wire import dump_line

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api/stream", tags=["scripts"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]
Episode = Annotated[int | None, Query(ge=1, description="One episode; without it all")]
Parts = tuple[ScriptPart, ...]

_EXTRACT = "/extract-scene-prompts"
_EVENTS = stream("ExtractionEvent") | errors(400)
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class EpisodeChoice(RequestBody, json_schema_extra={"examples": [{"episode": 1}]}):
    """Which episode; none means all."""

    episode: Annotated[StrictInt, Field(ge=1)] | None = Field(default=None, description="Its number, from 1")


class ScriptChoice(EpisodeChoice, json_schema_extra={"examples": [{"task_id": TASK_ID, "episode": 1}]}):
    """Which script, and which of its episodes (B3, B4 without an id in the path)."""

    task_id: StrictStr = Field(description="The task that wrote the script")


async def finished_parts(wired: Wiring, task_id: str, owner: str) -> Parts:
    """The whole parts of a script. Raises TaskNotFound when there are none, also for somebody else's."""
    task = await wired.core.tasks.find(task_id, owner)
    parts = await wired.scripts.finished(task.id) if task and task.kind == SCRIPT else ()
    if not parts:
        raise TaskNotFound(f"未找到任务ID {task_id} 的剧本")
    return parts


@router.get(_EXTRACT + "/{task_id}", operation_id="extractScenePrompts", response_class=Response, responses=_EVENTS)
async def extract(task_id: str, wired: Wired, owner: Owner, episode: Episode = None) -> Response:
    """A script's picture prompts (B3)."""
    return _told(task_id, await finished_parts(wired, task_id, owner), episode)


@router.post(
    _EXTRACT + "/{task_id}", operation_id="extractScenePromptsByPath", response_class=Response, responses=_EVENTS
)
async def extract_by_path(
    task_id: str, wired: Wired, owner: Owner, body: EpisodeChoice | None = None, episode: Episode = None
) -> Response:
    """A script's picture prompts (B3); an id in the body is not looked at."""
    chosen = body.episode if body and body.episode else episode
    return _told(task_id, await finished_parts(wired, task_id, owner), chosen)


@router.post(_EXTRACT, operation_id="extractScenePromptsByBody", response_class=Response, responses=_EVENTS)
async def extract_by_body(body: ScriptChoice, wired: Wired, owner: Owner, episode: Episode = None) -> Response:
    """A script's picture prompts (B3)."""
    return _told(body.task_id, await finished_parts(wired, body.task_id, owner), body.episode or episode)


@router.get(
    "/tasks/{task_id}/script.md",
    operation_id="downloadScriptMarkdown",
    response_class=Response,
    responses=file("The finished parts", "text/markdown") | errors(409),
)
async def markdown(task_id: str, wired: Wired, owner: Owner) -> Response:
    """The script as Markdown, as far as its parts are whole."""
    parts = await finished_parts(wired, task_id, owner)
    return _attachment(await asyncio.to_thread(as_markdown, parts), parts, "md", "text/markdown")


@router.get(
    "/tasks/{task_id}/script.txt",
    operation_id="downloadScriptText",
    response_class=Response,
    responses=file("The finished parts", "text/plain") | errors(409),
)
async def plain_text(task_id: str, wired: Wired, owner: Owner) -> Response:
    """The script as plain text, as far as its parts are whole."""
    parts = await finished_parts(wired, task_id, owner)
    return _attachment(await asyncio.to_thread(as_plain_text, parts), parts, "txt", "text/plain")


def _attachment(text: str, parts: Parts, ending: str, media_type: str) -> Response:
    title = context_from(parts[0].content).title.strip("《》") or "剧本"
    named = f"attachment; filename=\"script.{ending}\"; filename*=UTF-8''{quote(title, safe='')}.{ending}"
    return Response(text.encode("utf-8", "replace"), headers={"Content-Disposition": named}, media_type=media_type)


def _told(task_id: str, parts: Parts, episode: int | None) -> Response:
    return StreamingResponse(_frames(task_id, parts, episode), headers=_HEADERS, media_type="text/event-stream")


async def _frames(task_id: str, parts: Parts, episode: int | None) -> AsyncIterator[bytes]:
    yield _frame(1, "status", {"message": "正在提取画面描述词..."})
    try:
        found = await asyncio.to_thread(_contents, parts, episode)
    except Exception:
        logger.exception("extraction.broke", extra={"task_id": task_id})
        error = ScriptToFrameError()
        data = {"message": f"提取画面描述词出错: {error.message}", "errorCode": error.error_code} | told_of(error)
        yield _frame(2, "error", data)
        return
    for number, (name, content) in enumerate(found, 2):
        yield _frame(number, "episode_prompts", {"episode": name, "content": content})
    yield _frame(len(found) + 2, "complete", {"task_id": task_id, "message": "画面描述词提取完成"})


def _contents(parts: Parts, episode: int | None) -> list[tuple[str, str]]:
    episodes = extracted(parts)
    if not episodes:
        return [("1", "未找到画面描述词")]
    chosen = [one for one in episodes if episode in {None, one.episode}]
    if not chosen:
        return [(str(episode), f"未找到第{episode}集的画面描述词")]
    return [(str(one.episode), render(one)) for one in chosen]


def _frame(number: int, name: str, data: dict[str, Any]) -> bytes:
    return frame(Event(number, name, dump_line(data)))
