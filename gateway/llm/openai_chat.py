"""Any model behind OpenAI's chat completions, streamed: what relays speak."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from gateway.addresses import COMPLETIONS
from gateway.llm.chat_answer import ChatAnswer
from gateway.llm.failures import Asked
from gateway.llm.refusals import Refusal, refusal_in_body
from gateway.llm.streaming import pieces_of
from gateway.screenplay.model import Turn
from gateway.settings import CLAUDE_ADDRESS, GatewaySettings, LLMAccess
from shared.errors import LLMError
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import retry_after_seconds

MAX_TOKENS = 16_000
_TIMEOUT = httpx.Timeout(None, connect=10.0)
_LONGEST_REFUSAL = 100_000
_COUNTED = {"vendor": "openai"}
_REQUEST_IDS = ("x-request-id", "request-id", "x-ds-trace-id", "x-oneapi-request-id", "x-tt-logid")


class OpenAIChat:
    """A ScriptModel; see gateway/screenplay/model.py. `base_url` is the whole address of the call."""

    def __init__(self, settings: GatewaySettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    def check_configured(self) -> bool:
        return self._settings.claude().demo

    async def alive(self) -> None:
        """A call that costs nothing. Raises ConfigurationError, LLMError."""
        access = self._settings.claude()
        base, _, query = access.base_url.partition("?")
        url = base.removesuffix(COMPLETIONS) + "/models" + (f"?{query}" if query else "")
        asked = Asked("openai", CLAUDE_ADDRESS, access, url)
        try:
            async with self._client.stream("GET", url, headers=_headers(access), extensions=_COUNTED) as response:
                await _check(response, asked)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _connection_failure(error, asked) from error

    async def write(self, turns: Sequence[Turn]) -> AsyncGenerator[str, None]:
        """See ScriptModel.write."""
        access = self._settings.claude()
        asked = Asked("openai", CLAUDE_ADDRESS, access, access.base_url)
        answer = ChatAnswer(asked)
        try:
            async with self._client.stream(
                "POST", access.base_url, json=_form(access, turns), headers=_headers(access), timeout=_TIMEOUT
            ) as response:
                answer.request_id = request_id_of(response)
                answer.content_type = response.headers.get("content-type", "")
                await _check(response, asked)
                async with aclosing(pieces_of(response.aiter_bytes(), answer)) as pieces:
                    async for piece in pieces:
                        yield piece
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _connection_failure(error, asked) from error


def request_id_of(response: httpx.Response) -> str:
    """The vendor's id of a request, by which it finds what went wrong."""
    return next((value for name in _REQUEST_IDS if (value := response.headers.get(name, ""))), "")


def _form(access: LLMAccess, turns: Sequence[Turn]) -> dict[str, Any]:
    return {
        "model": access.model,
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        "max_tokens": MAX_TOKENS,
        "stream": True,
    }


def _headers(access: LLMAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.api_key}"}


async def _check(response: httpx.Response, asked: Asked) -> None:
    """Raises LLMError for a refusal."""
    if response.status_code != 200:
        wait = retry_after_seconds(response.headers.get("retry-after"))
        raise asked.refusal(response.status_code, await _told(response), request_id_of(response), wait)


async def _told(response: httpx.Response) -> Refusal | None:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LONGEST_REFUSAL:
            return None
    return refusal_in_body(body)


def _connection_failure(error: httpx.HTTPError | httpx.InvalidURL, asked: Asked) -> LLMError:
    return asked.unreachable(describe(error)) if outcome(error) is Failure.NOT_SENT else asked.broken_off()
