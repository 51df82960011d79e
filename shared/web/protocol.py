"""Connections that do not wait forever: a request's head and body must keep coming, and the head has a size.

uvicorn by itself waits without end for the rest of a request, and holds a head of any length.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from shared.errors import InvalidParameter, ScriptToFrameError
from shared.web.error_reply import error_object
from shared.wire import dumps

MOST_HEAD_BYTES = 64 * 1024
LEAST_BODY_BYTES_PER_SECOND = 1000
# After an early answer such as 413 the rest of the body is read and dropped, so that the answer is not lost.
MOST_BYTES_AFTER_ANSWER = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a request's head may take, and its body without bringing enough."""

    head: float = 15
    body: float = 20


class RequestTimeout(ScriptToFrameError):
    status, error_code, text = 408, "REQUEST_TIMEOUT", "请求发送超时"


class HeadTooLarge(ScriptToFrameError):
    status, error_code, text = 431, "HEADERS_TOO_LARGE", "请求头过大"


class PatientProtocol(HttpToolsProtocol):
    """Notes when the current head began and when the body last brought enough; `overdue` judges."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_since: float | None = None
        self._head_bytes = 0
        self._body_since: float | None = None
        self._body_bytes = 0
        self._dropped = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        if self._body_since is None:
            self._head_since = self._head_since or self.loop.time()
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self._fits(data):
                return self._refuse(HeadTooLarge())
        return super().data_received(data)

    def _fits(self, data: bytes) -> bool:
        """A body may follow the head in the same piece of data."""
        end = data.find(b"\r\n\r\n")
        return end >= 0 and self._head_bytes - len(data) + end <= MOST_HEAD_BYTES

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if self._body_since is not None:
            self._head_bytes += len(name) + len(value)
            if self._head_bytes > MOST_HEAD_BYTES:
                raise ValueError("trailers too large")

    def on_headers_complete(self) -> None:
        self._head_since, self._head_bytes = None, 0
        self._body_since, self._body_bytes = self.loop.time(), 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._dropped += len(body)
            if self._dropped > MOST_BYTES_AFTER_ANSWER:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._body_since, self._dropped = None, 0
        super().on_message_complete()

    def overdue(self, now: float, patience: Patience) -> bool:
        """Whether the caller has stopped sending, or sends so slowly that it only holds the connection."""
        if self._body_since is None:
            answering = self.cycle is not None and not self.cycle.response_complete
            return self._head_since is not None and not answering and now - self._head_since > patience.head
        if self._body_bytes >= LEAST_BODY_BYTES_PER_SECOND * patience.body:
            self._body_since, self._body_bytes = now, 0
        return not self.flow.read_paused and now - self._body_since > patience.body

    def give_up(self) -> None:
        self._refuse(RequestTimeout())

    def send_400_response(self, msg: str) -> None:
        self._refuse(InvalidParameter("请求参数无效: 不是有效的HTTP请求"), 400)

    def _refuse(self, error: ScriptToFrameError, status: int | None = None) -> None:
        """The contract's error object, straight onto the wire: no request has reached the app yet."""
        if self.transport.is_closing():
            return
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(_raw(error, status or error.status))
        self.transport.close()


def _raw(error: ScriptToFrameError, status: int) -> bytes:
    body = dumps(error_object(error))
    head = b"content-type: application/json\r\naccess-control-allow-origin: *\r\nconnection: close\r\n"
    return STATUS_LINE[status] + head + b"content-length: %d\r\n\r\n" % len(body) + body


def close_overdue(connections: set[Any], now: float, patience: Patience) -> None:
    """Give up every connection whose request does not keep coming."""
    for connection in tuple(connections):
        if isinstance(connection, PatientProtocol) and connection.overdue(now, patience):
            connection.give_up()
