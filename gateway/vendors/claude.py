"""Claude by the official SDK, which is imported at start-up: it takes over a second.

`create(stream=True)` costs half of what the `messages.stream()` helper costs per delta. In mid-stream the SDK lets
httpx2's own errors and JSON errors through, and takes a stream that just ends for a whole one.
"""

import json
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from functools import cached_property

import anthropic
import httpx2
from anthropic.types import MessageDeltaEvent, MessageParam, RawMessageStreamEvent

from gateway.screenplay.model import Interrupted, Turn
from gateway.settings import GatewaySettings
from gateway.vendors import llm_failures
from shared.calls import note_call
from shared.errors import LLMError
from shared.metrics import count_tokens
from shared.retry import retry_after_seconds

logger = logging.getLogger(__name__)

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
            http_client=anthropic.DefaultAsyncHttpxClient(trust_env=False),
        )

    async def write(self, turns: Sequence[Turn]) -> AsyncGenerator[str, None]:
        """See ScriptModel.write."""
        ending = _Ending()
        try:
            async with await self._opened(turns) as stream:
                async for event in stream:
                    if event.type == "content_block_delta":
                        ending.begun = True
                        if event.delta.type == "text_delta":
                            yield event.delta.text
                    else:
                        ending.note(event)
                ending.response = stream.response
        except (anthropic.APIError, httpx2.HTTPError, httpx2.StreamError, json.JSONDecodeError) as error:
            raise self._failure(error) from error
        if failure := ending.failure():
            raise failure

    async def _opened(self, turns: Sequence[Turn]) -> anthropic.AsyncStream[RawMessageStreamEvent]:
        messages = [_message(turn) for turn in turns]
        model = self._settings.claude().model
        begun, outcome = time.perf_counter(), "canceled"
        try:
            stream = await self._client.messages.create(
                model=model, max_tokens=MAX_TOKENS, messages=messages, stream=True
            )
            outcome = "2xx"
            return stream
        except anthropic.APIError as error:
            outcome = f"{error.status_code // 100}xx" if isinstance(error, anthropic.APIStatusError) else "error"
            raise
        finally:
            note_call("claude", outcome, time.perf_counter() - begun)

    def _failure(self, error: Exception) -> LLMError:
        match error:
            case anthropic.APIStatusError(status_code=200):
                return llm_failures.stream_error(error.type or "", error.api_message or "")
            case anthropic.APIStatusError():
                wait = retry_after_seconds(error.response.headers.get("retry-after"))
                return llm_failures.refusal(error.status_code, _reason(error), wait)
            case anthropic.APITimeoutError():
                return llm_failures.unreachable(self._settings.claude(), "连接超时")
            case anthropic.APIConnectionError():
                return self._unconnected(error)
            case json.JSONDecodeError():
                return Interrupted(llm_failures.DAMAGED)
        return Interrupted(llm_failures.BROKEN_OFF)

    def _unconnected(self, error: anthropic.APIConnectionError) -> LLMError:
        if isinstance(error.__cause__, httpx2.ConnectError):
            return llm_failures.unreachable(self._settings.claude(), "连接被拒绝或无法建立")
        return Interrupted(llm_failures.BROKEN_OFF)


def _message(turn: Turn) -> MessageParam:
    if turn.role == "assistant":
        return {"role": "assistant", "content": turn.content}
    return {"role": "user", "content": turn.content}


class _Ending:
    """What was seen of a stream, and whether that makes it whole."""

    def __init__(self) -> None:
        self.begun = False
        self.response: httpx2.Response | None = None
        self._stopped = False
        self._reason: str | None = None
        self._category = ""

    def note(self, event: RawMessageStreamEvent) -> None:
        self.begun = True
        if event.type in {"message_start", "message_delta"}:
            _count_tokens(event)
        if event.type == "message_stop":
            self._stopped = True
        elif event.type == "message_delta":
            self._reason = event.delta.stop_reason
            self._category = _category(event)

    def failure(self) -> LLMError | None:
        if not self.begun and self.response and self.response.num_bytes_downloaded:
            return llm_failures.no_answer(self.response.headers.get("content-type", ""))
        if not self._stopped:
            return Interrupted(llm_failures.BROKEN_OFF)
        if self._reason in {"end_turn", "stop_sequence"}:
            return None
        return llm_failures.stopped(self._reason, self._category)


def _count_tokens(event: RawMessageStreamEvent) -> None:
    """The beginning tells the input, the end tells the output."""
    if event.type == "message_start":
        count_tokens("claude", {"input": event.message.usage.input_tokens}, ("input", ""))
    elif event.type == "message_delta":
        count_tokens("claude", {"output": event.usage.output_tokens}, ("", "output"))


def _category(event: MessageDeltaEvent) -> str:
    details = event.delta.stop_details
    return str(getattr(details, "category", None) or "")


def _reason(error: anthropic.APIStatusError) -> str:
    if error.api_message:
        return error.api_message
    message = error.body.get("message") if isinstance(error.body, dict) else ""
    return message if isinstance(message, str) else ""
