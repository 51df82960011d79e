"""Claude by the official SDK, which is imported at start-up: it takes over a second.

The SDK opens the stream; its lines are read here. The SDK's own events cost over twice as much per delta, drop lines
that a relay has stripped of their `event:`, and take a stream that just ends for a whole one. In mid-stream the SDK
lets httpx2's own errors through.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

import aiohttp
import anthropic
import httpx2
from anthropic.types import MessageParam

from gateway.llm import failures
from gateway.llm.sse_lines import data_lines
from gateway.screenplay.model import Interrupted, Turn
from gateway.settings import GatewaySettings
from shared.errors import LLMError
from shared.outbound.calls import note_call
from shared.outbound.retry import retry_after_seconds
from shared.telemetry.metrics import count_tokens
from shared.wire import loads

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
            http_client=anthropic.DefaultAioHttpClient(trust_env=False),
        )

    async def write(self, turns: Sequence[Turn]) -> AsyncGenerator[str, None]:
        """See ScriptModel.write."""
        ending = _Ending()
        try:
            async with self._asked(turns) as response:
                ending.response = response
                async for line in data_lines(response.aiter_bytes()):
                    if text := ending.text_of(loads(line)):
                        yield text
        except (anthropic.APIError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise self._failure(error) from error
        except ValueError as error:
            raise ending.damaged() from error
        if failure := ending.failure():
            raise failure

    @asynccontextmanager
    async def _asked(self, turns: Sequence[Turn]) -> AsyncIterator[httpx2.Response]:
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

    def _failure(self, error: Exception) -> LLMError:
        match error:
            case anthropic.APIStatusError():
                wait = retry_after_seconds(error.response.headers.get("retry-after"))
                return failures.refusal(error.status_code, _reason(error), wait)
            case anthropic.APITimeoutError():
                return failures.unreachable(self._settings.claude(), "连接超时")
            case anthropic.APIConnectionError():
                return self._unconnected(error)
        return Interrupted(failures.BROKEN_OFF)

    def _unconnected(self, error: anthropic.APIConnectionError) -> LLMError:
        # The transport calls every broken connection a ConnectError; only these were never made.
        if isinstance(error.__cause__, httpx2.ConnectError) and isinstance(
            error.__cause__.__cause__, aiohttp.ClientConnectorError
        ):
            return failures.unreachable(self._settings.claude(), "连接被拒绝或无法建立")
        return Interrupted(failures.BROKEN_OFF)


def _message(turn: Turn) -> MessageParam:
    if turn.role == "assistant":
        return {"role": "assistant", "content": turn.content}
    return {"role": "user", "content": turn.content}


class _Ending:
    """What was seen of a stream, and whether that makes it whole."""

    def __init__(self) -> None:
        self.response: httpx2.Response | None = None
        self._begun = False
        self._stopped = False
        self._reason: str | None = None
        self._category = ""

    def text_of(self, event: Any) -> str:
        """The text of an event. Raises LLMError for an error event."""
        match event:
            case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}}:
                self._begun = True
                return text
            case {"type": "error", "error": {"type": str(kind), "message": str(reason)}}:
                raise failures.stream_error(kind, reason)
            case {"type": "message_start", "message": dict(message)}:
                self._begun = True
                count_tokens("claude", message.get("usage"), ("input_tokens", ""))
            case {"type": "message_delta", "delta": dict(delta), **rest}:
                self._reason = delta.get("stop_reason")
                self._category = _category(delta.get("stop_details"))
                count_tokens("claude", rest.get("usage"), ("", "output_tokens"))
            case {"type": "message_stop"}:
                self._stopped = True
        return ""

    def damaged(self) -> LLMError:
        """A line that is no JSON: another format altogether, or a broken stream."""
        return Interrupted(failures.DAMAGED) if self._begun else self._no_answer()

    def _no_answer(self) -> LLMError:
        return failures.no_answer(self.response.headers.get("content-type", "") if self.response else "")

    def failure(self) -> LLMError | None:
        if not self._begun and self.response and self.response.num_bytes_downloaded:
            return self._no_answer()
        if not self._stopped:
            return Interrupted(failures.BROKEN_OFF)
        if self._reason in {"end_turn", "stop_sequence"}:
            return None
        return failures.stopped(self._reason, self._category)


def _category(details: object) -> str:
    return str(details.get("category") or "") if isinstance(details, dict) else ""


def _reason(error: anthropic.APIStatusError) -> str:
    if error.api_message:
        return error.api_message
    message = error.body.get("message") if isinstance(error.body, dict) else ""
    return message if isinstance(message, str) else ""
