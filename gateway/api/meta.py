"""What the page tells its user about this installation."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

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


class SandboxUse(BaseModel):
    """By vendor: whether the sandbox stands in for it."""

    deepseek: bool = Field(description="The model that analyses stories")
    claude: bool = Field(description="The model that writes scripts")
    volcengine: bool = Field(description="Jimeng")
    runninghub: bool = Field(description="RunningHub")


class KeySettings(BaseModel):
    """By vendor: the setting that holds its key."""

    deepseek: str = Field(description="For the model that analyses stories")
    claude: str = Field(description="For the model that writes scripts")
    volcengine: str = Field(description="For Jimeng")
    runninghub: str = Field(description="For RunningHub")


_VENDORS = dict.fromkeys(KEYS, True)


class Meta(BaseModel, json_schema_extra={"examples": [{"version": "1.0.0", "demo": _VENDORS, "keys": KEYS}]}):
    """What this installation is."""

    version: str = Field(description="Its version")
    demo: SandboxUse = Field(description="Which vendors the sandbox stands in for")
    keys: KeySettings = Field(description="The settings that change it")


@router.get("/meta", operation_id="getMeta", response_model=Meta)
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
