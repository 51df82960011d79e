"""How RunningHub's answers read: its codes, states, and the several places where one thing may stand."""

from dataclasses import dataclass
from typing import Any

import httpx

from shared.telemetry.logs import redact_text
from shared.wire import loads

# Explicit refusals of a create: surely not accepted, so it may be sent again later.
BUSY = {415, 421, 814, 1003, 1010, 1011}
# Accepted and not finished, whatever the name in the message says.
GO_ON = {804, 813}
# It failed, or is unknown there: about the image itself.
GONE = {805, 807, 1015}
PASSING = {500, 808, 1000, 1003, 1005, 1006, 1010, 1011, 1012}
SUCCEEDED = {"SUCCESS", "FINISHED", "COMPLETE", "COMPLETED"}
FINISHED = SUCCEEDED | {"FAILED", "ERROR", "CANCEL", "CANCELED", "CANCELLED"}
_PICTURES = {"png", "jpg", "jpeg", "webp"}
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `body` is None when it was no JSON object, `code` is 0 for success."""

    status: int
    body: dict[str, Any] | None
    code: int
    message: str
    retry_after: str | None


def answer_of(response: httpx.Response) -> Answer:
    try:
        body = loads(response.content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Answer(response.status_code, None, -1, f"HTTP {response.status_code}", _retry_after(response))
    message = redact_text(str(body.get("msg") or body.get("message") or f"HTTP {response.status_code}"))
    return Answer(response.status_code, body, _code(body), message[:_LONGEST_REASON], _retry_after(response))


def _retry_after(response: httpx.Response) -> str | None:
    header: str | None = response.headers.get("retry-after")
    return header


def _code(body: dict[str, Any]) -> int:
    code = str(body.get("code", 0 if "taskId" in body else -1))
    return int(code) if code.lstrip("-").isdecimal() else -1


def _data(body: dict[str, Any] | None) -> Any:
    return (body or {}).get("data")


def task_id_of(body: dict[str, Any] | None) -> str | None:
    """From `data.taskId`, a digit string in `data`, or top-level `taskId`; always as a string."""
    data = _data(body)
    for found in (data.get("taskId") if isinstance(data, dict) else data, (body or {}).get("taskId")):
        text = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
        if text.isascii() and text.isdecimal() and int(text) > 0:
            return text
    return None


def state_of(body: dict[str, Any] | None) -> str:
    """A bare string in `data`, or `taskStatus` in it."""
    data = _data(body)
    if isinstance(data, dict):
        data = data.get("taskStatus") or data.get("status")
    return data.upper() if isinstance(data, str) else ""


def invalid_nodes(body: dict[str, Any] | None) -> str:
    """The nodes that failed validation although the code is 0; empty when all is well."""
    data = _data(body)
    if not isinstance(data, dict):
        return ""
    try:
        tips = loads(data.get("promptTips") or "{}")
    except (ValueError, TypeError):
        tips = {}
    errors = tips.get("node_errors") if isinstance(tips, dict) else None
    if errors:
        return "node " + ", ".join(str(node) for node in errors)
    return "FAILED" if data.get("taskStatus") == "FAILED" else ""


def file_url(body: dict[str, Any] | None) -> str | None:
    """The first picture among the outputs, else the first output."""
    files = [file for file in _data(body) or [] if isinstance(file, dict) and isinstance(file.get("fileUrl"), str)]
    pictures = [file for file in files if str(file.get("fileType", "")).lower() in _PICTURES]
    return (pictures or files)[0]["fileUrl"] if files else None


def reason_of(body: dict[str, Any] | None) -> str:
    """Why a task failed, short and clean."""
    data = _data(body)
    failed = data.get("failedReason") if isinstance(data, dict) else None
    reason = failed.get("exception_message") if isinstance(failed, dict) else failed
    return redact_text(str(reason or (body or {}).get("msg") or "未知原因"))[:_LONGEST_REASON]
