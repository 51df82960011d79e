"""A2, and N1 to N4 passed through to imagegen."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from gateway.wiring import Wiring, wiring_of
from shared.errors import ScriptToFrameError
from shared.image_request import ImageOrderForm, VendorImageForm, new_image_id
from shared.tasks.accept import HEADER as IDEMPOTENCY_KEY
from shared.tasks.accept import OWN_KEY, checked
from shared.web import image_answers as described
from shared.web.auth import on_behalf_of
from shared.web.dependencies import ORIGINAL, GivenKey, Owner, fingerprint_of, preferred_wait
from shared.web.disconnect import ClientDisconnected, run_until_disconnect
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors, raw_body

router = APIRouter(prefix="/api", tags=["images"], route_class=JsonRoute)

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
_PAINTED: dict[str, Any] = {"response_model": described.Painting, "responses": errors(400, 408, 409)}


class PromptFirstRequest(ImageOrderForm):
    """A picture to paint (A2). The effective prompt is `prompt`, else `frame.prompt`, else `frame.jimengPrompt`."""

    def form(self) -> dict[str, Any]:
        """What imagegen gets."""
        return {"prompt": self.prompts()[0], "frame": self.frame, "config": self.config}


@router.post("/generate-image-python", operation_id="generateImagePython", **_PAINTED)
@router.post("/generate-image", operation_id="generateImage", **_PAINTED)
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
    response_model=described.ImageAccepted,
    responses=described.WAITED | errors(400, 409),
    openapi_extra=raw_body(VendorImageForm),
)
async def create_image(request: Request, wired: Wired, owner: Owner, key: HandedOnKey) -> Response:
    """Order a picture (N1)."""
    headers = _passed_through(request, owner) | key
    return await wired.imagegen.forward("POST", "/api/images", await request.body(), headers)


@router.get("/images/{image_id}", operation_id="getImage", response_model=described.Image, dependencies=_WAITS)
async def get_image(image_id: str, request: Request, wired: Wired, owner: Owner) -> Response:
    """How a picture stands (N2)."""
    return await wired.imagegen.forward("GET", _path(image_id), b"", _passed_through(request, owner))


@router.delete("/images/{image_id}", operation_id="cancelImage", response_model=described.Image)
async def cancel_image(image_id: str, request: Request, wired: Wired, owner: Owner) -> Response:
    """Cancel a picture as far as its vendor allows (N3)."""
    return await wired.imagegen.forward("DELETE", _path(image_id), b"", _passed_through(request, owner))


@router.get(
    "/images/{image_id}/content",
    operation_id="getImageContent",
    response_class=Response,
    responses=described.CONTENT | errors(409),
)
async def get_content(image_id: str, request: Request, wired: Wired, owner: Owner) -> Response:
    """The picture itself (N4)."""
    path = f"{_path(image_id)}/content"
    return await wired.imagegen.forward("GET", path, b"", _passed_through(request, owner))


def _path(image_id: str) -> str:
    return f"/api/images/{quote(image_id, safe='')}"
