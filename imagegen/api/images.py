"""I3 and N1 to N4: pictures, waited for or not."""

import asyncio
import re
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.responses import StreamingResponse

from imagegen.api.schemas import FramePromptFirstRequest, ImageRequest, content_url, image_object
from imagegen.images.order import Order
from imagegen.images.service import ImageService, Picture
from imagegen.wiring import Wiring, wiring_of
from shared.errors import GenerationTimeout, RequestInProgress, ScriptToFrameError
from shared.image_request import IMAGE_ID, JOIN
from shared.tasks.accept import IdempotencyKey
from shared.tasks.model import facts_of
from shared.web import image_answers as described
from shared.web.dependencies import Key, Owner, PreferredWait
from shared.web.disconnect import ClientDisconnected, run_until_disconnect
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors
from shared.wire import Json, iso_time

router = APIRouter(prefix="/api", tags=["images"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]
_MOMENT = re.compile(r"\d{1,11}(\.\d{1,9})?")
_RETRY_AFTER = {"Retry-After": "1"}
_IMAGE_ID = re.compile(r"jimeng_v4_[0-9a-f]{32}")


@router.post(
    "/generate-image", operation_id="generateImage", response_model=described.Painting, responses=errors(400, 408, 409)
)
async def generate_image(
    body: FramePromptFirstRequest,
    request: Request,
    wired: Wired,
    owner: Owner,
    key: Key,
    reply_within: Annotated[float | None, Header(alias="X-Reply-Within", gt=0, allow_inf_nan=False)] = None,
) -> Response:
    """Paint one picture and wait for it (I3)."""
    image_id = await _accepted(request, wired, body, owner, key)
    answer = _painted(wired.service, image_id, reply_within)
    try:
        picture = await run_until_disconnect(request, wired.core.shutdown, answer)
    except ClientDisconnected:
        await wired.service.abandon(image_id)
        return Response(status_code=499)
    except ScriptToFrameError as error:
        error.extras |= {"data": None, "taskId": image_id}
        raise
    return await _painted_reply(wired.service, picture, body.frame)


async def _accepted(
    request: Request, wired: Wiring, body: FramePromptFirstRequest, owner: str, key: IdempotencyKey | None
) -> str:
    proposed, joins = request.headers.get(IMAGE_ID, ""), JOIN in request.headers
    image_id = proposed if _IMAGE_ID.fullmatch(proposed) else ""
    if joins and image_id and await wired.core.tasks.standing(image_id):
        # The order with this id is joined by its key; without that it was dropped when its connection broke.
        image_id = ""
    accepted = await wired.service.accept(body.order(), owner, key, image_id=image_id)
    joins = joins or accepted.created
    if not joins and not (await wired.service.find(accepted.task_id, owner)).finished:
        raise RequestInProgress().retry_after(2)
    return accepted.task_id


async def _painted(service: ImageService, image_id: str, reply_within: float | None) -> Picture:
    """The finished picture. Raises GenerationTimeout when its polls, or the seconds allowed, are used up."""
    try:
        async with asyncio.timeout(reply_within):
            async for event in service.events(image_id):
                if event.name == "overdue":
                    raise GenerationTimeout
    except TimeoutError as error:
        raise GenerationTimeout("图片生成超时，请稍后重试", replyWithin=reply_within) from error
    return await service.find(image_id, None)


async def _painted_reply(service: ImageService, picture: Picture, frame: dict[str, Any] | None) -> Response:
    """`frame` is echoed as it was sent: what is stored of it is bounded."""
    task = picture.task
    if picture.kept is None:
        raise _failure(picture)
    data: dict[str, Any] = {
        "imageUrl": await service.image_url(picture),
        "taskId": task.id,
        "prompt": picture.order.prompt,
        "frame": frame,
        "contentUrl": content_url(task.id),
    }
    return Json({"success": True, "data": data | ({"demo": True} if task.demo else {}), "error": None})


def _failure(picture: Picture) -> ScriptToFrameError:
    task = picture.task
    stored = task.result or {}
    extras = facts_of(stored) | {"data": None, "taskId": task.id, "timestamp": iso_time(task.updated_at)}
    error = ScriptToFrameError(task.error, **extras)
    error.error_code = task.error_code or error.error_code
    error.status = stored.get("http_status", 409)
    return error


@router.post(
    "/images",
    operation_id="createImage",
    status_code=202,
    response_model=described.ImageAccepted,
    responses=described.WAITED | errors(400, 409),
)
async def create_image(
    body: ImageRequest, request: Request, wired: Wired, owner: Owner, key: Key, wait: PreferredWait
) -> Response:
    """Order a picture (N1)."""
    order = _in_turn(body.order(body.provider, batch=request.headers.get("x-batch") == "1"), request)
    registered = await wired.service.accept(order, owner, key, request.headers.get("x-task"))
    image_id = registered.task_id
    location = {"Location": f"/api/images/{image_id}"}
    if wait:
        picture = await _waited(request, wired, image_id, wait)
        if picture.finished:
            return await _object_reply(wired.service, picture, location | _applied(wait))
    accepted: dict[str, Any] = {"success": True, "id": image_id, "status": "queued"}
    picture = await wired.service.find(image_id, owner)
    accepted |= {"demo": True} if picture.task.demo else {}
    return Json(accepted, status_code=202, headers=location | _RETRY_AFTER | _applied(wait))


def _in_turn(order: Order, request: Request) -> Order:
    """A batch's frames keep their order in the queue, however their requests arrive. What is no moment is not read."""
    moment = request.headers.get("x-queued-at", "")
    return replace(order, queued_at=float(moment)) if _MOMENT.fullmatch(moment) else order


@router.get("/images/{image_id}", operation_id="getImage", response_model=described.Image)
async def get_image(image_id: str, request: Request, wired: Wired, owner: Owner, wait: PreferredWait) -> Response:
    """How a picture stands (N2)."""
    picture = await wired.service.find(image_id, owner)
    if wait and not picture.finished:
        picture = await _waited(request, wired, image_id, wait)
    return await _object_reply(wired.service, picture, _applied(wait))


@router.delete("/images/{image_id}", operation_id="cancelImage", response_model=described.Image)
async def cancel_image(image_id: str, wired: Wired, owner: Owner) -> Response:
    """Cancel a picture as far as its vendor allows (N3)."""
    await wired.service.cancel(await wired.service.find(image_id, owner))
    return await _object_reply(wired.service, await wired.service.find(image_id, owner), {})


@router.get(
    "/images/{image_id}/content",
    operation_id="getImageContent",
    response_class=Response,
    responses=described.CONTENT | errors(409),
)
async def get_content(image_id: str, request: Request, wired: Wired, owner: Owner) -> Response:
    """The picture itself (N4)."""
    kept, stream = await wired.service.content(await wired.service.find(image_id, owner))
    headers = {"ETag": f'"{kept["sha256"]}"', "Cache-Control": "private, max-age=31536000, immutable"}
    if _known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers |= {"Content-Length": str(kept["size"]), "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(stream, media_type=kept["content_type"], headers=headers)


def _known(if_none_match: str, etag: str) -> bool:
    """Weak comparison with every tag of the list, as RFC 9110 asks."""
    return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in if_none_match.split(","))


def _applied(wait: int | None) -> dict[str, str]:
    return {"Preference-Applied": f"wait={wait}"} if wait else {}


async def _waited(request: Request, wired: Wiring, image_id: str, seconds: int) -> Picture:
    """The picture as soon as it has ended, at the latest after `seconds`."""

    async def ended() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wired.service.ended(image_id)

    with suppress(ClientDisconnected):
        await run_until_disconnect(request, wired.core.shutdown, ended())
    return await wired.service.find(image_id, None)


async def _object_reply(service: ImageService, picture: Picture, headers: dict[str, str]) -> Response:
    if not picture.finished:
        headers = headers | _RETRY_AFTER
    return Json(image_object(picture, await service.image_url(picture)), headers=headers)
