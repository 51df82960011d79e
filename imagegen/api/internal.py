"""What only the gateway asks: images followed over one connection or dropped in one call, RunningHub's own answers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from imagegen.api.schemas import STATUS
from imagegen.images.service import ImageService, Picture
from imagegen.vendors.runninghub import ACCOUNT
from imagegen.vendors.runninghub_answers import FINISHED, state_of
from imagegen.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError, ImageNotFound, TaskNotFound
from shared.tasks.model import Event
from shared.web.dependencies import Owner
from shared.web.json_body import JsonRoute
from shared.wire import Json, dump_text, dumps, loads

router = APIRouter(prefix="/internal", include_in_schema=False, route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]
MOST_FOLLOWED = 1000
_PING_SECONDS = 10.0


class Followed(BaseModel):
    """Picture ids, and the number of the last event known of each."""

    after: dict[str, int] = Field(max_length=MOST_FOLLOWED)


class Parent(BaseModel):
    """The task whose pictures are meant."""

    parent: str = Field(min_length=1)


class Dropped(BaseModel):
    """Pictures that nobody waits for at the moment."""

    ids: list[str] = Field(max_length=MOST_FOLLOWED)


class VendorTask(BaseModel):
    """A task at RunningHub; ids are strings, never numbers."""

    task_id: str


@router.get("/demo", operation_id="getDemo")
async def demo(wired: Wired) -> Response:
    """Which vendors the sandbox stands in for."""
    answer = {}
    for vendor, access in (("volcengine", wired.settings.volcengine), ("runninghub", wired.settings.runninghub)):
        try:
            answer[vendor] = access().demo
        except ConfigurationError:
            answer[vendor] = False
    return Json(answer)


@router.get("/runninghub", operation_id="describeRunningHub")
async def runninghub(wired: Wired) -> Response:
    """Whether RunningHub is configured (500 if not), and how many tasks wait or run there."""
    demo = wired.runninghub.check_configured()
    return Json({"demo": demo, "queue_size": await wired.slots.size(ACCOUNT)})


@router.post("/runninghub/{call}", operation_id="askRunningHub")
async def ask_runninghub(call: Literal["status", "outputs"], body: VendorTask, wired: Wired, owner: Owner) -> Response:
    """The raw answer; with access closed only about what the owner has bought here."""
    if owner and not await wired.core.tasks.bought(body.task_id, owner):
        raise TaskNotFound(f"未找到任务ID {body.task_id}")
    demo = wired.runninghub.check_configured()
    raw = await wired.runninghub.ask(call, body.task_id)
    return Json({"raw": raw, "finished": call == "status" and state_of(raw) in FINISHED, "demo": demo})


@router.post("/images/events", operation_id="followImages")
async def follow(body: Followed, wired: Wired, owner: Owner) -> Response:
    """One JSON object per line and event, until all pictures have their ending; empty lines in silence."""
    return StreamingResponse(_lines(wired.service, body.after, owner), media_type="application/x-ndjson")


@router.post("/images/drop", operation_id="dropImages")
async def drop(body: Dropped, wired: Wired, owner: Owner) -> Response:
    """Cancel those for which nothing has been paid yet, to be ordered again later."""
    dropped = await asyncio.gather(*(_drop(wired.service, image_id, owner) for image_id in body.ids))
    return Json({"success": True, "dropped": [one for one, gone in zip(body.ids, dropped, strict=True) if gone]})


@router.post("/images/cancel", operation_id="cancelImages")
async def cancel(body: Parent, wired: Wired, owner: Owner) -> Response:
    """Cancel all unfinished pictures of a task, as far as their vendor allows: status before and after, by id."""
    pictures = await wired.service.unfinished(body.parent, owner)
    outcomes = await asyncio.gather(*(_cancel(wired.service, picture) for picture in pictures))
    return Json({"success": True, "pictures": dict(outcomes)})


async def _cancel(service: ImageService, picture: Picture) -> tuple[str, dict[str, str]]:
    await service.cancel(picture)
    after = await service.find(picture.task.id, None)
    return picture.task.id, {"before": STATUS[picture.task.status], "after": STATUS[after.task.status]}


async def _drop(service: ImageService, image_id: str, owner: str) -> bool:
    try:
        await service.find(image_id, owner)
    except ImageNotFound:
        return False
    return await service.drop(image_id, for_now=True)


async def _lines(service: ImageService, after: dict[str, int], owner: str) -> AsyncIterator[bytes]:
    lines: asyncio.Queue[bytes] = asyncio.Queue(MOST_FOLLOWED)
    followers = asyncio.gather(*(_follow(service, image_id, seq, owner, lines) for image_id, seq in after.items()))
    try:
        while not (followers.done() and lines.empty()):
            yield await _next(lines, followers)
    finally:
        followers.cancel()
        await asyncio.gather(followers, return_exceptions=True)


async def _next(lines: asyncio.Queue[bytes], followers: asyncio.Future[Any]) -> bytes:
    """The next line; an empty one in silence, or when there will be no more."""
    waiting = asyncio.ensure_future(lines.get())
    try:
        await asyncio.wait({waiting, followers}, timeout=_PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else b"\n"
    finally:
        waiting.cancel()


async def _follow(service: ImageService, image_id: str, after: int, owner: str, lines: asyncio.Queue[bytes]) -> None:
    try:
        await service.find(image_id, owner)
    except ImageNotFound as error:
        unknown = Event(after + 1, "failed", dump_text({"error": error.message, "errorCode": error.error_code}), True)
        await lines.put(_line(image_id, unknown))
        return
    async for event in service.events(image_id, after):
        await lines.put(_line(image_id, event))


def _line(image_id: str, event: Event) -> bytes:
    told = {"id": image_id, "seq": event.seq, "name": event.name, "data": loads(event.data), "last": event.last}
    return dumps(told) + b"\n"
