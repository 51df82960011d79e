"""How the script models fail, in words for people: shortened, without secrets."""

from gateway.screenplay.model import Interrupted
from gateway.settings import LLMAccess
from shared.errors import LLMError
from shared.telemetry.logs import redact_text

OVERLOAD_WAIT = 2.0
BROKEN_OFF = "连接在回答完成前中断"
DAMAGED = "返回的数据已损坏"
LENGTH = "回答达到长度上限"
_LONGEST_REASON = 200
_PASSING = {408, 409, 425, 429}
# Errors inside a stream have no status of their own.
_FINAL_TYPES = {
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "insufficient_quota",
}


def refusal(status: int, reason: str, wait: float | None = None) -> LLMError:
    """A vendor's answer that is an HTTP error."""
    message = f"HTTP {status}: {short(reason)}" if reason else f"HTTP {status}"
    if status in _PASSING or status >= 500:
        return Interrupted(message, wait or 0.0)
    return LLMError(message)


def stream_error(kind: str, reason: str) -> LLMError:
    """An error event inside a stream."""
    message = short(f"{kind}: {reason}" if kind and kind not in reason else reason or "未知错误")
    return LLMError(message) if kind in _FINAL_TYPES else Interrupted(message, OVERLOAD_WAIT)


def no_answer(content_type: str) -> LLMError:
    """A 200 in which there is nothing of an answer: a page, or another vendor's format."""
    kind = content_type.partition(";")[0].strip() or "没有类型的内容"
    if kind == "text/event-stream":
        return LLMError("返回的事件流没有可识别的内容，请检查ANTHROPIC_BASE_URL和接口格式")
    return LLMError(f"返回的不是事件流（{short(kind)}），请检查ANTHROPIC_BASE_URL")


def unreachable(access: LLMAccess, reason: str) -> LLMError:
    """No connection."""
    if access.demo:
        return Interrupted(f"网络连接错误 - 未配置ANTHROPIC_API_KEY，且沙盒（{access.base_url}）未运行")
    return Interrupted(f"网络连接错误 - {reason}")


def stopped(reason: str | None, category: str = "") -> LLMError:
    """A stop reason that is no success."""
    match reason:
        case "max_tokens" | "length" | "pause_turn":
            return Interrupted(LENGTH)
        case "refusal" | "content_filter":
            return LLMError(f"模型拒绝了这个请求（{short(category or reason)}）")
        case "model_context_window_exceeded":
            return LLMError("内容超出模型的上下文长度")
        case None | "insufficient_system_resource":
            return Interrupted(BROKEN_OFF)
    return LLMError(f"模型因意外的原因停止（{short(reason)}）")


def short(reason: str) -> str:
    return redact_text(" ".join(reason.split()))[:_LONGEST_REASON]
