"""A3: all frames of a storyboard become pictures."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse

from gateway.api.batch_schemas import BatchRequest
from gateway.api.bodies import validated
from gateway.api.reading import begun
from gateway.images import content_path
from gateway.wiring import Wiring, wiring_of
from shared.errors import ScriptToFrameError
from shared.tasks.model import BATCH, NewTask, Status, Task
from shared.web.auth import on_behalf_of
from shared.web.dependencies import Key, Owner
from shared.wire import Json, dumps

router = APIRouter(prefix="/api", tags=["storyboards"])

Wired = Annotated[Wiring, Depends(wiring_of)]
Stream = Annotated[bool, Query(description="SSE instead of JSON")]
_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": BatchRequest.model_json_schema()}}}
}


@router.post("/generate-all-images", operation_id="generateAllImages", openapi_extra=_BODY)
async def generate_all_images(
    request: Request, wired: Wired, owner: Owner, key: Key, stream: Stream = False
) -> Response:
    """Paint all frames, as many at once as the vendor account allows (A3)."""
    body = await validated(request, BatchRequest)
    told = body.task_request()
    task = NewTask(str(uuid4()), BATCH, told, owner, await _demo(wired), total=len(told["frames"]))
    answer = await begun(request, wired, task, key, stream=stream)
    return _reply(wired, answer) if isinstance(answer, Task) else answer


async def _demo(wired: Wiring) -> bool:
    """Whether the pictures will come from the sandbox. Without imagegen every frame will say so itself."""
    try:
        answer: dict[str, Any] = await wired.imagegen.call("GET", "/internal/demo")
    except ScriptToFrameError:
        return False
    return bool(answer.get("volcengine"))


def _reply(wired: Wiring, task: Task) -> Response:
    if task.status is not Status.COMPLETED:
        error = ScriptToFrameError(task.error, **(task.result or {}))
        error.error_code = task.error_code or error.error_code
        raise error
    document = {"success": True} | task.result
    if any(_in_bytes(item) for item in task.result["data"]):
        return StreamingResponse(_pieces(wired, document, task.owner), media_type="application/json")
    return Json(document)


def _in_bytes(item: dict[str, Any]) -> bool:
    """Whether the vendor sent bytes instead of a link."""
    return bool(item["taskId"]) and item["imageUrl"] == content_path(item["taskId"])


async def _pieces(wired: Wiring, document: dict[str, Any], owner: str) -> AsyncIterator[bytes]:
    """The document with its pictures as data URLs, one picture in memory at a time."""
    yield b'{"success":true,"data":['
    for number, item in enumerate(document["data"]):
        if _in_bytes(item):
            item["imageUrl"] = await _data_url(wired, item["imageUrl"], owner)
        yield (b"," if number else b"") + await asyncio.to_thread(dumps, item)
    rest = {name: value for name, value in document.items() if name not in {"success", "data"}}
    yield b"]," + dumps(rest)[1:]


async def _data_url(wired: Wiring, path: str, owner: str) -> str:
    """The picture itself; its stable link where it cannot be had now."""
    try:
        content_type, data = await wired.imagegen.content(path, on_behalf_of(owner))
    except ScriptToFrameError:
        return path
    return f"data:{content_type};base64,{(await asyncio.to_thread(base64.b64encode, data)).decode()}"
