"""What imagegen takes and gives."""

from typing import Any, Literal

from imagegen.images.order import BATCH, INTERACTIVE, Order, effective_prompt
from imagegen.images.service import Picture
from shared.image_request import ImageOrderForm, VendorImageForm, bounded
from shared.tasks.model import Status, facts_of
from shared.web.language import in_callers_language
from shared.wire import iso_time

STATUS = {
    Status.QUEUED: "queued",
    Status.RUNNING: "running",
    Status.COMPLETED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELED: "canceled",
}


class FramePromptFirstRequest(ImageOrderForm):
    """A picture to paint. The effective prompt is `frame.prompt`, else `frame.jimengPrompt`, else `prompt`."""

    def order(self, provider: Literal["jimeng", "runninghub"] = "jimeng", *, batch: bool = False) -> Order:
        prompt = effective_prompt(self.prompt, self.frame)
        frame, config = bounded(self.frame), bounded(self.config)
        return Order(prompt, frame, config, provider, BATCH if batch else INTERACTIVE)


class ImageRequest(FramePromptFirstRequest, VendorImageForm):
    """A picture to paint, at the vendor of your choice. The effective prompt is that of I3."""


def image_object(picture: Picture, image_url: str | None) -> dict[str, Any]:
    """The object of contract §4.2."""
    task, order = picture.task, picture.order
    ended_badly = task.closed and picture.kept is None
    shown: dict[str, Any] = {
        "success": True,
        "id": task.id,
        "status": STATUS[task.status],
        "provider": order.provider,
        "prompt": order.prompt,
        "frame": order.frame,
        "config": order.config,
        "imageUrl": image_url,
        "contentUrl": content_url(task.id) if picture.kept else None,
        "error": task.error if ended_badly else None,
        "errorCode": task.error_code if ended_badly else None,
        "createdAt": iso_time(task.created_at),
        "updatedAt": iso_time(task.updated_at),
    }
    return in_callers_language(shown) | _occasional(picture)


def _occasional(picture: Picture) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if picture.task.error_code:
        shown |= facts_of(picture.task.result or {})
    if picture.place:
        shown["queue"] = {"position": picture.place.position, "eta_seconds": picture.place.eta_seconds}
    if picture.task.demo:
        shown["demo"] = True
    if picture.task.cancel_requested:
        shown["cancelRequested"] = True
    if not picture.finished and picture.task.error_code:
        shown["overdue"] = True
    return shown


def content_url(image_id: str) -> str:
    return f"/api/images/{image_id}/content"
