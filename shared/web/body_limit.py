"""Body limits, enforced while reading: what is over a limit never reaches memory."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import PayloadTooLarge
from shared.web.error_reply import error_reply

MEGABYTE = 1024 * 1024
# Of all requests together. A body is held up to three times while it is parsed; containers have 1 GB.
MOST_BYTES_HELD = 256 * MEGABYTE
# A parser stops the loop for as long as it makes objects: half a million take about 0.2 s.
MOST_VALUES = 500_000


class BodyRoom:
    """How much of this process's memory bodies may take."""

    def __init__(self) -> None:
        self.held = 0

    def fits(self, size: int) -> bool:
        return self.held + size <= MOST_BYTES_HELD


class Held:
    """The bytes of one body."""

    def __init__(self, room: BodyRoom) -> None:
        self._room = room
        self.size = 0

    def add(self, size: int) -> None:
        self._room.held += size
        self.size += size

    def release(self) -> None:
        self._room.held -= self.size
        self.size = 0


class BodyLimitMiddleware:
    """`limit(path)` is the largest body in bytes. Pure ASGI: streams pass unbuffered."""

    def __init__(self, app: ASGIApp, limit: Callable[[str], int]) -> None:
        self.app = app
        self.limit = limit
        self.room = BodyRoom()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit = self.limit(scope["path"])
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            return await error_reply(PayloadTooLarge(), scope)(scope, receive, send)
        scope["body_room"] = held = Held(self.room)
        try:
            await self.app(scope, _bounded(receive, limit, self.room, held), send)
        finally:
            held.release()


def _bounded(receive: Receive, limit: int, room: BodyRoom, held: Held) -> Receive:
    received = values = 0

    async def bounded() -> Message:
        nonlocal received, values
        message = await receive()
        if body := message.get("body", b""):
            received += len(body)
            values += body.count(b",") + body.count(b"[") + body.count(b"{")
            # FastAPI turns any other exception of the body's reading into a 400.
            if received > limit or values > MOST_VALUES:
                raise HTTPException(413)
            if not room.fits(len(body)):
                raise HTTPException(503, "正在处理的请求体过多，请稍后重试", {"Retry-After": "2"})
            held.add(len(body))
        return message

    return bounded
