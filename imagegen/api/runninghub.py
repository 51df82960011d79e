"""Internal: RunningHub's own answers about a vendor task, and its queue. Only the gateway may rely on it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from imagegen.vendors.runninghub import ACCOUNT
from imagegen.vendors.runninghub_answers import FINISHED, state_of
from imagegen.wiring import Wiring, wiring_of
from shared.errors import TaskNotFound
from shared.web.dependencies import Owner
from shared.web.json_body import JsonRoute
from shared.wire import Json

router = APIRouter(prefix="/internal/runninghub", include_in_schema=False, route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]


class VendorTask(BaseModel):
    """A task at RunningHub; ids are strings, never numbers."""

    task_id: str


@router.get("", operation_id="describeRunningHub")
async def describe(wired: Wired) -> Response:
    """Whether RunningHub is configured (500 if not), and how many tasks wait or run there."""
    demo = wired.runninghub.check_configured()
    return Json({"demo": demo, "queue_size": await wired.slots.size(ACCOUNT)})


@router.post("/{call}", operation_id="askRunningHub")
async def ask(call: Literal["status", "outputs"], body: VendorTask, wired: Wired, owner: Owner) -> Response:
    """The raw answer; with access closed only about what the owner has bought here."""
    if owner and not await wired.core.tasks.bought(body.task_id, owner):
        raise TaskNotFound(f"未找到任务ID {body.task_id}")
    demo = wired.runninghub.check_configured()
    raw = await wired.runninghub.ask(call, body.task_id)
    return Json({"raw": raw, "finished": call == "status" and state_of(raw) in FINISHED, "demo": demo})
