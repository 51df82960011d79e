"""`/metrics` for Prometheus and `/api/metrics` under the seed's names; what the database knows is asked at most every
five seconds."""

import asyncio
import time
from typing import Any

import psutil
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.engine import UNREACHABLE
from shared.masking import mask_bytes
from shared.tasks.runtime import Core
from shared.telemetry.metrics import (
    EVENTS,
    PICTURES,
    REGISTRY,
    SLOTS,
    TASK_ERRORS,
    TASKS,
    calls,
    response_times,
)
from shared.web.answers import Metrics
from shared.web.openapi import file
from shared.wire import Json

router = APIRouter(tags=["metrics"])

_KEPT_SECONDS = 5.0
_TASKS = text(
    "SELECT kind, status, coalesce(error_code, '') AS error_code, "
    "CASE kind WHEN 'image' THEN split_part(id, '_', 1) ELSE '' END AS vendor, "
    "count(*) AS tasks, sum(last_event_id) AS events FROM task GROUP BY 1, 2, 3, 4"
)
_SLOTS = text(
    "SELECT a.name, a.slots, count(s.granted_at) AS used, count(s.task_id) - count(s.granted_at) AS waiting "
    "FROM account a LEFT JOIN slot s ON s.account = a.name GROUP BY a.name, a.slots"
)


class Stock:
    """The gauges that the database fills."""

    def __init__(self) -> None:
        self._asked = 0.0
        self._asking = asyncio.Lock()

    async def refresh(self, engine: AsyncEngine) -> None:
        async with self._asking:
            if time.monotonic() - self._asked < _KEPT_SECONDS:
                return
            try:
                await _read_tasks(engine)
                await _read_slots(engine)
            except (*UNREACHABLE, DBAPIError):
                return
            self._asked = time.monotonic()


_stock = Stock()


async def _read_tasks(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        rows = (await connection.execute(_TASKS)).all()
    for gauge in (TASKS, TASK_ERRORS, PICTURES, EVENTS):
        gauge.clear()
    for row in rows:
        TASKS.labels(row.kind, row.status).inc(row.tasks)
        EVENTS.labels(row.kind).inc(int(row.events))
        if row.error_code:
            TASK_ERRORS.labels(row.kind, row.error_code).inc(row.tasks)
        if row.vendor and row.status == "completed":
            PICTURES.labels(row.vendor).inc(row.tasks)


async def _read_slots(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        rows = (await connection.execute(_SLOTS)).all()
    SLOTS.clear()
    for row in rows:
        for state, number in (("size", row.slots), ("used", row.used), ("waiting", row.waiting)):
            SLOTS.labels(row.name, state).set(number)


@router.get(
    "/metrics",
    operation_id="getPrometheusMetrics",
    response_class=Response,
    responses=file("Prometheus's text format", "text/plain"),
)
async def prometheus(request: Request) -> Response:
    """Everything that is counted, for Prometheus."""
    core: Core = request.state.core
    await _stock.refresh(core.database.engine)
    text = mask_bytes(await asyncio.to_thread(generate_latest, REGISTRY))
    return Response(text, media_type=CONTENT_TYPE_LATEST)


@router.get("/api/metrics", operation_id="getMetrics", response_model=Metrics)
async def metrics() -> Response:
    """Response times, successes and failures, and the machine's load, under the seed's names."""
    times = {name: times.shown() for name, times in response_times.items()}
    return Json(times | calls | {"system": await asyncio.to_thread(_system)})


def _system() -> dict[str, Any]:
    return {
        "cpu_percent": psutil.cpu_percent(),
        "memory_percent": psutil.virtual_memory().percent,
        "disk_usage": psutil.disk_usage("/").percent,
    }
