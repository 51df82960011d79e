"""The three endings of an image, each written here only."""

import time
from dataclasses import replace
from typing import Any

from shared.errors import Canceled, ImageGenerationError, ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.model import Change, Line, Status, ending, told_of
from shared.wire import dump_line, dump_text


async def succeed(work: Work, kept: dict[str, Any], raw: Any) -> None:
    """`kept`: how the image is stored, and the vendor's link; `raw`: the vendor's own answer."""
    change = Change(status=Status.COMPLETED, result=dump_text(kept | {"raw": raw}))
    data = {"url": kept["url"], "contentType": kept["content_type"], "raw": raw, "at": time.time()}
    await work.end("succeeded", data, change)


async def fail(work: Work, error: ScriptToFrameError) -> None:
    """What is no error of a vendor's or a caller's is told as a failed painting."""
    if type(error) is ScriptToFrameError:
        error = ImageGenerationError(f"图片生成失败: {error.message}").because_of(error)
        error.status = 200
    told = told_of(error)
    result = dump_text({"http_status": error.status} | told | error.extras)
    data = {"error": error.message, "errorCode": error.error_code, "raw": error.extras, "at": time.time()}
    await work.end("failed", data | told, replace(ending(error), result=result))


def canceled(image_id: str, *, only_if: Status | None = None, for_now: bool = False) -> Line:
    """`only_if`: as long as the image has this status. `for_now`: it will be ordered again."""
    change = ending(Canceled(), Status.CANCELED)
    data = dump_line({"error": change.error, "for_now": for_now})
    return Line(image_id, "canceled", data, last=True, only_if=only_if, change=change)
