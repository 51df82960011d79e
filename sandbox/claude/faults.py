"""How an answer of the Messages API can go wrong.

The value of a fault: `error_midstream` type, `type:deltas` or deltas; `stall_midstream` seconds or `seconds:deltas`;
`eof`, `reset_midstream`, `bad_json` deltas; `refusal`, `max_tokens`, `context_window`, `overlap` characters;
`bytewise` bytes; `rate_limit` seconds. A cut without a number of deltas falls somewhere else each time.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import orjson

from sandbox.claude.events import Events, Reply, error_body, event
from sandbox.faults import answers
from sandbox.faults.model import Fault
from sandbox.faults.streaming import Broadcast, Ending, Phase, rechunked
from sandbox.story.dice import Dice
from sandbox.story.telling import Telling

CUTS = frozenset({"error_midstream", "eof", "reset_midstream", "stall_midstream", "bad_json"})
PARTS = frozenset({"declines", "wrong_episode", "outline", "unclosed", "no_prompts"})
TEXTS = frozenset({"refusal", "max_tokens", "context_window", "overlap", "empty_text", "short"}) | PARTS
FRAMES = frozenset({"bytewise", "eventless", "crlf", "unknown_events"})
REFUSALS = frozenset({"rate_limit", "overloaded"})
ENDINGS = (answers.STREAMS - {"only_thoughts"}) | {"missing_reason", "error_at_the_end"}
ODD = answers.TEXTS | answers.BODIES | answers.STREAMS | ENDINGS
KINDS = CUTS | TEXTS | FRAMES | REFUSALS | ODD | {"openai_format"}
_PING = event("ping", {})
_FUTURE = event("future_event", {"note": "unknown to every reader"}) + b": a comment\n\n" + event("ping", {})


def told_text(telling: Telling, fault: Fault | None) -> str:
    """What the model goes on to say."""
    match fault:
        case Fault(kind="overlap"):
            return telling.repeating(int(fault.number(30)))
        case Fault(kind="empty_text"):
            return ""
        case Fault(kind="short"):
            return "好的。"
        case Fault(kind=kind) if kind in PARTS:
            return _part_told(telling.rest, kind)
    return answers.aloud(telling.rest, fault)


def _part_told(text: str, kind: str) -> str:
    """A part of a script as a model writes it that does not keep to its order, and ends as if all were well."""
    match kind:
        case "declines":
            return "抱歉，我无法协助完成这个请求。这样的内容不适合创作，请换一个题材再试一次。"
        case "wrong_episode":
            return re.sub(r"(集数：第|场次)[0-9]+", r"\g<1>99", text)
        case "outline":
            return "这一集讲主角终于找到了线索，对手步步紧逼，两人在雨夜里对峙，最后真相浮出水面，观众大呼过瘾。"
        case "unclosed":
            return text.replace("(完)", "").rstrip()
    return "\n".join(line for line in text.split("\n") if not line.startswith("#"))


def stopped(reply: Reply, fault: Fault | None) -> Reply:
    """The reply cut short with the vendor's reason for it."""
    reasons = {"refusal": "refusal", "max_tokens": "max_tokens", "context_window": "model_context_window_exceeded"}
    if fault is None or fault.kind not in reasons:
        return _odd(reply, fault)
    at = int(fault.number(len(reply.text) // 2))
    return replace(reply, text=reply.text[:at], stop_reason=reasons[fault.kind])


def _odd(reply: Reply, fault: Fault | None) -> Reply:
    match fault:
        case Fault(kind="only_thoughts"):
            return replace(reply, text="", thinking=reply.text[:200])
        case Fault(kind="thinks_long"):
            return replace(reply, thinking="嗯。")
    return replace(reply, stop_reason=answers.reason_told(reply.stop_reason, fault))


def broadcast(told: Events, interval: float, fault: Fault | None, number: int, request_id: str) -> Broadcast:
    """The stream, whole or misbehaving. `number` makes the place of a cut differ from request to request."""
    phases = _phases(told, answers.halved(told.text, fault), told.closing, interval)
    if fault is not None and fault.kind in CUTS:
        return _cut(told, interval, fault, number, request_id)
    if fault is not None and fault.kind in ENDINGS:
        return _odd_ending(told, phases, fault, request_id)
    return Broadcast(_reframed(phases, fault))


def _reframed(phases: tuple[Phase, ...], fault: Fault | None) -> tuple[Phase, ...]:
    match fault:
        case Fault(kind="bytewise"):
            return rechunked(phases, max(1, int(fault.number(1))))
        case Fault(kind="eventless"):
            return _each(phases, lambda piece: re.sub(rb"(?m)^event: .*\n", b"", piece))
        case Fault(kind="crlf"):
            return _each(phases, lambda piece: piece.replace(b"\n", b"\r\n"))
        case Fault(kind="unknown_events"):
            return _each(phases, lambda piece: _FUTURE + piece)
    return phases


def _odd_ending(told: Events, phases: tuple[Phase, ...], fault: Fault, request_id: str) -> Broadcast:
    """A stream that is whole in its text, or begins late."""
    before_marker = told.closing.partition(b"event: message_stop")[0]
    closings = {
        "missing_marker": before_marker,
        "missing_reason": event("message_stop", {}),
        "error_at_the_end": event("error", error_body("overloaded_error", "Overloaded", request_id)),
    }
    match fault.kind:
        case "open_after_end":
            return Broadcast(phases, Ending.STALL, answers.open_end(fault))
        case "pings_after_end":
            return Broadcast((*phases[:-1], Phase([before_marker]), answers.pings(_PING, fault)))
        case "error_line":
            return Broadcast((Phase([orjson.dumps(answers.error_told(fault)) + b"\n"]),))
        case "thinks_long":
            return Broadcast((phases[0], answers.long_thinking(told.thinking[0], fault), *phases[2:]))
    return Broadcast((*phases[:-1], Phase([closings[fault.kind]])))


def _phases(told: Events, text: list[bytes], closing: bytes, interval: float) -> tuple[Phase, ...]:
    return (
        Phase([told.opening]),
        Phase(told.thinking, interval),
        Phase([told.between]),
        Phase(text, interval),
        Phase([closing]),
    )


def _cut(told: Events, interval: float, fault: Fault, number: int, request_id: str) -> Broadcast:
    word, at = _where(fault, len(told.text), number)
    kept = told.text[:at]
    match fault.kind:
        case "error_midstream":
            kind = word or "overloaded_error"
            error = error_body(kind, "Overloaded" if kind == "overloaded_error" else kind, request_id)
            return Broadcast(_phases(told, kept, event("error", error), interval))
        case "bad_json":
            return Broadcast(
                _phases(told, kept, _FUTURE + b'event: content_block_delta\ndata: {"type":"cont\n\n', interval)
            )
        case "stall_midstream":
            phases = _phases(told, kept, b"", interval)
            return Broadcast(phases, Ending.STALL, float(word) if word else None)
        case "reset_midstream":
            return Broadcast(_phases(told, kept, b"", interval), Ending.RESET)
    return Broadcast(_phases(told, kept, b"", interval))


def _where(fault: Fault, total: int, number: int) -> tuple[str, int]:
    """A word (error type, seconds) and the number of deltas before the cut: `word`, `deltas` or `word:deltas`."""
    word, _, deltas = str(fault.value if fault.value is not None else "").partition(":")
    if fault.kind in {"eof", "reset_midstream", "bad_json"} or (fault.kind == "error_midstream" and word.isdigit()):
        word, deltas = "", deltas or word
    at = int(float(deltas)) if deltas else Dice("cut", fault.kind, number).number(0, total)
    return word, min(at, total)


def _each(phases: tuple[Phase, ...], change: Callable[[bytes], bytes]) -> tuple[Phase, ...]:
    return tuple(replace(phase, pieces=[change(piece) for piece in phase.pieces]) for phase in phases)
