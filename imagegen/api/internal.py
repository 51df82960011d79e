"""What only the gateway asks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from imagegen.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError
from shared.wire import Json

router = APIRouter(prefix="/internal", include_in_schema=False)


@router.get("/demo", operation_id="getDemo")
async def demo(wired: Annotated[Wiring, Depends(wiring_of)]) -> Response:
    """Which vendors the sandbox stands in for."""
    answer = {}
    for vendor, access in (("volcengine", wired.settings.volcengine), ("runninghub", wired.settings.runninghub)):
        try:
            answer[vendor] = access().demo
        except ConfigurationError:
            answer[vendor] = False
    return Json(answer)
