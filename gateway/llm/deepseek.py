"""DeepSeek's chat completions.

One overall deadline per call: keep-alive bytes defeat read timeouts. Thinking is switched off, as `deepseek-chat` was.
"""

import asyncio
import logging
from typing import Any

import httpx

from gateway.llm.chat_answer import ChatAnswer, text_in
from gateway.llm.event_lines import EventLines
from gateway.llm.failures import CUT_REASONS, MODERATED, ONLY_THOUGHTS, Asked
from gateway.llm.openai_chat import request_id_of
from gateway.llm.refusals import refusal_in, refusal_in_body
from gateway.settings import DEEPSEEK_ADDRESS, GatewaySettings, LLMAccess
from gateway.storyboard.analysis import Completion, Turn
from gateway.text.thoughts import without_thoughts
from shared.errors import LLMError, Reason
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import Transient, retry_after_seconds, retry_transient
from shared.telemetry.metrics import count_tokens
from shared.wire import dumps, loads, well_formed

logger = logging.getLogger(__name__)

_COUNTED = {"vendor": "deepseek"}

_TEMPERATURE = 0.7
_UNUSABLE = "API返回格式错误"
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
        asked = Asked("deepseek", DEEPSEEK_ADDRESS, access, f"{access.base_url}/models")
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.get(asked.url, headers=_headers(access), extensions=_COUNTED)
        except TimeoutError as error:
            raise LLMError(f"请求超时（{seconds:g}秒）", reason=Reason.VENDOR_DOWN) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _connection_failure(error, access) from error
        if response.status_code >= 400:
            raise _refused(response, asked)

    async def _attempt(self, turns: list[Turn], max_tokens: int) -> Completion:
        access = self._settings.deepseek()
        asked = Asked("deepseek", DEEPSEEK_ADDRESS, access, f"{access.base_url}/chat/completions")
        seconds = self._settings.llm_step_seconds
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.post(
                    asked.url,
                    content=dumps(_form(access, turns, max_tokens)),
                    headers=_headers(access) | {"Content-Type": "application/json"},
                    timeout=None,
                    extensions=_COUNTED,
                )
        except TimeoutError as error:
            raise LLMError(f"请求超时（{seconds:g}秒）", reason=Reason.VENDOR_DOWN) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _connection_failure(error, access) from error
        return _completion(response, asked)


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


def _completion(response: httpx.Response, asked: Asked) -> Completion:
    """Raises LLMError, and Transient for what may pass."""
    if response.status_code != 200:
        refusal = _refused(response, asked)
        if response.status_code == 429 or response.status_code >= 500:
            raise Transient(refusal, retry_after_seconds(response.headers.get("retry-after")))
        raise refusal
    choice, usage = _whole(response, asked) or _streamed(response.content, asked)
    count_tokens("deepseek", usage, ("prompt_tokens", "completion_tokens"))
    return _judged(choice, asked, request_id_of(response))


def _whole(response: httpx.Response, asked: Asked) -> tuple[dict[str, Any], Any] | None:
    """The choice of a plain answer and its usage; None when it is a stream of them. Raises LLMError."""
    body = response.content.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        raise Transient(LLMError(f"{_UNUSABLE}: 返回内容为空", reason=Reason.VENDOR_BUSY))
    if body.startswith((b"data:", b"event:", b":")):
        return None
    try:
        answer = loads(body)
    except ValueError as error:
        if body.startswith(b"{") and b"\n{" in body:
            return None
        told = "返回的是网页" if body.startswith(b"<") else "返回的不是JSON"
        raise LLMError(f"{_UNUSABLE}: {told}，请检查{asked.setting}") from error
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0], answer.get("usage")
    if refused := refusal_in(answer):
        raise _passing(asked.told_inside(refused, request_id_of(response)))
    raise LLMError(f"{_UNUSABLE}: 返回的JSON里没有回答（choices），请检查{asked.setting}")


def _streamed(body: bytes, asked: Asked) -> tuple[dict[str, Any], Any]:
    """The same of an event stream, which some relays send whatever they were asked for. Raises LLMError."""
    lines, answer = EventLines(), ChatAnswer(asked)
    texts: list[str] = []
    for line in [*lines.feed(body), *lines.finish()]:
        try:
            texts.append(answer.text_of(loads(line)) or "")
        except ValueError:
            continue
    if not answer.begun:
        raise LLMError(f"{_UNUSABLE}: 返回的事件流没有可识别的内容，请检查{asked.setting}")
    if not answer.reason:
        raise Transient(LLMError("连接被终止，可能是API服务器问题", reason=Reason.VENDOR_DOWN))
    message = {"content": "".join(texts), "reasoning_content": answer.thought}
    return {"message": message, "finish_reason": answer.reason}, None


def _judged(choice: dict[str, Any], asked: Asked, request_id: str) -> Completion:
    told = choice.get("message")
    message = told if isinstance(told, dict) else {}
    reason = str(choice.get("finish_reason") or "").lower()
    vendor = asked.replied(reason, request_id)
    if reason == "insufficient_system_resource":
        raise Transient(LLMError(_INCOMPLETE, reason=Reason.VENDOR_BUSY, vendor=vendor))
    if reason in {"content_filter", "sensitive"}:
        raise LLMError(MODERATED, reason=Reason.CONTENT_REFUSED, vendor=vendor)
    written = well_formed(text_in(message.get("content")))
    text = without_thoughts(written)
    if text.strip():
        return Completion(text, cut=reason in CUT_REASONS)
    why = ONLY_THOUGHTS if message.get("reasoning_content") or written.strip() else "模型没有写出正文"
    raise Transient(LLMError(f"{_UNUSABLE}: {why}", reason=Reason.NO_TEXT, vendor=vendor))


def _passing(error: LLMError) -> LLMError | Transient:
    """An error inside a 200 may pass as well as one with a status of its own."""
    return Transient(error) if error.reason in {Reason.VENDOR_BUSY, Reason.VENDOR_DOWN} else error
