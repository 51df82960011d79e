"""A storyboard as one archive, streamed: pictures, storyboard.json and storyboard.csv."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse
from stream_zip import NO_COMPRESSION_32, AsyncMemberFile, async_stream_zip

from gateway.api.tasks import found
from gateway.storyboard.batch import drawn_so_far
from gateway.storyboard.export import Row, as_csv, as_json, number_of, rows_of
from gateway.wiring import Wiring, wiring_of
from shared.errors import ScriptToFrameError, TaskNotFound
from shared.tasks.model import ANALYSIS, BATCH, Task
from shared.web.auth import BY_TICKET, on_behalf_of
from shared.web.dependencies import Owner
from shared.web.openapi import errors, file

router = APIRouter(prefix="/api/stream/tasks", tags=["tasks"])

Wired = Annotated[Wiring, Depends(wiring_of)]
_ABOUT_IMAGES = "`sequence:image id`, comma-separated; wins over the batch's own pictures. Not read with a ticket"
Chosen = Annotated[str, Query(description=_ABOUT_IMAGES)]
_MODE = 0o644
_MOST_CHOSEN = 200
_MOST_DIGITS = 9
_JPEG = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture with the prompt that it was really drawn from: people edit prompts."""

    data: bytes
    prompt: str


@router.get(
    "/{task_id}/storyboard.zip",
    operation_id="downloadStoryboard",
    response_class=Response,
    responses=file("Frames, prompts and pictures", "application/zip") | errors(409),
)
async def download_storyboard(
    task_id: str, request: Request, wired: Wired, owner: Owner, images: Chosen = ""
) -> Response:
    """The frames of an analysis or a batch with the pictures that are there."""
    task = await found(wired, task_id, owner)
    frames = _frames(task)
    if not frames:
        raise TaskNotFound(f"未找到任务ID {task_id} 的分镜")
    # A ticket is for this task: it opens no other picture of its owner's.
    chosen = {} if request.scope.get(BY_TICKET) else _chosen(images)
    rows = rows_of(frames, await _image_ids(wired, task) | chosen)
    name = quote(f"storyboard-{task.id[:8]}.zip")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    archive = async_stream_zip(_members(wired, task.id, rows, owner))
    return StreamingResponse(archive, media_type="application/zip", headers=headers)


def _frames(task: Task) -> list[dict[str, Any]]:
    if task.kind == BATCH:
        return [frame for frame in task.request.get("frames", []) if isinstance(frame, dict)]
    if task.kind == ANALYSIS and task.result and "data" in task.result:
        return list(task.result["data"]["storyboard_frames"])
    return []


async def _image_ids(wired: Wiring, task: Task) -> dict[int, str]:
    if task.kind != BATCH:
        return {}
    return {
        number_of(item, position): item["taskId"]
        for position, item in enumerate(await drawn_so_far(wired.core.log.following, task), 1)
        if item and item.get("taskId") and not item.get("error")
    }


def _chosen(images: str) -> dict[int, str]:
    pairs = [pair.partition(":") for pair in images.split(",")[:_MOST_CHOSEN]]
    known = [(number, image_id) for number, _, image_id in pairs if number.isdecimal() and len(number) <= _MOST_DIGITS]
    return {int(number): image_id for number, image_id in known if image_id}


async def _members(wired: Wiring, task_id: str, rows: list[Row], owner: str) -> AsyncIterator[AsyncMemberFile]:
    """One picture at a time in memory; the tables come last, because they name what was found."""
    complete: list[Row] = []
    for row in rows:
        drawn = await _drawn(wired, row.image_id, owner) if row.image_id else None
        if drawn is None:
            complete.append(row)
            continue
        picture = f"frames/{row.sequence:03d}.{'jpg' if drawn.data.startswith(_JPEG) else 'png'}"
        complete.append(replace(row, picture=picture, prompt=drawn.prompt or row.prompt))
        yield _member(picture, drawn.data)
    yield _member("storyboard.json", as_json(task_id, complete))
    yield _member("storyboard.csv", as_csv(complete))


async def _drawn(wired: Wiring, image_id: str, owner: str) -> Drawn | None:
    """None where the picture cannot be had: the archive does not end half-way for it."""
    path = f"/api/images/{quote(image_id, safe='')}"
    try:
        _, data = await wired.imagegen.content(f"{path}/content", on_behalf_of(owner))
        record: dict[str, Any] = await wired.imagegen.call("GET", path, headers=on_behalf_of(owner))
    except ScriptToFrameError:
        return None
    return Drawn(data, str(record.get("prompt") or ""))


def _member(name: str, data: bytes) -> AsyncMemberFile:
    async def content() -> AsyncIterator[bytes]:
        yield data

    return name, datetime.fromtimestamp(time.time(), UTC), _MODE, NO_COMPRESSION_32, content()
