"""A2, and N1 to N4 passed through to imagegen."""

from typing import Annotated
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.schemas import PromptFirstRequest
from gateway.wiring import Wiring, wiring_of
from shared.errors import ScriptToFrameError
from shared.image_request import VendorImageForm, new_image_id
from shared.tasks.accept import HEADER as IDEMPOTENCY_KEY
from shared.tasks.accept import OWN_KEY, checked
from shared.web.auth import on_behalf_of
from shared.web.dependencies import ORIGINAL, GivenKey, Owner, fingerprint_of, preferred_wait
from shared.web.disconnect import ClientDisconnected, run_until_disconnect

router = APIRouter(prefix="/api", tags=["images"])

Wired = Annotated[Wiring, Depends(wiring_of)]
_HANDED_ON = ("prefer", "if-none-match")
# Where imagegen's answer is passed on unread, its errors must be told as the caller wants them.
_NEGOTIATED = ("accept", "accept-language")


def handed_on(request: Request, owner: str) -> dict[str, str]:
    """The headers that imagegen needs to know of."""
    headers = {name: value for name in _HANDED_ON if (value := request.headers.get(name))}
    return headers | on_behalf_of(owner)


def _passed_through(request: Request, owner: str) -> dict[str, str]:
    negotiated = {name: value for name in _NEGOTIATED if (value := request.headers.get(name))}
    return negotiated | handed_on(request, owner)


async def _handed_on_key(request: Request, given: GivenKey = None) -> dict[str, str]:
    """The Idempotency-Key with the fingerprint of what was asked here: imagegen gets another body.

    Without one the order gets one of ours: it is repeated when imagegen restarts, and must buy nothing twice.
    """
    if given is None:
        return {IDEMPOTENCY_KEY: f"{OWN_KEY}{uuid4().hex}"}
    return {IDEMPOTENCY_KEY: checked(given), ORIGINAL: await fingerprint_of(request)}


HandedOnKey = Annotated[dict[str, str], Depends(_handed_on_key)]
# imagegen reads the header; here it is only described.
_WAITS = [Depends(preferred_wait)]
_ORDER = {"required": True, "content": {"application/json": {"schema": VendorImageForm.model_json_schema()}}}


@router.post("/generate-image-python", operation_id="generateImagePython")
@router.post("/generate-image", operation_id="generateImage")
async def generate_image(
    body: PromptFirstRequest, request: Request, wired: Wired, owner: Owner, key: HandedOnKey
) -> Response:
    """Paint one picture and wait for it (A2)."""
    image_id = new_image_id()
    painting = wired.imagegen.paint(body.form(), handed_on(request, owner) | key, image_id)
    try:
        return await run_until_disconnect(request, wired.core.shutdown, painting)
    except ClientDisconnected:
        return Response(status_code=499)
    except ScriptToFrameError as error:
        if wired.core.shutdown.begun:
            error.extras.setdefault("taskId", image_id)
        raise


@router.post(
    "/images",
    operation_id="createImage",
    status_code=202,
    dependencies=_WAITS,
    openapi_extra={"requestBody": _ORDER},
)
async def create_image(request: Request, wired: Wired, owner: Owner, key: HandedOnKey) -> Response:
    """Order a picture (N1)."""
    headers = _passed_through(request, owner) | key
    return await wired.imagegen.forward("POST", "/api/images", await request.body(), headers)


@router.get("/images/{image_id}", operation_id="getImage", dependencies=_WAITS)
async def get_image(image_id: str, request: Request, wired: Wired, owner: Owner) -> Response:
    """How a picture stands (N2)."""
    return await wired.imagegen.forward("GET", _path(image_id), b"", _passed_through(request, owner))


@router.delete("/images/{image_id}", operation_id="cancelImage")
async def cancel_image(image_id: str, request: Request, wired: Wired, owner: Owner) -> Response:
    """Cancel a picture as far as its vendor allows (N3)."""
    return await wired.imagegen.forward("DELETE", _path(image_id), b"", _passed_through(request, owner))


@router.get("/images/{image_id}/content", operation_id="getImageContent")
async def get_content(image_id: str, request: Request, wired: Wired, owner: Owner) -> Response:
    """The picture itself (N4)."""
    path = f"{_path(image_id)}/content"
    return await wired.imagegen.forward("GET", path, b"", _passed_through(request, owner))


def _path(image_id: str) -> str:
    return f"/api/images/{quote(image_id, safe='')}"
