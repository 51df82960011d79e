"""A3: all frames of a storyboard become pictures."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field, model_validator
from starlette.responses import StreamingResponse

from gateway.api.bodies import validated
from gateway.api.reading import begun
from gateway.images import content_path
from gateway.wiring import Wiring, wiring_of
from shared.errors import MissingParameter, ScriptToFrameError
from shared.image_request import FrameForm, ImageConfig, bounded
from shared.tasks.model import BATCH, NewTask, Status, Task
from shared.web.answers import IMAGE_ID, MOMENT, Demo, ErrorCode, Facts, Moment, Success
from shared.web.auth import on_behalf_of
from shared.web.dependencies import Key, Owner
from shared.web.json_body import JsonRequest, JsonRoute
from shared.web.openapi import errors, raw_body, stream
from shared.wire import Json, dumps

router = APIRouter(prefix="/api", tags=["storyboards"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]
Stream = Annotated[bool, Query(alias="stream", description="SSE instead of JSON")]
# A storyboard of 100 parts has an end frame besides.
MOST_FRAMES = 101
_REQUEST = {"frames": [{"sequence": 1, "prompt": "雨夜的霓虹街头"}, {"sequence": 2, "prompt": "便利店"}]}
STATS = {"total": 4, "success": 3, "failed": 1, "successRate": 75, "averageTime": 1200}
ITEM: dict[str, Any] = {
    "sequence": 1,
    "imageUrl": "https://…",
    "contentUrl": f"/api/images/{IMAGE_ID}/content",
    "error": None,
    "prompt": "雨夜的霓虹街头",
    "chineseDescription": None,
    "frameType": None,
    "progress": 25,
    "generatedAt": MOMENT,
    "responseTime": 1234,
    "taskId": IMAGE_ID,
}


class BatchRequest(BaseModel, json_schema_extra={"examples": [_REQUEST]}):
    """Frames to paint (A3). A valid frame has a `prompt` or a `jimengPrompt`; the others are skipped."""

    frames: list[FrameForm] = Field(min_length=1, max_length=MOST_FRAMES, description="The frames in their order")
    config: ImageConfig | None = Field(default=None, description="Shape, size and style of all pictures")

    @model_validator(mode="before")
    @classmethod
    def _required(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("frames") in (None, []):
            raise MissingParameter("缺少必要参数: frames")
        return values

    def task_request(self) -> dict[str, Any]:
        """The valid frames without the pictures that they had. Raises MissingParameter when there is none."""
        frames = [
            bounded({name: value for name, value in frame.items() if name != "imageUrl"})
            for frame in self.frames
            if frame.get("prompt") or frame.get("jimengPrompt")
        ]
        if not frames:
            raise MissingParameter("没有找到有效的提示词")
        return {"frames": frames, "config": bounded(self.config)}


class BatchItem(Facts):
    """A frame that is done, well or not."""

    sequence: float | str = Field(description="The frame's own; its position where it had none")
    imageUrl: str | None = Field(description="The vendor's link, or a data URL; null when it failed")
    contentUrl: str | None = Field(default=None, description="The picture from our own storage; null when it failed")
    error: str | None = Field(description="Why there is no picture; null with one")
    prompt: str | None = Field(description="The prompt it was drawn from; null where that was no text")
    chineseDescription: str | None = Field(description="What is to be seen, as it was sent")
    frameType: str | None = Field(description="As it was sent")
    progress: int = Field(description="The share of frames up to this one, 0 to 100")
    generatedAt: Moment
    responseTime: int = Field(description="Milliseconds at the vendor; 0 when it never got there")
    errorCode: ErrorCode = None
    taskId: str | None = Field(description="The picture's id at `/api/images/{id}`")
    demo: Demo = False


class BatchStats(BaseModel):
    """How the frames of a batch ended."""

    total: int = Field(description="All frames")
    success: int = Field(description="With a picture")
    failed: int = Field(description="Without one")
    successRate: int = Field(description="0 to 100")
    averageTime: int = Field(description="Milliseconds")


_BATCH = {"success": True, "data": [ITEM], "stats": STATS, "requestId": 1703456789000, "completedAt": MOMENT}


class BatchAnswer(BaseModel, json_schema_extra={"examples": [_BATCH]}):
    """A finished batch."""

    success: Success
    data: list[BatchItem] = Field(description="The frames in the order in which they were sent")
    stats: BatchStats = Field(description="How they ended")
    requestId: int = Field(description="When it was accepted, in milliseconds since 1970")
    completedAt: Moment


@router.post(
    "/generate-all-images",
    operation_id="generateAllImages",
    response_model=BatchAnswer,
    responses=stream("BatchEvent") | errors(400, 409),
    openapi_extra=raw_body(BatchRequest),
)
async def generate_all_images(
    request: JsonRequest, wired: Wired, owner: Owner, key: Key, streamed: Stream = False
) -> Response:
    """Paint all frames, as many at once as the vendor account allows (A3)."""
    told = await asyncio.to_thread((await validated(request, BatchRequest)).task_request)
    task = NewTask(str(uuid4()), BATCH, told, owner, await _demo(wired), total=len(told["frames"]))
    answer = await begun(request, wired, task, key, stream=streamed)
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
