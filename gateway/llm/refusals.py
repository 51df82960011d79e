"""What a vendor says in the place of an answer, however a relay wraps it, and what that means."""

import re
from dataclasses import dataclass
from typing import Any

from shared.errors import Reason
from shared.wire import loads

# A balance is told with 402, but relays tell it with any status; words of a moderation come with 400 or inside a 200.
_BALANCE = re.compile(
    r"insufficient[ _](?:user[ _])?(?:quota|balance|credit|fund)|billing|quota[ _]exceeded|arrear|credit balance"
    r"|余额|额度|欠费|配额",
    re.IGNORECASE,
)
_MODERATED = re.compile(
    r"content exists risk|data_?inspection|inappropriate content|content[ _](?:filter|policy|risk)|sensitive|moderation"
    r"|risk not pass|refusal|违规|敏感|审核|不当内容",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"authentication|invalid[ _](?:x-)?api[ _-]key|unauthorized|incorrect api key|令牌|无效的.{0,6}key", re.IGNORECASE
)
_NOT_OPENED = re.compile(
    r"(?i)model[ _]not|not_found_error|permission|no access|not[ _]open|无可用渠道|未开通|无权", re.IGNORECASE
)
_BUSY = re.compile(
    r"(?i)overloaded|rate[ _]limit|too many requests|insufficient_system_resource|busy|繁忙|限流", re.IGNORECASE
)
_BY_WORDS = (
    (_BALANCE, Reason.VENDOR_BALANCE_EMPTY),
    (_MODERATED, Reason.CONTENT_REFUSED),
    (_KEY, Reason.VENDOR_KEY_REFUSED),
    (_BUSY, Reason.VENDOR_BUSY),
    (_NOT_OPENED, Reason.VENDOR_NOT_OPENED),
)
_BY_STATUS = {
    401: Reason.VENDOR_KEY_REFUSED,
    402: Reason.VENDOR_BALANCE_EMPTY,
    403: Reason.VENDOR_NOT_OPENED,
    404: Reason.VENDOR_NOT_OPENED,
    429: Reason.VENDOR_BUSY,
    503: Reason.VENDOR_BUSY,
    529: Reason.VENDOR_BUSY,
}
_WORDS = ("message", "msg", "error_msg", "status_msg", "detail", "error_description")
_CODES = ("code", "type", "error_code", "status_code")
_IDS = ("request_id", "requestId", "id")
_LONGEST_BODY = 100_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A vendor's words: its code, its message and its request id, each empty when it told none."""

    code: str = ""
    message: str = ""
    request_id: str = ""

    def reason(self, status: int = 0) -> Reason | None:
        """What it means: by its words first, for relays send them with any status."""
        told = f"{self.code} {self.message}"
        words = next((reason for pattern, reason in _BY_WORDS if pattern.search(told)), None)
        return words or _BY_STATUS.get(status) or (Reason.VENDOR_DOWN if status >= 500 else None)


def refusal_in(told: Any) -> Refusal | None:
    """The refusal that a JSON value holds, or None."""
    if not isinstance(told, dict):
        return None
    for name in ("error", "base_resp", "errors"):
        inner = told.get(name)
        inner = inner[0] if isinstance(inner, list) and inner else inner
        if isinstance(inner, str) and inner.strip():
            return Refusal(_first(told, _CODES), _first(told, _WORDS) or inner, _first(told, _IDS[:2]))
        if isinstance(inner, dict) and (message := _first(inner, _WORDS)):
            return Refusal(_first(inner, _CODES), message, _first(told, _IDS[:2]))
    message = _first(told, _WORDS)
    return Refusal(_first(told, _CODES), message, _first(told, _IDS)) if message else None


def refusal_in_body(body: bytes) -> Refusal | None:
    """The same for a whole body: one JSON value, or lines of them with or without `data:`."""
    if len(body) > _LONGEST_BODY:
        return None
    for line in (body, *body.splitlines()):
        try:
            found = refusal_in(loads(line.strip().removeprefix(b"data:").strip()))
        except ValueError:
            continue
        if found:
            return found
    return None


def _first(told: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of these that is a word or a number."""
    for name in names:
        value = told.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return ""
