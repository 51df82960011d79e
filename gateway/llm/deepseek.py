"""DeepSeek's chat completions.

One overall deadline per call: keep-alive bytes defeat read timeouts. Thinking is switched off, as `deepseek-chat` was.
"""

import asyncio
import logging
from typing import Any

import httpx

from gateway.settings import GatewaySettings, LLMAccess
from gateway.storyboard.analysis import Completion, Turn
from shared.errors import LLMError
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import Transient, retry_after_seconds, retry_transient
from shared.telemetry.logs import redact_text
from shared.telemetry.metrics import count_tokens
from shared.wire import dumps, well_formed

logger = logging.getLogger(__name__)

_COUNTED = {"vendor": "deepseek"}

_TEMPERATURE = 0.7
_NO_CONTENT = "API返回格式错误"
_INCOMPLETE = "API返回内容不完整"


class DeepSeek:
    """A TextModel; see gateway/storyboard/analysis.py."""

    def __init__(self, settings: GatewaySettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    def check_configured(self) -> bool:
        return self._settings.deepseek().demo

    async def complete(self, turns: list[Turn], max_tokens: int) -> Completion:
        """Raises LLMError with the cause as contract §3.1 words it."""
        return await retry_transient(lambda: self._attempt(turns, max_tokens))

    async def alive(self, seconds: float) -> None:
        """A call that costs nothing. Raises ConfigurationError, LLMError."""
        access = self._settings.deepseek()
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.get(
                    f"{access.base_url}/models", headers=_headers(access), extensions=_COUNTED
                )
        except TimeoutError as error:
            raise LLMError(f"请求超时（{seconds:g}秒）") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LLMError(_connection_reason(error, access)) from error
        if response.status_code >= 400:
            raise LLMError(f"HTTP {response.status_code}")

    async def _attempt(self, turns: list[Turn], max_tokens: int) -> Completion:
        access = self._settings.deepseek()
        seconds = self._settings.llm_step_seconds
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.post(
                    f"{access.base_url}/chat/completions",
                    content=dumps(_form(access, turns, max_tokens)),
                    headers=_headers(access) | {"Content-Type": "application/json"},
                    timeout=None,
                    extensions=_COUNTED,
                )
        except TimeoutError as error:
            raise LLMError(f"请求超时（{seconds:g}秒）") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LLMError(_connection_reason(error, access)) from error
        return _completion(response)


def _form(access: LLMAccess, turns: list[Turn], max_tokens: int) -> dict[str, Any]:
    return {
        "model": access.model,
        "messages": [{"role": turn.role, "content": well_formed(turn.content)} for turn in turns],
        "thinking": {"type": "disabled"},
        "temperature": _TEMPERATURE,
        "max_tokens": max_tokens,
        "stream": False,
    }


def _headers(access: LLMAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.api_key}"}


def _connection_reason(error: httpx.HTTPError | httpx.InvalidURL, access: LLMAccess) -> str:
    if outcome(error) is not Failure.NOT_SENT:
        return "连接被终止，可能是API服务器问题"
    if access.demo:
        return f"网络连接错误 - 未配置DEEPSEEK_API_KEY，且沙盒（{access.base_url.removesuffix('/v1')}）未运行"
    return f"网络连接错误 - {describe(error)}"


def _completion(response: httpx.Response) -> Completion:
    if response.status_code != 200:
        logger.warning("deepseek.refused", extra={"status": response.status_code, "reason": _reason(response)})
        refusal = LLMError(f"HTTP {response.status_code}")
        if response.status_code == 429 or response.status_code >= 500:
            raise Transient(refusal, retry_after_seconds(response.headers.get("retry-after")))
        raise refusal
    try:
        answer = response.json()
        choice = answer["choices"][0]
        text, reason = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise LLMError(_NO_CONTENT) from error
    count_tokens("deepseek", answer.get("usage"), ("prompt_tokens", "completion_tokens"))
    if reason == "insufficient_system_resource":
        raise Transient(LLMError(_INCOMPLETE))
    if reason == "content_filter":
        raise LLMError(_INCOMPLETE)
    if not isinstance(text, str) or not text.strip():
        raise Transient(LLMError(_NO_CONTENT))
    return Completion(text, cut=reason == "length")


def _reason(response: httpx.Response) -> str:
    try:
        return redact_text(str(response.json()["error"]["message"]))[:200]
    except (ValueError, KeyError, TypeError):
        return "-"
