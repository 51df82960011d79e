"""imagegen as the gateway sees it: pictures are megabytes, so answers are passed on unread."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import httpx
from starlette.responses import Response, StreamingResponse

from gateway.settings import GatewaySettings
from shared.errors import BackendError, BackendUnavailable, GenerationTimeout, ScriptToFrameError, TooManyRequests
from shared.image_request import IMAGE_ID, JOIN
from shared.outbound.client import Failure, describe, outcome
from shared.web.auth import on_behalf_of
from shared.wire import dumps, loads

logger = logging.getLogger(__name__)

_PASSED_ON = (
    "content-type",
    "content-length",
    "location",
    "retry-after",
    "etag",
    "cache-control",
    "preference-applied",
    "vary",
)
_THEIR_OWN = {"REQUEST_IN_PROGRESS", "IDEMPOTENCY_KEY_REUSED", "TOO_MANY_REQUESTS"}
_THEIR_EXTRAS = ("taskId", "timestamp", "reason", "vendor", "requestId")
_PATIENCE = 70.0
# A restart of up to 60 s is promised to be invisible. One that has not answered for long is not running.
_RESTART_SECONDS = 60.0
_REMEMBERED_SECONDS = 600.0
# A call that lasted longer had reached it.
_ANSWERS_WITHIN = 2.0
RESTART_PAUSES = (0.3, 0.6, 1.0, 2.0)
_SILENCE = 30.0
_POOL_SECONDS = 10.0
_MARGIN = 5.0


class Imagegen:
    """Calls to the other service. Raises BackendUnavailable when it is not there."""

    def __init__(self, settings: GatewaySettings, client: httpx.AsyncClient, waiting: httpx.AsyncClient) -> None:
        """`waiting` has the connections of calls that imagegen answers late, so that they delay no other."""
        self._settings = settings
        self._client = client
        self._waiting = waiting
        self._base = settings.python_backend_url.rstrip("/")
        self._reached: float | None = None

    async def paint(self, form: dict[str, Any], headers: dict[str, str], image_id: str) -> Response:
        """A2: imagegen's answer to I3, its bytes unread. Errors as contract §3.2 words them.

        A new image gets the id `image_id`. `headers` carry an Idempotency-Key: while imagegen restarts the order is
        repeated, and joins the first one.
        """
        seconds = self._settings.image_seconds
        deadline = time.monotonic() + seconds
        body = dumps(form)

        async def order(attempt: int) -> httpx.Response:
            left = max(deadline - time.monotonic(), 0.1)
            own = {"X-Reply-Within": f"{max(left - _MARGIN, left / 2):g}", IMAGE_ID: image_id}
            own |= {JOIN: "1"} if attempt else {}
            return await self._send("POST", "/api/generate-image", body, headers | own, waits=True)

        try:
            async with asyncio.timeout(seconds):
                response = await self._through_restarts(order)
                if response.status_code == 200:
                    return _passed_on(response)
                raise _painting_error(response.status_code, await _read(response))
        except TimeoutError as error:
            raise GenerationTimeout("图片生成超时，请稍后重试", taskId=image_id) from error
        except httpx.HTTPError as error:
            raise BackendUnavailable(taskId=image_id) from error

    async def forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Response:
        """N1 to N4: whatever imagegen answers. An order carries an Idempotency-Key: everything can be repeated."""

        async def attempt(_number: int) -> httpx.Response:
            async with asyncio.timeout(_PATIENCE):
                return await self._send(method, path, body, headers, waits="prefer" in headers)

        try:
            return _passed_on(await self._through_restarts(attempt))
        except (httpx.HTTPError, TimeoutError) as error:
            raise BackendError(f"Python后端调用失败: {describe(error)}") from error

    async def _through_restarts(self, attempt: Callable[[int], Awaitable[httpx.Response]]) -> httpx.Response:
        """The first answer that is not "I am being restarted"; the last of those when patience is at its end.

        Patience counts from where imagegen went away: the answer may have been waited for minutes before.
        """
        number, away_since = 0, None
        while True:
            begun = time.monotonic()
            response, failure = None, None
            try:
                response = await attempt(number)
                if response.status_code != 503:
                    self._reached = time.monotonic()
                    return response
            except (httpx.HTTPError, BackendUnavailable) as error:
                failure = error
            now = time.monotonic()
            was_there = not isinstance(failure, BackendUnavailable) and now - begun > _ANSWERS_WITHIN
            if away_since is None or was_there:
                away_since = now
            if not self.was_reached(begun) or now - away_since > _RESTART_SECONDS:
                if response is None:
                    raise failure or BackendUnavailable
                return response
            if response is not None:
                await response.aclose()
            number += 1
            logger.info("imagegen.again", extra={"reason": describe(failure) if failure else "503", "tries": number})
            await asyncio.sleep(RESTART_PAUSES[min(number, len(RESTART_PAUSES)) - 1])

    def was_reached(self, before: float) -> bool:
        """Whether imagegen answered a while before that monotonic time, or since: then it is being restarted.

        One that never did is not running.
        """
        return self._reached is not None and before - self._reached < _REMEMBERED_SECONDS

    async def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """A small JSON answer of ours, parsed. Raises imagegen's own error."""
        try:
            async with asyncio.timeout(_PATIENCE):
                content = b"" if body is None else dumps(body)
                response = await self._send(method, path, content, headers or {})
                data = await _read(response)
        except (httpx.HTTPError, TimeoutError) as error:
            raise BackendError(f"Python后端调用失败: {describe(error)}") from error
        answer = _object(data)
        if response.status_code >= 400:
            raise _their_error(response.status_code, answer, _reason(response.status_code, answer))
        self._reached = time.monotonic()
        return answer

    async def status(self, path: str, headers: dict[str, str]) -> int:
        """The HTTP status of a GET whose body nobody needs."""
        try:
            async with asyncio.timeout(_PATIENCE):
                response = await self._send("GET", path, b"", headers)
        except (httpx.HTTPError, TimeoutError) as error:
            raise BackendError(f"Python后端调用失败: {describe(error)}") from error
        await response.aclose()
        return response.status_code

    async def content(self, path: str, headers: dict[str, str]) -> tuple[str, bytes]:
        """Content type and bytes of a picture. Raises BackendError."""
        try:
            async with asyncio.timeout(_PATIENCE):
                response = await self._send("GET", path, b"", headers)
                data = await _read(response)
        except (httpx.HTTPError, TimeoutError) as error:
            raise BackendError(f"Python后端调用失败: {describe(error)}") from error
        if response.status_code != 200:
            raise BackendError(f"Python后端返回错误: {response.status_code}")
        return response.headers.get("content-type", "image/png"), data

    async def lines(self, path: str, body: Any, owner: str) -> AsyncIterator[Any]:
        """JSON objects as they come, one a line; None for a sign of life. Raises imagegen's own error."""
        try:
            async with asyncio.timeout(_SILENCE) as clock:
                response = await self._send("POST", path, dumps(body), on_behalf_of(owner), waits=True)
                if response.status_code >= 400:
                    answer = _object(await _read(response))
                    raise _their_error(response.status_code, answer, _reason(response.status_code, answer))
                async with aclosing(response):
                    async for line in response.aiter_lines():
                        clock.reschedule(None)
                        yield loads(line) if line else None
                        clock.reschedule(asyncio.get_running_loop().time() + _SILENCE)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise BackendError(f"Python后端调用失败: {describe(error)}") from error

    async def alive(self, seconds: float) -> None:
        """I2 answers 2xx. Raises BackendUnavailable."""
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.get(f"{self._base}/api/health")
        except (httpx.HTTPError, TimeoutError) as error:
            raise BackendUnavailable(describe(error)) from error
        if not response.is_success:
            raise BackendUnavailable(f"HTTP {response.status_code}")

    async def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str], *, waits: bool = False
    ) -> httpx.Response:
        if body:
            headers = headers | {"Content-Type": "application/json"}
        if token := self._settings.internal_token.get_secret_value():
            headers = headers | {"X-Internal-Token": token}
        client = self._waiting if waits else self._client
        timeout = httpx.Timeout(None, pool=_POOL_SECONDS)
        request = client.build_request(
            method, f"{self._base}{path}", content=body or None, headers=headers, timeout=timeout
        )
        try:
            return await client.send(request, stream=True)
        except httpx.PoolTimeout as error:
            raise TooManyRequests("等待图片的请求过多，请稍后重试").retry_after(_POOL_SECONDS) from error
        except httpx.HTTPError as error:
            if outcome(error) is Failure.NOT_SENT:
                raise BackendUnavailable from error
            raise


def _passed_on(response: httpx.Response) -> Response:
    headers = {name: value for name in _PASSED_ON if (value := response.headers.get(name))}
    return StreamingResponse(_bytes(response), status_code=response.status_code, headers=headers)


async def _bytes(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    finally:
        await response.aclose()


async def _read(response: httpx.Response) -> bytes:
    try:
        return await response.aread()
    finally:
        await response.aclose()


def _object(data: bytes) -> dict[str, Any]:
    try:
        answer = loads(data)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _reason(status: int, answer: dict[str, Any]) -> str:
    for name in ("error", "detail"):
        if isinstance(reason := answer.get(name), str) and reason:
            return reason
    return f"Python后端返回错误: {status}"


def _their_error(status: int, answer: dict[str, Any], message: str) -> ScriptToFrameError:
    error = ScriptToFrameError(message, **{name: answer[name] for name in _THEIR_EXTRAS if name in answer})
    error.status = status
    error.error_code = str(answer.get("errorCode") or "BACKEND_ERROR")
    return error


def _painting_error(status: int, data: bytes) -> ScriptToFrameError:
    answer = _object(data)
    reason = _reason(status, answer)
    if status == 503:
        return BackendUnavailable(**{name: answer[name] for name in ("taskId",) if name in answer})
    if "replyWithin" in answer:
        return GenerationTimeout("图片生成超时，请稍后重试", taskId=answer.get("taskId"))
    if answer.get("errorCode") in _THEIR_OWN:
        error = _their_error(status, answer, reason)
        return error.retry_after(2) if status in {409, 429} else error
    return _their_error(500, answer, f"Python后端调用失败: {reason}")
