"""What is counted while the process runs. Labels are routes, kinds and vendors, so memory stays bounded.

The instruments are module-level, as Prometheus's client means them to be: who counts needs no wiring.
"""

import asyncio
import time
from collections import Counter as Counted
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.concurrency import forever

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_LAGS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_LAG_EVERY = 0.25

REQUESTS = Counter(
    "scripttoframe_http_requests", "Answers by route and status", ["method", "route", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "scripttoframe_http_request_seconds", "Until the answer begins", ["route"], buckets=_SECONDS, registry=REGISTRY
)
IN_FLIGHT = Gauge("scripttoframe_http_requests_in_flight", "Requests being answered", registry=REGISTRY)
READERS = Gauge("scripttoframe_readers", "Open event streams", registry=REGISTRY)
LOOP_LAG = Histogram(
    "scripttoframe_loop_lag_seconds", "How late the event loop wakes a sleeper", buckets=_LAGS, registry=REGISTRY
)
VENDOR_CALLS = Counter(
    "scripttoframe_vendor_calls", "HTTP calls to vendors by outcome", ["vendor", "outcome"], registry=REGISTRY
)
VENDOR_SECONDS = Histogram(
    "scripttoframe_vendor_call_seconds",
    "Until a vendor's answer begins",
    ["vendor"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
TOKENS = Counter(
    "scripttoframe_tokens", "Tokens as the vendors report them", ["vendor", "direction"], registry=REGISTRY
)
TASKS = Gauge("scripttoframe_tasks", "Tasks that are kept, by kind and state", ["kind", "status"], registry=REGISTRY)
TASK_ERRORS = Gauge(
    "scripttoframe_task_errors", "Tasks that are kept, by how they failed", ["kind", "error_code"], registry=REGISTRY
)
PICTURES = Gauge("scripttoframe_pictures", "Finished pictures that are kept", ["vendor"], registry=REGISTRY)
SLOTS = Gauge(
    "scripttoframe_vendor_slots",
    "Places at a vendor's account: size, used, waiting",
    ["account", "state"],
    registry=REGISTRY,
)
LOG_LINES_DROPPED = Counter(
    "scripttoframe_log_lines_dropped", "Lines for which a stuck output left no room", registry=REGISTRY
)
EVENTS = Gauge("scripttoframe_events", "Events of the tasks that are kept", ["kind"], registry=REGISTRY)


@dataclass(slots=True)
class Times:
    """Response times of one endpoint, as the seed's collector reports them."""

    count: int = 0
    total: float = 0
    least: float = float("inf")
    most: float = 0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.total += seconds
        self.least = min(self.least, seconds)
        self.most = max(self.most, seconds)

    def shown(self) -> dict[str, float]:
        return {"avg": self.total / self.count, "min": self.least, "max": self.most, "count": self.count}


# What the task that this context works on has used, for the line that tells its end.
_tally: ContextVar[Counted[str] | None] = ContextVar("tokens", default=None)

response_times: dict[str, Times] = {}
calls: dict[str, int] = {}


def count_call(api: str, *, success: bool) -> None:
    """The seed's `{api}_success_count` and `{api}_failure_count`."""
    name = f"{api}_{'success' if success else 'failure'}_count"
    calls[name] = calls.get(name, 0) + 1


def tally_tokens() -> Counted[str]:
    """What `count_tokens` counts from now on in this context and in those that come of it, by direction."""
    tally: Counted[str] = Counted()
    _tally.set(tally)
    return tally


def count_tokens(vendor: str, usage: Any, names: tuple[str, str]) -> None:
    """`names` are the vendor's words for input and output; what is missing or odd is not counted."""
    for direction, name in zip(("input", "output"), names, strict=True):
        number = usage.get(name) if isinstance(usage, dict) else None
        if isinstance(number, int) and number > 0:
            TOKENS.labels(vendor, direction).inc(number)
            if (tally := _tally.get()) is not None:
                tally[direction] += number


class MetricsMiddleware:
    """Pure ASGI; latency is until the answer begins, because a stream may last for hours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun = time.perf_counter()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note(scope, message["status"], time.perf_counter() - begun)
            await send(message)

        with IN_FLIGHT.track_inprogress():
            return await self.app(scope, receive, noting)


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route")
    path = getattr(route, "path", None) or "other"
    REQUESTS.labels(scope["method"] if route else "other", path, str(status)).inc()
    REQUEST_SECONDS.labels(path).observe(seconds)
    if name := getattr(route, "operation_id", None):
        response_times.setdefault(f"{name}_response_time", Times()).add(seconds)
        count_call(name, success=status < 400)


@asynccontextmanager
async def loop_lag_measured() -> AsyncIterator[None]:
    """Measure for as long as the context lasts."""
    async with forever(_measure_lag(), "loop-lag"):
        yield


async def _measure_lag() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_EVERY
        await asyncio.sleep(_LAG_EVERY)
        LOOP_LAG.observe(max(0, loop.time() - due))
