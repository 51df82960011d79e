"""JSON as it goes over the wire and into the database: UTF-8, Chinese unescaped, never failing on odd text."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response

from shared.masking import mask_bytes


def dumps(value: Any) -> bytes:
    """Compact JSON. Lone surrogates and integers beyond 64 bits, which orjson refuses, fall back to escaped ASCII."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def dumps_sorted(value: Any) -> bytes:
    """Compact JSON, equal for equal values whatever the order of their keys."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def well_formed(text: str) -> str:
    """Text that UTF-8 can carry: halves of surrogate pairs are joined, lone ones become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def dump_text(value: Any) -> str:
    return dumps(value).decode()


_LINE_ENDS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def dump_line(value: Any) -> str:
    """JSON that no reader can split: characters that some libraries take for line ends are escaped."""
    return dump_text(value).translate(_LINE_ENDS)


def loads(data: str | bytes) -> Any:
    """Parse JSON; raises ValueError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


class Json(Response):
    """A JSON response rendered once, by `dumps`, without any configured secret."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return mask_bytes(dumps(content))


def iso_time(moment: datetime | None = None) -> str:
    """ISO 8601, UTC, milliseconds, `Z`."""
    return (moment or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def half_up(numerator: float, denominator: float = 1) -> int:
    """Rounded quotient as JavaScript's Math.round gives it; 0 when there is nothing to divide by."""
    return int(numerator / denominator + 0.5) if denominator else 0
