"""How the language models fail, in words for people: shortened, without secrets, with the vendor's own reason."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.llm.refusals import Refusal
from gateway.screenplay.model import Interrupted
from gateway.settings import LLMAccess
from shared.errors import LLMError, Reason, VendorReply
from shared.telemetry.logs import redact_text

OVERLOAD_WAIT = 2.0
BROKEN_OFF = "连接在回答完成前中断"
DAMAGED = "返回的数据已损坏"
LENGTH = "回答达到长度上限"
MODERATED = "内容被模型的审核拦截"
ONLY_THOUGHTS = "模型只写了思考过程，没有写出正文"
GOOD_REASONS = frozenset({"stop", "end", "eos", "end_turn", "stop_sequence", "completed"})
CUT_REASONS = frozenset({"max_tokens", "length", "pause_turn", "max_output_tokens"})
_LONGEST_REASON = 200
_PASSING = {408, 409, 425, 429}
# Errors inside a stream have no status of their own; these say that another try is no use.
_FINAL_TYPES = {"invalid_request_error", "request_too_large"}
_FINAL_REASONS = {
    Reason.VENDOR_KEY_REFUSED,
    Reason.VENDOR_BALANCE_EMPTY,
    Reason.VENDOR_NOT_OPENED,
    Reason.CONTENT_REFUSED,
}
# What relays call every error of theirs.
_SAYS_NOTHING = {"new_api_error", "one_api_error", "upstream_error", "error", "api_error"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked and where: what its failures have to name. `setting` is the variable that holds the address."""

    vendor: str
    setting: str
    access: LLMAccess
    url: str

    def replied(self, code: str | None, request_id: str | None) -> VendorReply:
        return VendorReply(self.vendor, code or None, request_id or None)

    def refusal(self, status: int, told: Refusal | None, request_id: str = "", wait: float | None = None) -> LLMError:
        """An answer that is an HTTP error."""
        told = told or Refusal()
        message = f"HTTP {status}: {short(told.message)}" if told.message else f"HTTP {status}"
        if status == 404:
            message += f"（地址 {self._place}，请检查{self.setting}）"
        vendor = self.replied(told.code or str(status), request_id or told.request_id)
        reason = told.reason(status)
        passing = (status in _PASSING or status >= 500) and reason not in _FINAL_REASONS
        if passing:
            return Interrupted(message, wait or 0.0, reason=reason, vendor=vendor)
        return LLMError(message, reason=reason, vendor=vendor)

    def told_inside(self, told: Refusal, request_id: str = "") -> LLMError:
        """An error where an answer, or more of it, should be."""
        named = told.code and told.code not in told.message and told.code not in _SAYS_NOTHING
        named = named and not told.code.startswith("insufficient_user")
        message = short(f"{told.code}: {told.message}" if named else told.message or "未知错误")
        reason = told.reason()
        vendor = self.replied(told.code, request_id or told.request_id)
        if told.code in _FINAL_TYPES or reason in _FINAL_REASONS:
            return LLMError(message, reason=reason, vendor=vendor)
        return Interrupted(message, OVERLOAD_WAIT, reason=reason or Reason.VENDOR_DOWN, vendor=vendor)

    def stopped(self, reason: str | None, category: str = "", request_id: str = "") -> LLMError:
        """A stop reason that is no success."""
        vendor = self.replied(reason, request_id)
        match (reason or "").strip().lower():
            case cut if cut in CUT_REASONS:
                return Interrupted(LENGTH, vendor=vendor, cut_by_length=True)
            case "refusal" | "content_filter" | "sensitive" as refused:
                message = f"模型拒绝了这个请求（{short(category)}）" if category else MODERATED
                return LLMError(
                    message, reason=Reason.CONTENT_REFUSED, vendor=self.replied(category or refused, request_id)
                )
            case "model_context_window_exceeded":
                return LLMError("内容超出模型的上下文长度", vendor=vendor)
            case "insufficient_system_resource":
                return Interrupted(BROKEN_OFF, reason=Reason.VENDOR_BUSY, vendor=vendor)
            case "":
                return self.broken_off()
        return LLMError(f"模型因意外的原因停止（{short(reason or '')}）", vendor=vendor)

    def no_answer(self, content_type: str) -> LLMError:
        """A 200 in which there is nothing of an answer: a page, or another vendor's format."""
        kind = content_type.partition(";")[0].strip() or "没有类型的内容"
        if kind == "text/event-stream":
            return LLMError(f"返回的事件流没有可识别的内容，请检查{self.setting}和接口格式")
        return LLMError(f"返回的不是事件流（{short(kind)}），请检查{self.setting}")

    def broken_off(self, message: str = BROKEN_OFF) -> Interrupted:
        return Interrupted(message, reason=Reason.VENDOR_DOWN)

    def unreachable(self, why: str) -> LLMError:
        """No connection."""
        if self.access.demo:
            why = f"未配置{self.setting.removesuffix('_BASE_URL')}_API_KEY，且沙盒（{self.access.base_url}）未运行"
        return Interrupted(f"网络连接错误 - {why}", reason=Reason.VENDOR_DOWN)

    @property
    def _place(self) -> str:
        """Host and path without what could be a secret."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        return f"{host}:{parts.port}{parts.path}" if parts.port else f"{host}{parts.path}"


def short(reason: str) -> str:
    return redact_text(" ".join(reason.split()))[:_LONGEST_REASON]
