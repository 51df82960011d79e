"""How a model's answer can be odd in any dialect: thoughts told aloud, half characters, an error where none belongs.

The value of a fault: `error_object`, `error_line` are `code:message`; `strange_reason` is the stop reason;
`half_character` is `lone` when the second half never comes; `thinks_long`,
`open_after_end`, `pings_after_end` are seconds.
"""

import re

import orjson
from starlette.responses import Response

from sandbox.faults.model import Fault
from sandbox.faults.streaming import Phase

TEXTS = frozenset({"thoughts", "lone_thoughts", "half_character", "strange_reason"})
BODIES = frozenset({"error_object", "plain_body"})
STREAMS = frozenset(
    {"open_after_end", "pings_after_end", "missing_marker", "error_line", "thinks_long", "only_thoughts"}
)
_THOUGHTS = "好的，先规划。\n#思路：先写便利店\n场次9-9：草稿\n"
_SECONDS_OF_PINGS = 600
_PACE = 0.1
_SAID = re.compile(rb'"(text|content)":"(?:[^"\\]|\\.)*"')


def aloud(text: str, fault: Fault | None) -> str:
    """The text with the model's thoughts before it, as models write them whose server does not cut them out."""
    match fault:
        case Fault(kind="thoughts"):
            return f"<think>\n{_THOUGHTS}</think>\n\n{text}"
        case Fault(kind="lone_thoughts"):
            return f"{_THOUGHTS}</think>\n\n{text}"
    return text


def reason_told(usual: str, fault: Fault | None) -> str:
    return str(fault.value) if fault is not None and fault.kind == "strange_reason" else usual


def halved(deltas: list[bytes], fault: Fault | None) -> list[bytes]:
    """One emoji in the middle, half of it in each of two deltas."""
    if fault is None or fault.kind != "half_character":
        return deltas
    at = len(deltas) // 2
    written = halves(fault)
    parts = [written[at : at + 6] for at in range(0, len(written), 6)]
    told = [_SAID.sub(rb'"\1":"' + part.replace(b"\\", rb"\\") + b'"', deltas[at]) for part in parts]
    return deltas[:at] + told + deltas[at:]


def halves(fault: Fault) -> bytes:
    """The escapes of an emoji, or of its first half."""
    return rb"\ud83d" if fault.value == "lone" else rb"\ud83d\ude00"


def pings(ping: bytes, fault: Fault) -> Phase:
    seconds = fault.number(_SECONDS_OF_PINGS) if fault.kind == "pings_after_end" else 0
    return Phase([ping] * round(seconds / _PACE), _PACE, apart=True)


def open_end(fault: Fault) -> float | None:
    """How long the connection stays open; None: until the reader goes."""
    return None if fault.value is None else fault.number()


def long_thinking(delta: bytes, fault: Fault) -> Phase:
    seconds = fault.number(1) if fault.kind == "thinks_long" else 0
    return Phase([delta] * max(1, round(seconds / _PACE)), _PACE, apart=True)


def error_told(fault: Fault) -> dict[str, object]:
    """An error object as relays send it with HTTP 200."""
    code, _, message = str(fault.value or "upstream_error:upstream failed").partition(":")
    return {"error": {"message": message, "type": "new_api_error", "code": code}}


def error_reply(fault: Fault) -> Response:
    return Response(orjson.dumps(error_told(fault)), media_type="application/json")
