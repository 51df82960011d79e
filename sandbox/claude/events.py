"""An answer of the Messages API as its JSON body and as its encoded stream events."""

from dataclasses import dataclass

import orjson

from sandbox.story.pieces import pieces, tokens


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says and why it stops."""

    message_id: str
    model: str
    text: str
    thinking: str = ""
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    input_tokens: int = 0

    @property
    def stop_details(self) -> dict[str, str] | None:
        refused = {"type": "refusal", "category": "general_harms"}
        return refused if self.stop_reason == "refusal" else None


@dataclass(frozen=True, slots=True)
class Events:
    """A stream in its parts; the text deltas are what a cut counts."""

    opening: bytes
    thinking: list[bytes]
    between: bytes
    text: list[bytes]
    closing: bytes


def event(name: str, data: dict[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, **data}))


def error_body(kind: str, message: str, request_id: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


def message_body(reply: Reply) -> dict[str, object]:
    thought = {"type": "thinking", "thinking": reply.thinking, "signature": _signature(reply)}
    content: list[dict[str, object]] = [{**thought}] if reply.thinking else []
    text: list[dict[str, object]] = [{"type": "text", "text": reply.text}] if reply.text else []
    return {
        **_shell(reply, content + text),
        "stop_reason": reply.stop_reason,
        "stop_sequence": reply.stop_sequence,
        "stop_details": reply.stop_details,
        "usage": _usage(reply, tokens(reply.thinking + reply.text)),
    }


def events(reply: Reply) -> Events:
    """Encoded once, so that sending costs nothing but the sending."""
    index = 1 if reply.thinking else 0
    return Events(
        opening=_opening(reply),
        thinking=_deltas(0, "thinking_delta", "thinking", reply.thinking),
        between=_between(reply, index),
        text=_deltas(index, "text_delta", "text", reply.text),
        closing=_closing(reply, index),
    )


def _opening(reply: Reply) -> bytes:
    message = {**_shell(reply, []), "stop_reason": None, "stop_sequence": None, "usage": _usage(reply, 1)}
    block: dict[str, object] = {"type": "thinking", "thinking": "", "signature": ""}
    thinks = event("content_block_start", {"index": 0, "content_block": block}) if reply.thinking else b""
    return event("message_start", {"message": message}) + thinks + event("ping", {})


def _between(reply: Reply, index: int) -> bytes:
    start = event("content_block_start", {"index": index, "content_block": {"type": "text", "text": ""}})
    if not reply.thinking:
        return start
    signed = {"type": "signature_delta", "signature": _signature(reply)}
    delta = event("content_block_delta", {"index": 0, "delta": signed})
    return delta + event("content_block_stop", {"index": 0}) + start


def _closing(reply: Reply, index: int) -> bytes:
    delta = {
        "stop_reason": reply.stop_reason,
        "stop_sequence": reply.stop_sequence,
        "stop_details": reply.stop_details,
    }
    usage = {"output_tokens": tokens(reply.thinking + reply.text)}
    ending = event("message_delta", {"delta": delta, "usage": usage})
    return event("content_block_stop", {"index": index}) + ending + event("message_stop", {})


def _deltas(index: int, kind: str, field: str, text: str) -> list[bytes]:
    head = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":' % (
        index,
        kind.encode(),
        field.encode(),
    )
    return [head + orjson.dumps(piece) + b"}}\n\n" for piece in pieces(text)]


def _shell(reply: Reply, content: list[dict[str, object]]) -> dict[str, object]:
    return {
        "id": reply.message_id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": content,
    }


def _usage(reply: Reply, output: int) -> dict[str, object]:
    return {
        "input_tokens": reply.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
        "service_tier": "standard",
    }


def _signature(reply: Reply) -> str:
    return f"sandbox{reply.message_id}"
