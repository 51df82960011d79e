"""What one caller, and all together, may ask of this process: requests a minute, open streams.

Unfinished tasks are counted in the database, see shared/tasks/accept.py. A caller is the owner of its API key,
or its address where access is open. 0 switches a limit off.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import TooManyRequests
from shared.settings import SharedSettings
from shared.telemetry.metrics import READERS
from shared.web.error_reply import error_reply

_FULL_SECONDS = 5.0
_UNLIMITED = frozenset({"/api/health", "/api/metrics", "/api/meta"})


@dataclass(frozen=True, slots=True)
class Limits:
    """`streams(path, query)`: whether the request may be answered by an event stream."""

    rate_per_minute: int = 0
    readers: int = 0
    readers_per_caller: int = 0
    streams: Callable[[str, bytes], bool] = lambda _path, _query: False

    @classmethod
    def of(cls, settings: SharedSettings, streams: Callable[[str, bytes], bool]) -> "Limits":
        return cls(
            settings.rate_limit_per_minute,
            settings.max_readers,
            settings.max_readers_per_key,
            streams,
        )


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a caller's minute."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
            "RateLimit-Policy": f"{self.limit};w=60",
        }


class Rate:
    """Requests a minute per caller."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def spend(self, caller: str) -> Allowance | None:
        """One request of the caller's; None when nothing is limited. Raises TooManyRequests."""
        if self._item is None:
            return None
        allowed = await self._limiter.hit(self._item, caller)
        left = await self._limiter.get_window_stats(self._item, caller)
        seconds = max(0, math.ceil(left.reset_time - time.time()))
        allowance = Allowance(self._item.amount, max(0, left.remaining), seconds)
        if allowed:
            return allowance
        error = TooManyRequests().retry_after(allowance.reset_seconds)
        error.headers |= allowance.headers()
        raise error


class OpenStreams:
    """How many streams are open, in all and per caller."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    @contextmanager
    def one_more(self, caller: str) -> Iterator[None]:
        """Raises TooManyRequests."""
        limits = self._limits
        if (limits.readers and len(self) >= limits.readers) or (
            limits.readers_per_caller and self._open[caller] >= limits.readers_per_caller
        ):
            raise TooManyRequests("打开的事件流过多，请稍后重试").retry_after(_FULL_SECONDS)
        self._open[caller] += 1
        READERS.inc()
        try:
            yield
        finally:
            READERS.dec()
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]


class LimitsMiddleware:
    """Pure ASGI; stands behind the guard, which names the caller."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self.rate = Rate(limits.rate_per_minute)
        self.streams = OpenStreams(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/api/") or path in _UNLIMITED:
            return await self.app(scope, receive, send)
        caller = scope.get("owner") or (scope.get("client") or ("",))[0]
        try:
            allowance = await self.rate.spend(caller)
            streaming = self.limits.streams(path, scope["query_string"])
            with self.streams.one_more(caller) if streaming else nullcontext():
                await self.app(scope, receive, _telling(send, allowance) if allowance else send)
        except TooManyRequests as error:
            await error_reply(error, scope)(scope, receive, send)


def _telling(send: Send, allowance: Allowance) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(allowance.headers())
        await send(message)

    return tell
