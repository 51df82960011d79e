"""What the page tells its user about this installation."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from gateway.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError, ScriptToFrameError
from shared.wire import Json

router = APIRouter(prefix="/api", tags=["health"])

KEYS = {
    "deepseek": "DEEPSEEK_API_KEY",
    "claude": "ANTHROPIC_API_KEY",
    "volcengine": "VOLCENGINE_ACCESS_KEY_ID",
    "runninghub": "RUNNINGHUB_API_KEY",
}


@router.get("/meta", operation_id="getMeta")
async def meta(wired: Annotated[Wiring, Depends(wiring_of)]) -> Response:
    """Version, which vendors the sandbox stands in for, and the settings that change it."""
    demo = _own(wired) | await _pictures(wired)
    return Json({"version": wired.settings.next_public_version, "demo": demo, "keys": KEYS})


def _own(wired: Wiring) -> dict[str, bool]:
    demo = {}
    for vendor, access in (("deepseek", wired.settings.deepseek), ("claude", wired.settings.claude)):
        try:
            demo[vendor] = access().demo
        except ConfigurationError:
            demo[vendor] = False
    return demo


async def _pictures(wired: Wiring) -> dict[str, bool]:
    """imagegen knows; where it cannot be asked nothing is claimed."""
    try:
        answer: dict[str, Any] = await wired.imagegen.call("GET", "/internal/demo")
    except ScriptToFrameError:
        return {"volcengine": False, "runninghub": False}
    return {vendor: bool(answer.get(vendor)) for vendor in ("volcengine", "runninghub")}
