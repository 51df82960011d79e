"""A relay that speaks OpenAI's chat completions and lets Claude write."""

from dataclasses import dataclass, replace
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox.control.keys import CLAUDE_KEY
from sandbox.control.state import SandboxState
from sandbox.faults import answers
from sandbox.faults.generic import instead, spoiled
from sandbox.faults.model import Fault
from sandbox.faults.streaming import Broadcast, Ending, Phase, StreamedResponse, rechunked
from sandbox.story.conversation import MalformedMessageError, joined, turns_of
from sandbox.story.dice import Dice
from sandbox.story.pieces import limited, pieces, tokens
from sandbox.story.telling import tell

VENDOR = "openai"
CALL = "chat"
KINDS = frozenset(
    {
        *("missing_done", "length", "error_midstream", "eof", "reset_midstream", "stall_midstream", "bad_json"),
        *("bytewise", "overlap", "short", "empty_text", "rate_limit"),
        *answers.TEXTS,
        *answers.BODIES,
        *answers.STREAMS,
    }
)
_DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Chunks:
    """A stream in its parts."""

    opening: bytes
    text: list[bytes]
    closing: bytes

    def broadcast(self, interval: float) -> Broadcast:
        return Broadcast((Phase([self.opening]), Phase(self.text, interval), Phase([self.closing, _DONE])))


def router(state: SandboxState) -> APIRouter:
    """The relay has an address of its own; under `/v1/chat/completions` the DeepSeek router passes Claude models on."""
    state.faults.learn(VENDOR, KINDS, frozenset({CALL}))
    routes = APIRouter(tags=[VENDOR])

    @routes.post("/relay/v1/chat/completions")
    async def completions(request: Request) -> Response:
        return chat(state, request, await request.body())

    @routes.get("/relay/v1/models")
    async def listed(request: Request) -> Response:
        return models(state, request)

    return routes


def chat(state: SandboxState, request: Request, body: bytes) -> Response:
    told = _parsed(body)
    prompt = _prompt(told)
    state.ledger.record(
        VENDOR,
        CALL,
        prompt=prompt,
        headers=request.headers,
        body=body[:4000].decode(errors="replace"),
        at=state.clock(),
    )
    if request.headers.get("authorization") != f"Bearer {CLAUDE_KEY}":
        return refusal(401, "Incorrect API key provided", "invalid_api_key")
    if not prompt or not str(told.get("model", "")).startswith("claude-"):
        return refusal(400, "messages and a claude model are required", "invalid_request_error")
    fault = state.faults.take(VENDOR, CALL, prompt)
    early = _limit(fault) or instead(fault, lambda status: refusal(status, f"sandbox fault {status}", "upstream_error"))
    if early is not None:
        return early
    state.ledger.submitted(VENDOR, prompt, state.open_streams[VENDOR] + 1)
    return spoiled(fault, _answer(state, told, prompt, fault))


def knows(request: Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {CLAUDE_KEY}"


def models(state: SandboxState, request: Request) -> Response:
    """The list of models, in the one shape that both dialects read."""
    state.ledger.record(VENDOR, "models", headers=request.headers, at=state.clock())
    if not knows(request):
        return refusal(401, "Incorrect API key provided", "invalid_api_key")
    model = {"id": "claude-sonnet-5-5", "type": "model", "object": "model", "display_name": "Claude Sonnet 5.5"}
    model |= {"created_at": "2026-09-01T00:00:00Z"}
    told = {"object": "list", "data": [model], "has_more": False, "first_id": model["id"], "last_id": model["id"]}
    return Response(orjson.dumps(told), media_type="application/json")


def _answer(state: SandboxState, told: dict[str, Any], prompt: str, fault: Fault | None) -> Response:
    number = state.next_number("relay")
    if fault is not None and fault.kind == "error_object":
        return answers.error_reply(fault)
    text, finish = _text(told, fault)
    if told.get("stream") is not True or (fault is not None and fault.kind == "plain_body"):
        return Response(_completion(text, finish, told["model"], number, tokens(prompt)), media_type="application/json")
    rate = state.settings.claude_deltas_per_second
    parts = chunks(text, told["model"], number, finish)
    return streamed(state, VENDOR, _shaped(parts, 1 / rate if rate else 0.0, fault, number))


def _text(told: dict[str, Any], fault: Fault | None) -> tuple[str, str]:
    telling = tell(turns_of(told["messages"]))
    text = answers.aloud(telling.rest, fault)
    match fault:
        case Fault(kind="overlap"):
            text = telling.repeating(int(fault.number(30)))
        case Fault(kind="short"):
            text = "好的。"
        case Fault(kind="empty_text" | "only_thoughts"):
            text = ""
        case Fault(kind="length"):
            return text[: int(fault.number(len(text) // 2))], "length"
    limit = told.get("max_tokens") or told.get("max_completion_tokens")
    short = limited(text, int(limit)) if limit else text
    return short, answers.reason_told("stop", fault) if short == text else "length"


def chunks(text: str, model: str, number: int, finish: str = "stop") -> Chunks:
    head = orjson.dumps(_head(number, model, "chat.completion.chunk"))[:-1]

    def chunk(delta: bytes, reason: bytes = b"null") -> bytes:
        return b'data: %b,"choices":[{"index":0,"delta":%b,"finish_reason":%b}]}\n\n' % (head, delta, reason)

    opening = chunk(b'{"role":"assistant","content":""}')
    told = [chunk(b'{"content":%b}' % orjson.dumps(piece)) for piece in pieces(text)]
    return Chunks(opening, told, chunk(b"{}", orjson.dumps(finish)))


def _shaped(parts: Chunks, interval: float, fault: Fault | None, number: int) -> Broadcast:
    parts = replace(parts, text=answers.halved(parts.text, fault))
    whole = parts.broadcast(interval)
    if fault is not None and (odd := _odd_ending(parts, whole, fault)):
        return odd
    match fault:
        case Fault(kind="bytewise"):
            return Broadcast(rechunked(whole.phases, max(1, int(fault.number(1)))))
        case Fault(kind="error_midstream" | "eof" | "reset_midstream" | "stall_midstream" | "bad_json"):
            return _cut(parts, interval, fault, number)
    return whole


def _odd_ending(parts: Chunks, whole: Broadcast, fault: Fault) -> Broadcast | None:
    """A stream that is whole in its text, or begins late."""
    before_marker = (*whole.phases[:-1], Phase([parts.closing]))
    thought = parts.opening.replace(b'"content":""', '"reasoning_content":"嗯。"'.encode())
    if fault.kind == "open_after_end":
        return Broadcast(whole.phases, Ending.STALL, answers.open_end(fault))
    shapes = {
        "missing_done": before_marker,
        "missing_marker": before_marker,
        "pings_after_end": (*before_marker, answers.pings(b": keep-alive\n\n", fault)),
        "error_line": (Phase([orjson.dumps(answers.error_told(fault)) + b"\n"]),),
        "thinks_long": (answers.long_thinking(thought, fault), *whole.phases),
        "only_thoughts": (Phase([thought]), *whole.phases),
    }
    return Broadcast(shapes[fault.kind]) if fault.kind in shapes else None


def _cut(parts: Chunks, interval: float, fault: Fault, number: int) -> Broadcast:
    """Cut after `value` deltas, else somewhere."""
    some = Dice("cut", fault.kind, number).number(0, len(parts.text))
    kept = parts.text[: int(fault.number(some))]
    error = b'data: {"error":{"message":"upstream overloaded","type":"overloaded_error","code":"overloaded"}}\n\n'
    tails = {"error_midstream": error, "bad_json": b'data: {"choices":[{"del\n\n'}
    endings = {"reset_midstream": Ending.RESET, "stall_midstream": Ending.STALL}
    phases = (Phase([parts.opening]), Phase(kept, interval), Phase([tails.get(fault.kind, b"")]))
    return Broadcast(phases, endings.get(fault.kind, Ending.COMPLETE))


def streamed(state: SandboxState, vendor: str, told: Broadcast) -> Response:
    return StreamedResponse(
        told,
        vendor=vendor,
        open_streams=state.open_streams,
        headers={"cache-control": "no-cache"},
        media_type="text/event-stream",
    )


def refusal(status: int, message: str, kind: str) -> Response:
    body = {"error": {"message": message, "type": kind, "param": None, "code": kind}}
    return Response(orjson.dumps(body), status, media_type="application/json")


def _limit(fault: Fault | None) -> Response | None:
    match fault:
        case Fault(kind="rate_limit"):
            response = refusal(429, "Rate limit reached", "rate_limit_exceeded")
            response.headers["retry-after"] = str(fault.value if fault.value is not None else 1)
            return response
        case Fault(kind="code"):
            return refusal(400, str(fault.value), str(fault.value))
    return None


def _completion(text: str, finish: str, model: str, number: int, asked: int) -> bytes:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": asked, "completion_tokens": tokens(text), "total_tokens": asked + tokens(text)}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return orjson.dumps({**_head(number, model, "chat.completion"), "choices": [choice], "usage": usage})


def _head(number: int, model: str, kind: str) -> dict[str, object]:
    return {"id": f"chatcmpl-sandbox{number:012d}", "object": kind, "created": 1793000000 + number, "model": model}


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _prompt(told: dict[str, Any]) -> str:
    try:
        return joined(turns_of(told.get("messages")))
    except MalformedMessageError:
        return ""
