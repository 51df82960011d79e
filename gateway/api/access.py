"""Tickets for what cannot send a key: EventSource and <img>."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from gateway.api.tasks import standing
from gateway.wiring import Wiring, wiring_of
from shared.errors import ImageNotFound, MissingParameter
from shared.web.answers import TASK_ID, Success
from shared.web.auth import on_behalf_of
from shared.web.dependencies import Owner
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors
from shared.wire import Json

router = APIRouter(prefix="/api", tags=["access"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]


class TicketRequest(BaseModel, json_schema_extra={"examples": [{"task_id": TASK_ID}]}):
    """What is to be read: a task or a picture."""

    task_id: Annotated[str, Field(max_length=200)] | None = Field(default=None, description="The task to read")
    image_id: Annotated[str, Field(max_length=200)] | None = Field(default=None, description="The picture to read")


class Ticket(BaseModel, json_schema_extra={"examples": [{"success": True, "ticket": "Ik…", "expires_in": 600}]}):
    """Permission to read one task or picture, to be sent as `?ticket=`."""

    success: Success
    ticket: str = Field(description="Opaque")
    expires_in: int = Field(description="Seconds that it is good for")


@router.post("/tickets", operation_id="createTicket", response_model=Ticket, responses=errors(400))
async def create_ticket(body: TicketRequest, wired: Wired, owner: Owner) -> Response:
    """A short-lived `?ticket=` that lets whoever bears it read one task or picture."""
    subject = await _subject(body, wired, owner)
    return Json(
        {"success": True, "ticket": wired.tickets.issue(owner, subject), "expires_in": wired.tickets.seconds},
        headers={"Cache-Control": "no-store"},
    )


async def _subject(body: TicketRequest, wired: Wiring, owner: str) -> str:
    if body.task_id:
        return f"task:{(await standing(wired, body.task_id, owner)).id}"
    if not body.image_id:
        raise MissingParameter("缺少必要参数: task_id, image_id")
    content = f"/api/images/{quote(body.image_id, safe='')}/content"
    if await wired.imagegen.status(content, on_behalf_of(owner)) == 404:
        raise ImageNotFound(f"未找到图片 {body.image_id}")
    return f"image:{body.image_id}"
