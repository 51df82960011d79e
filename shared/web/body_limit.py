"""Body limits, enforced while reading: a body over the limit never reaches memory."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import PayloadTooLarge
from shared.web.error_reply import error_reply
from shared.web.json_bounds import Nesting

MEGABYTE = 1024 * 1024


class BodyLimitMiddleware:
    """`limit(path)` is the largest body in bytes, `depth` its deepest nesting. Pure ASGI: streams pass unbuffered."""

    def __init__(self, app: ASGIApp, limit: Callable[[str], int], depth: int) -> None:
        self.app = app
        self.limit = limit
        self.depth = depth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit = self.limit(scope["path"])
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            return await error_reply(PayloadTooLarge(), scope)(scope, receive, send)
        return await self.app(scope, _bounded(receive, limit, Nesting(self.depth)), send)


def _bounded(receive: Receive, limit: int, nesting: Nesting) -> Receive:
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        if body := message.get("body", b""):
            received += len(body)
            if received > limit:
                # FastAPI turns any other exception of the body's reading into a 400.
                raise HTTPException(413)
            nesting.feed(body)
        return message

    return bounded
