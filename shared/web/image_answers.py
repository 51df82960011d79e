"""What is answered about pictures, at both services (A2, I3, N1 to N3)."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.web.answers import IMAGE_ID, MOMENT, Demo, ErrorCode, Facts, Moment, Success
from shared.web.openapi import Responses, file

_CONTENT = f"/api/images/{IMAGE_ID}/content"
_PROMPT = "雨夜的霓虹街头，少女撑伞回头"
_IMAGE: dict[str, Any] = {
    "success": True,
    "id": IMAGE_ID,
    "status": "queued",
    "provider": "jimeng",
    "prompt": _PROMPT,
    "frame": None,
    "config": {"aspectRatio": "16:9", "resolution": "2k"},
    "imageUrl": None,
    "contentUrl": None,
    "error": None,
    "errorCode": None,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "queue": {"position": 2, "eta_seconds": 9},
    "demo": True,
}


class ImageStatus(StrEnum):
    """`queued`: nothing has been paid for; `running`: at the vendor."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Provider(StrEnum):
    """Who paints: Volcengine's Jimeng 4.0, or a RunningHub workflow."""

    JIMENG = "jimeng"
    RUNNINGHUB = "runninghub"


class QueuePosition(BaseModel):
    """Where a queued picture stands."""

    position: int = Field(description="1 is next")
    eta_seconds: int = Field(description="Seconds until it will probably begin")


class Image(Facts, json_schema_extra={"examples": [_IMAGE]}):
    """A picture as it stands. `Retry-After` says when to ask again while it is unfinished."""

    success: Success
    id: str = Field(description="The picture's id, to be compared as a whole")
    status: ImageStatus = Field(description="How it stands")
    provider: Provider = Field(description="Who paints it")
    prompt: str = Field(description="The effective prompt, as it was sent")
    frame: dict[str, Any] | None = Field(description="The frame it was ordered with")
    config: dict[str, Any] | None = Field(description="The options it was ordered with")
    imageUrl: str | None = Field(description="The vendor's link, which dies after a day, or a data URL")
    contentUrl: str | None = Field(description="Our own link, which stays; null while there is no picture")
    error: str | None = Field(description="Why there is no picture; null unless it failed or was canceled")
    errorCode: ErrorCode
    createdAt: Moment
    updatedAt: Moment
    queue: QueuePosition | None = Field(default=None, description="Only while it is queued")
    demo: Demo = False
    cancelRequested: bool = Field(default=False, description="True after a cancel that its vendor cannot honour")
    overdue: bool = Field(default=False, description="True when it takes longer than it should; it is still fetched")


class ImageAccepted(
    BaseModel, json_schema_extra={"examples": [{"success": True, "id": IMAGE_ID, "status": "queued", "demo": True}]}
):
    """An accepted order; `Location` leads to the picture."""

    success: Success
    id: str = Field(description="The picture's id")
    status: Literal["queued"] = Field(description="Always `queued`")
    demo: Demo = False


class PaintedImage(BaseModel):
    """A finished picture."""

    imageUrl: str = Field(description="The vendor's link, which dies after a day, or a data URL")
    taskId: str = Field(description="The picture's id at `/api/images/{id}`")
    prompt: str = Field(description="The effective prompt, as it was sent")
    frame: dict[str, Any] | None = Field(description="The frame it was ordered with")
    contentUrl: str = Field(description="Our own link, which stays")
    demo: Demo = False


_PAINTED = {"imageUrl": "https://…", "taskId": IMAGE_ID, "prompt": _PROMPT, "frame": None, "contentUrl": _CONTENT}


class Painting(
    Facts,
    json_schema_extra={
        "examples": [
            {"success": True, "data": _PAINTED, "error": None},
            {"success": False, "data": None, "error": "图片生成失败: …", "errorCode": "IMAGE_GENERATION_ERROR"},
        ]
    },
):
    """A picture, or why there is none. An unforeseen failure is told with status 200 and `success: false`."""

    success: bool = Field(description="Whether there is a picture")
    data: PaintedImage | None = Field(description="The picture; null without one")
    error: str | None = Field(description="Why there is no picture")
    detail: str | None = Field(default=None, description="As `error`; only with one")
    errorCode: ErrorCode = None
    timestamp: Moment | None = Field(default=None, description="When it failed")
    taskId: str | None = Field(default=None, description="The picture's id; only with an error")


# `Prefer: wait` brings the finished picture where the order alone would be answered.
WAITED: Responses = {200: {"model": Image, "description": "With `Prefer: wait`: the finished picture"}}
CONTENT: Responses = file("The picture", "image/png", "image/jpeg") | {304: {"description": "Unchanged"}}
