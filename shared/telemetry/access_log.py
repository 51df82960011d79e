"""One line per call: `http.answered {method, path, status, seconds}`; of a stream, when it has ended."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

# Asked every few seconds by machines.
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})


class AccessLogMiddleware:
    """Pure ASGI. Queries are left out: they may carry tickets. `status` is None for a caller who left before it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        level = logging.DEBUG if scope.get("path") in _QUIET else logging.INFO
        if scope["type"] != "http" or not logger.isEnabledFor(level):
            return await self.app(scope, receive, send)
        begun = time.perf_counter()
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            return await self.app(scope, receive, noting)
        finally:
            told = {"method": scope["method"], "path": scope["path"], "status": status}
            logger.log(level, "http.answered", extra=told | {"seconds": round(time.perf_counter() - begun, 3)})
