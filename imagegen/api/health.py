"""I1, I2, and the probes of the process."""

import asyncio
import time
from typing import Annotated, Any

import psutil
from fastapi import APIRouter, Depends, Response

from imagegen.vendors.signing import SDK_AVAILABLE
from imagegen.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError
from shared.wire import Json

router = APIRouter(tags=["health"])

_LEAST_FREE_BYTES = 200 * 1024 * 1024
_MOST_MEMORY_PERCENT = 98.0


@router.get("/", operation_id="describeService")
async def describe() -> Response:
    """What this service is (I1)."""
    return Json(
        {
            "service": "ScriptToFrame Image Generation API",
            "version": "1.0.0",
            "sdk_available": SDK_AVAILABLE,
            "endpoints": [
                "POST /api/generate-image - 生成图片",
                "GET /api/health - 健康检查",
                "POST /api/images - 提交图片任务",
                "GET /api/images/{id} - 查询图片任务",
                "DELETE /api/images/{id} - 取消图片任务",
                "GET /api/images/{id}/content - 获取图片内容",
            ],
        }
    )


@router.get("/api/health", operation_id="getHealth")
async def health(wired: Annotated[Wiring, Depends(wiring_of)]) -> Response:
    """Whether pictures can be painted (I2). No vendor is called."""
    dependencies = {
        "volcengine_api": _volcengine(wired),
        "disk_space": _enough(await _free_bytes(wired) > _LEAST_FREE_BYTES, "disk is full"),
        "memory_usage": _enough(psutil.virtual_memory().percent < _MOST_MEMORY_PERCENT, "memory is exhausted"),
    }
    healthy = all(dependency["status"] == "healthy" for dependency in dependencies.values())
    document = {
        "status": "healthy" if healthy else "degraded",
        "service": "Image Generation Backend",
        "sdk_available": SDK_AVAILABLE,
        "timestamp": int(time.time()),
        "dependencies": dependencies,
    }
    return Json(document, status_code=200 if healthy else 503)


async def _free_bytes(wired: Wiring) -> int:
    return (await asyncio.to_thread(psutil.disk_usage, str(wired.settings.data_dir))).free


def _volcengine(wired: Wiring) -> dict[str, Any]:
    if not SDK_AVAILABLE:
        return {"status": "unhealthy", "error": "SDK not available"}
    try:
        demo = wired.settings.volcengine().demo
    except ConfigurationError as error:
        return {"status": "unhealthy", "error": error.message}
    return {"status": "healthy", "sdk_version": "latest"} | ({"demo": True} if demo else {})


def _enough(healthy: bool, otherwise: str) -> dict[str, Any]:
    return {"status": "healthy"} if healthy else {"status": "unhealthy", "error": otherwise}
