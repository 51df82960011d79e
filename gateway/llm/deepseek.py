"""DeepSeek's chat completions, and relays that speak like it.

Answers are read as streams, so that a broken call keeps what came. Two clocks: one of silence, which only text,
thoughts and tool arguments move, since keep-alive bytes defeat read timeouts; and one for the whole answer, from its
token budget. Thinking is switched off, as `deepseek-chat` was.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import httpx

from gateway.llm.failures import Asked
from gateway.llm.openai_chat import request_id_of
from gateway.llm.refusals import refusal_in_body
from gateway.llm.streaming import LINGER
from gateway.llm.structured_answer import StructuredAnswer
from gateway.settings import DEEPSEEK_ADDRESS, GatewaySettings, LLMAccess
from gateway.storyboard.model_calls import Answer
from gateway.storyboard.questions import Question
from shared.errors import LLMError, Reason
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import Transient, retry_after_seconds, retry_transient
from shared.wire import dumps, well_formed

logger = logging.getLogger(__name__)

_COUNTED = {"vendor": "deepseek"}
# The slowest that a model of this family is reported to write.
_TOKENS_PER_SECOND = 20
_NO_TOOLS = re.compile(r"tool|function|schema|strict|beta|unknown (?:field|parameter)|unsupported", re.IGNORECASE)


class _Form(Enum):
    """How an answer's shape is asked for. Strict tools and JSON mode are DeepSeek's; a relay gets the bare prompt."""

    TOOL = "tool"
    JSON = "json"
    PLAIN = "plain"


class _ToolsRefused(Exception):
    """The vendor does not take strict tools after all."""


class DeepSeek:
    """A StoryModel; see gateway/storyboard/model_calls.py."""

    def __init__(self, settings: GatewaySettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._tools_refused = False

    def check_configured(self) -> bool:
        return self._settings.deepseek().demo

    async def answer(self, question: Question) -> Answer:
        """Raises LLMError with the cause as contract §3.1 words it."""
        try:
            return await retry_transient(lambda: self._attempt(question))
        except _ToolsRefused:
            self._tools_refused = True
            return await retry_transient(lambda: self._attempt(question))

    async def alive(self, seconds: float) -> None:
        """A call that costs nothing. Raises ConfigurationError, LLMError."""
        access = self._settings.deepseek()
        asked = Asked("deepseek", DEEPSEEK_ADDRESS, access, f"{access.base_url}/models")
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.get(asked.url, headers=_headers(access), extensions=_COUNTED)
        except TimeoutError as error:
            raise _timeout(seconds) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _connection_failure(error, access) from error
        if response.status_code >= 400:
            raise _refused(response, asked)

    def _form(self, access: LLMAccess) -> _Form:
        host = urlsplit(access.base_url).hostname or ""
        if not (access.demo or host.endswith("deepseek.com")):
            return _Form.PLAIN
        return _Form.JSON if self._tools_refused else _Form.TOOL

    async def _attempt(self, question: Question) -> Answer:
        call = _call(self._settings.deepseek(), self._form(self._settings.deepseek()), question)
        said = StructuredAnswer(call.asked)
        silence, budget = self._settings.llm_step_seconds, question.max_tokens / _TOKENS_PER_SECOND
        try:
            async with asyncio.timeout(silence + budget) as everything, asyncio.timeout(silence) as silent:
                whole = await self._listen(call, said, silent)
        except TimeoutError as error:
            if not said.text.strip():
                raise _timeout(silence + budget if everything.expired() else silence) from error
            whole = False
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if not said.text.strip():
                failed = _connection_failure(error, call.asked.access)
                raise (failed if outcome(error) is Failure.NOT_SENT else Transient(failed)) from error
            whole = False
        return said.answer(whole=whole)

    async def _listen(self, call: "_Call", said: StructuredAnswer, silent: asyncio.Timeout) -> bool:
        """Gathers the answer; whether the connection ended as it should."""
        now, seen = asyncio.get_running_loop().time, 0
        async with self._client.stream(
            "POST",
            call.asked.url,
            content=dumps(call.body),
            headers=_headers(call.asked.access) | {"Content-Type": "application/json"},
            timeout=None,
            extensions=_COUNTED,
        ) as response:
            said.request_id = request_id_of(response)
            if response.status_code != 200:
                await response.aread()
                raise _failure(response, call)
            async for chunk in response.aiter_bytes():
                said.feed(chunk)
                if said.over:
                    break
                if said.well_stopped:
                    silent.reschedule(min(silent.when() or now(), now() + LINGER))
                elif said.work > seen:
                    seen = said.work
                    silent.reschedule(now() + self._settings.llm_step_seconds)
            said.finish()
            streamed = "event-stream" in response.headers.get("content-type", "")
            return bool(said.reason) or not streamed


@dataclass(frozen=True, slots=True)
class _Call:
    """One request."""

    asked: Asked
    form: _Form
    body: dict[str, Any]


def _call(access: LLMAccess, form: _Form, question: Question) -> _Call:
    body: dict[str, Any] = {
        "model": access.model,
        "messages": [{"role": "user", "content": well_formed(question.prompt)}],
        "thinking": {"type": "disabled"},
        "temperature": question.temperature,
        "max_tokens": question.max_tokens,
        "stream": True,
    }
    base = access.base_url
    if form is not _Form.PLAIN:
        body["stream_options"] = {"include_usage": True}
    if form is _Form.JSON:
        body["response_format"] = {"type": "json_object"}
    if form is _Form.TOOL:
        function = {"name": question.name, "strict": True, "parameters": question.schema}
        body["tools"] = [{"type": "function", "function": function}]
        body["tool_choice"] = {"type": "function", "function": {"name": question.name}}
        base = base if base.endswith("/beta") else f"{base.removesuffix('/v1')}/beta"
    return _Call(Asked("deepseek", DEEPSEEK_ADDRESS, access, f"{base}/chat/completions"), form, body)


def _headers(access: LLMAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.api_key}"}


def _timeout(seconds: float) -> LLMError:
    return LLMError(f"请求超时（{seconds:g}秒）", reason=Reason.VENDOR_DOWN)


def _connection_failure(error: httpx.HTTPError | httpx.InvalidURL, access: LLMAccess) -> LLMError:
    if outcome(error) is not Failure.NOT_SENT:
        return LLMError("连接被终止，可能是API服务器问题", reason=Reason.VENDOR_DOWN)
    why = describe(error)
    if access.demo:
        why = f"未配置DEEPSEEK_API_KEY，且沙盒（{access.base_url.removesuffix('/v1')}）未运行"
    return LLMError(f"网络连接错误 - {why}", reason=Reason.VENDOR_DOWN)


def _refused(response: httpx.Response, asked: Asked) -> LLMError:
    error = asked.refusal(response.status_code, refusal_in_body(response.content), request_id_of(response))
    logger.warning("deepseek.refused", extra={"status": response.status_code, "reason": error.message} | error.facts())
    return error


def _failure(response: httpx.Response, call: _Call) -> Exception:
    """What a status that is not 200 means for the question."""
    refused, status = _refused(response, call.asked), response.status_code
    if call.form is _Form.TOOL and status in {400, 404, 422} and _NO_TOOLS.search(refused.message):
        return _ToolsRefused()
    if status == 429 or status >= 500:
        return Transient(refused, retry_after_seconds(response.headers.get("retry-after")))
    return refused
