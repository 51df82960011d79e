"""Claude by the official SDK, which is imported at start-up: it takes over a second.

The SDK opens the stream; its lines are read here. The SDK's own events cost over twice as much per delta, drop lines
that a relay has stripped of their `event:`, and take a stream that just ends for a whole one. In mid-stream the SDK
lets httpx2's own errors through.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import cached_property

import aiohttp
import anthropic
import httpx2
from anthropic.types import MessageParam

from gateway.llm.failures import Asked
from gateway.llm.message_answer import MessageAnswer
from gateway.llm.refusals import Refusal, refusal_in
from gateway.llm.streaming import pieces_of
from gateway.screenplay.model import Turn
from gateway.settings import CLAUDE_ADDRESS, GatewaySettings
from shared.errors import LLMError
from shared.outbound.calls import note_call
from shared.outbound.retry import retry_after_seconds

MAX_TOKENS = 16_000
CONNECT_SECONDS = 10.0


class Claude:
    """A ScriptModel; see gateway/screenplay/model.py."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings

    def check_configured(self) -> bool:
        return self._settings.claude().demo

    def warm_up(self) -> None:
        """Does what reads files, once, outside of the event loop. Without a configured model there is nothing to do."""
        self._client.platform_headers()

    async def close(self) -> None:
        if "_client" in self.__dict__:
            await self._client.close()

    @cached_property
    def _client(self) -> anthropic.AsyncAnthropic:
        access = self._settings.claude()
        # Silence is watched by the reader of the stream: pings would defeat a read timeout.
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        return anthropic.AsyncAnthropic(
            api_key=access.api_key,
            base_url=access.base_url,
            max_retries=0,
            timeout=timeout,
            # Some relays read only this header; the SDK itself sends a bearer token.
            default_headers={"x-api-key": access.api_key},
            http_client=self._transport(access.demo),
        )

    def _transport(self, demo: bool) -> httpx2.AsyncClient:
        proxy = self._settings.outbound_proxy.get_secret_value()
        if proxy and not demo:
            return anthropic.DefaultAsyncHttpxClient(trust_env=False, proxy=proxy)
        return anthropic.DefaultAioHttpClient(trust_env=False)

    async def alive(self) -> None:
        """A call that costs nothing. Raises ConfigurationError, LLMError."""
        access = self._settings.claude()
        asked = Asked("claude", CLAUDE_ADDRESS, access, f"{access.base_url}/v1/models")
        try:
            await self._client.models.list(limit=1)
        except (anthropic.APIError, httpx2.HTTPError, ValueError) as error:
            raise _failure(error, asked) from error

    async def write(self, turns: Sequence[Turn]) -> AsyncGenerator[str, None]:
        """See ScriptModel.write."""
        access = self._settings.claude()
        asked = Asked("claude", CLAUDE_ADDRESS, access, f"{access.base_url}/v1/messages")
        answer = MessageAnswer(asked)
        try:
            async with self._opened(turns) as response:
                answer.content_type = response.headers.get("content-type", "")
                answer.request_id = response.headers.get("request-id", "")
                async with aclosing(pieces_of(response.aiter_bytes(), answer)) as pieces:
                    async for piece in pieces:
                        yield piece
        except (anthropic.APIError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise _failure(error, asked) from error

    @asynccontextmanager
    async def _opened(self, turns: Sequence[Turn]) -> AsyncIterator[httpx2.Response]:
        """The open stream, counted when its headers are there."""
        begun, outcome = time.perf_counter(), "canceled"
        opening = self._client.messages.with_streaming_response.create(
            model=self._settings.claude().model,
            max_tokens=MAX_TOKENS,
            messages=[_message(turn) for turn in turns],
            stream=True,
        )
        try:
            response = await opening.__aenter__()
            outcome = "2xx"
        except anthropic.APIError as error:
            outcome = f"{error.status_code // 100}xx" if isinstance(error, anthropic.APIStatusError) else "error"
            raise
        finally:
            note_call("claude", outcome, time.perf_counter() - begun)
        try:
            yield response.http_response
        finally:
            await opening.__aexit__(None, None, None)


def _failure(error: Exception, asked: Asked) -> LLMError:
    match error:
        case anthropic.APIStatusError():
            wait = retry_after_seconds(error.response.headers.get("retry-after"))
            told = refusal_in(error.body) or Refusal(message=error.api_message or "")
            return asked.refusal(error.status_code, told, error.request_id or "", wait)
        case anthropic.APITimeoutError():
            return asked.unreachable("连接超时")
        case anthropic.APIConnectionError() if _never_connected(error):
            return asked.unreachable("连接被拒绝或无法建立")
    return asked.broken_off()


def _never_connected(error: anthropic.APIConnectionError) -> bool:
    """aiohttp's transport calls every broken connection a ConnectError; only these were never made."""
    cause = error.__cause__
    if isinstance(cause, httpx2.ProxyError):
        return True
    inner = cause.__cause__ if cause else None
    refused = isinstance(inner, aiohttp.ClientConnectorError) or not isinstance(inner, aiohttp.ClientError)
    return isinstance(cause, httpx2.ConnectError) and refused


def _message(turn: Turn) -> MessageParam:
    if turn.role == "assistant":
        return {"role": "assistant", "content": turn.content}
    return {"role": "user", "content": turn.content}
