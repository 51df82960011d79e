"""The probes of every service: the process runs; it can take work."""

from fastapi import APIRouter, Request, Response

from shared.errors import ScriptToFrameError
from shared.tasks.runtime import Core
from shared.web.answers import Alive, Ready
from shared.wire import Json

router = APIRouter(tags=["health"])

# Without notices everything goes on, but only every two seconds.
_LONGEST_DEAF_SECONDS = 5.0


class NotReady(ScriptToFrameError):
    status, error_code = 503, "NOT_READY"


@router.get("/livez", operation_id="getLiveness", response_model=Alive)
async def livez() -> Response:
    """The process runs."""
    return Json({"status": "alive"})


@router.get("/readyz", operation_id="getReadiness", response_model=Ready)
async def readyz(request: Request) -> Response:
    """It can take work: the database answers and it is not leaving."""
    core: Core = request.state.core
    if core.shutdown.begun:
        raise NotReady("服务正在停止").retry_after(5)
    if not await core.database.ready():
        raise NotReady("数据库不可用").retry_after(2)
    if core.notices.deaf_seconds > _LONGEST_DEAF_SECONDS:
        raise NotReady("数据库通知不可用").retry_after(2)
    for obstacle in core.obstacles:
        if error := obstacle():
            raise error.retry_after(5)
    return Json({"status": "ready"})
