"""Any model behind OpenAI's chat completions, streamed: what relays speak."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx

from gateway.llm import failures
from gateway.llm.sse_lines import data_lines
from gateway.screenplay.model import Interrupted, Turn
from gateway.settings import GatewaySettings, LLMAccess
from shared.errors import LLMError
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import retry_after_seconds
from shared.wire import loads

MAX_TOKENS = 16_000
_TIMEOUT = httpx.Timeout(None, connect=10.0)
_LONGEST_REFUSAL = 100_000


class OpenAIChat:
    """A ScriptModel; see gateway/screenplay/model.py. `base_url` is the whole address of the call."""

    def __init__(self, settings: GatewaySettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    def check_configured(self) -> bool:
        return self._settings.claude().demo

    async def write(self, turns: Sequence[Turn]) -> AsyncGenerator[str, None]:
        """See ScriptModel.write."""
        access = self._settings.claude()
        ending = _Ending()
        try:
            async with self._client.stream(
                "POST", access.base_url, json=_form(access, turns), headers=_headers(access), timeout=_TIMEOUT
            ) as response:
                await _check(response)
                async for line in data_lines(response.aiter_bytes()):
                    if text := ending.text_of(line):
                        yield text
                ending.response = response
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _connection_failure(error, access) from error
        except ValueError as error:
            raise Interrupted(failures.DAMAGED) from error
        if failure := ending.failure():
            raise failure


class _Ending:
    """What was seen of a stream, and whether that makes it whole."""

    def __init__(self) -> None:
        self.response: httpx.Response | None = None
        self._begun = False
        self._done = False
        self._reason: str | None = None

    def text_of(self, line: bytes) -> str:
        """The text of a line. Raises LLMError for an error in the stream, ValueError for a damaged line."""
        if line == b"[DONE]":
            self._done = True
            return ""
        chunk = loads(line)
        if not isinstance(chunk, dict):
            return ""
        if error := chunk.get("error"):
            raise _stream_error(error)
        choice = _first(chunk.get("choices"))
        self._begun = self._begun or bool(choice)
        self._reason = choice.get("finish_reason") or self._reason
        delta = choice.get("delta")
        content = delta.get("content") if isinstance(delta, dict) else None
        return content if isinstance(content, str) else ""

    def failure(self) -> LLMError | None:
        if not self._begun and self.response and self.response.num_bytes_downloaded:
            return failures.no_answer(self.response.headers.get("content-type", ""))
        if self._reason not in {None, "stop"}:
            return failures.stopped(self._reason)
        return None if self._done and self._reason == "stop" else Interrupted(failures.BROKEN_OFF)


def _first(choices: object) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _form(access: LLMAccess, turns: Sequence[Turn]) -> dict[str, Any]:
    return {
        "model": access.model,
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        "max_tokens": MAX_TOKENS,
        "stream": True,
    }


def _headers(access: LLMAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.api_key}"}


async def _check(response: httpx.Response) -> None:
    """Raises LLMError for a refusal."""
    if response.status_code != 200:
        wait = retry_after_seconds(response.headers.get("retry-after"))
        raise failures.refusal(response.status_code, await _reason(response), wait)


async def _reason(response: httpx.Response) -> str:
    """The words of a refusal, however a relay wraps them."""
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LONGEST_REFUSAL:
            return ""
    try:
        told = loads(body)
    except ValueError:
        return ""
    error = told.get("error", told) if isinstance(told, dict) else ""
    return str(error.get("message", "")) if isinstance(error, dict) else str(error)


def _stream_error(error: object) -> LLMError:
    if isinstance(error, dict):
        return failures.stream_error(str(error.get("type") or ""), str(error.get("message") or ""))
    return failures.stream_error("", str(error))


def _connection_failure(error: httpx.HTTPError | httpx.InvalidURL, access: LLMAccess) -> LLMError:
    if outcome(error) is Failure.NOT_SENT:
        return failures.unreachable(access, describe(error))
    return Interrupted(failures.BROKEN_OFF)
