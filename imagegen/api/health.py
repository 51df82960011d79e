"""I1, I2, and the probes of the process."""

import asyncio
import time
from typing import Annotated, Any, Literal

import psutil
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from imagegen.images.storage_gate import LEAST_FREE_BYTES
from imagegen.vendors.signing import SDK_AVAILABLE
from imagegen.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError
from shared.web.answers import Dependency, HealthStatus
from shared.wire import Json

router = APIRouter(tags=["health"])

_MOST_MEMORY_PERCENT = 98.0


_SERVICE = {
    "service": "ScriptToFrame Image Generation API",
    "version": "1.0.0",
    "sdk_available": True,
    "endpoints": ["POST /api/generate-image - 生成图片", "GET /api/health - 健康检查"],
}
_HEALTH = {
    "status": "healthy",
    "service": "Image Generation Backend",
    "sdk_available": True,
    "timestamp": 1703456789,
    "dependencies": {
        "volcengine_api": {"status": "healthy", "sdk_version": "latest"},
        "disk_space": {"status": "healthy"},
        "memory_usage": {"status": "healthy"},
    },
}


class Service(BaseModel, json_schema_extra={"examples": [_SERVICE]}):
    """What this service is."""

    service: str = Field(description="Its name")
    version: str = Field(description="Its version")
    sdk_available: bool = Field(description="Whether the library that signs Volcengine's calls is there")
    endpoints: list[str] = Field(description="Method, path and purpose of its endpoints")


class Dependencies(BaseModel):
    """What painting needs."""

    volcengine_api: Dependency = Field(description="Keys and library; the vendor itself is not asked")
    disk_space: Dependency = Field(description="Room for pictures")
    memory_usage: Dependency = Field(description="The machine's memory")


class Health(BaseModel, json_schema_extra={"examples": [_HEALTH]}):
    """Whether pictures can be painted."""

    status: HealthStatus = Field(description="`healthy` when all dependencies are")
    service: Literal["Image Generation Backend"] = Field(description="Its name")
    sdk_available: bool = Field(description="Whether the library that signs Volcengine's calls is there")
    timestamp: int = Field(description="Seconds since 1970")
    dependencies: Dependencies = Field(description="What painting needs")


@router.get("/", operation_id="describeService", response_model=Service)
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


@router.get(
    "/api/health",
    operation_id="getHealth",
    response_model=Health,
    responses={503: {"model": Health, "description": "Something is missing: `degraded`"}},
)
async def health(wired: Annotated[Wiring, Depends(wiring_of)]) -> Response:
    """Whether pictures can be painted (I2). No vendor is called."""
    room = wired.gate.writable and await _free_bytes(wired) > LEAST_FREE_BYTES
    dependencies = {
        "volcengine_api": _volcengine(wired),
        "disk_space": _enough(room, "STORAGE_FULL: disk is full or store is away"),
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
