"""Responses that break the connection below HTTP. They need the transport that SandboxApp puts into the scope."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

TRANSPORT = "sandbox.transport"
LINGER_ZERO = struct.pack("ii", 1, 0)


def transport_of(scope: Scope) -> asyncio.Transport:
    # uvloop's transports are not asyncio's by class, only by their methods
    return cast(asyncio.Transport, scope[TRANSPORT])


def reset(scope: Scope) -> None:
    """A real RST: bytes not yet sent are dropped, the peer sees ECONNRESET."""
    transport = transport_of(scope)
    # uvloop hands out a socket look-alike without setsockopt; the option belongs to the open socket, not to its number
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    transport.abort()


def hang_up(scope: Scope) -> None:
    """Sends what is buffered, then closes (FIN) in the middle of the message."""
    transport_of(scope).close()


async def until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class ResetResponse(Response):
    """Reset before any header."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reset(scope)
        await until_gone(receive)


class StalledResponse(Response):
    """No byte for so many seconds (None: until the reader goes), then the connection is closed."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.wait_for(until_gone(receive), self._seconds)
        except TimeoutError:
            hang_up(scope)
            await until_gone(receive)


class DelayedResponse(Response):
    """The inner response, later."""

    def __init__(self, inner: Response, seconds: float) -> None:
        super().__init__()
        self._inner = inner
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._seconds)
        await self._inner(scope, receive, send)


class TruncatedResponse(Response):
    """The inner response with its full Content-Length, cut after so many bytes of the body."""

    def __init__(self, inner: Response, at: int) -> None:
        super().__init__()
        self._inner = inner
        self._at = at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inner(scope, receive, _cutting(send, self._at, lambda: hang_up(scope)))
        await until_gone(receive)


def _cutting(send: Send, at: int, cut: Callable[[], None]) -> Callable[[Message], Awaitable[None]]:
    left = at

    async def limited(message: Message) -> None:
        nonlocal left
        if message["type"] != "http.response.body":
            await send(message)
        elif left >= 0:
            body: bytes = message.get("body", b"")[:left]
            left -= len(body)
            await send({"type": "http.response.body", "body": body, "more_body": True})
            if left == 0:
                left = -1
                cut()

    return limited
