"""Anthropic's Messages API: strict about what it is asked, streaming at a believable pace."""

from datetime import UTC, datetime

import orjson
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from sandbox.claude import relay as openai_relay
from sandbox.claude.events import Reply, error_body, events, message_body
from sandbox.claude.faults import KINDS, broadcast, stopped, told_text
from sandbox.claude.rules import STATUS, Question, RefusedError, check
from sandbox.control.state import SandboxState
from sandbox.faults import answers
from sandbox.faults.connection import ResetResponse, StalledResponse, TruncatedResponse
from sandbox.faults.generic import instead, spoiled
from sandbox.faults.model import Fault
from sandbox.faults.streaming import StreamedResponse
from sandbox.story.conversation import MalformedMessageError, joined, turns_of
from sandbox.story.looking import visible
from sandbox.story.pieces import limited, tokens
from sandbox.story.telling import tell

VENDOR = "claude"
CALL = "messages"
DOUBLED = ("/v1/v1/messages", "/v1/messages/v1/messages", "/v1/messages/messages", "/messages")


def router(state: SandboxState) -> APIRouter:
    state.faults.learn(VENDOR, KINDS, frozenset({CALL}))
    routes = APIRouter(tags=[VENDOR])

    @routes.post("/v1/messages")
    async def messages(request: Request) -> Response:
        return Conversation(state, request, await request.body()).answer()

    async def nowhere(request: Request) -> Response:
        return Conversation(state, request, b"").refusal(RefusedError("not_found_error", "Not Found"))

    for path in DOUBLED:
        routes.add_api_route(path, nowhere, methods=["POST"], include_in_schema=False)
    return routes


def interval_of(state: SandboxState) -> float:
    rate = state.settings.claude_deltas_per_second
    return 1 / rate if rate else 0.0


class Conversation:
    """One request and its answer."""

    def __init__(self, state: SandboxState, request: Request, body: bytes) -> None:
        self._state, self._request, self._body = state, request, body
        self._number = state.next_number(CALL)
        self._request_id = f"req_011Sandbox{self._number:015d}"

    def answer(self) -> Response:
        prompt = self._prompt()
        self._state.ledger.record(
            VENDOR, CALL, prompt=prompt, headers=self._request.headers, body=self._shown(), at=self._state.clock()
        )
        try:
            question = check(self._request.headers, self._body)
        except RefusedError as refused:
            return self.refusal(refused)
        fault = self._state.faults.take(VENDOR, CALL, prompt)
        early = self._refused(fault) or instead(fault, self._status)
        return early or self._accepted(question, prompt, fault)

    def _accepted(self, question: Question, prompt: str, fault: Fault | None) -> Response:
        self._state.ledger.submitted(VENDOR, prompt, self._state.open_streams[VENDOR] + 1)
        reply = stopped(self._reply(question, prompt, fault), fault)
        match fault:
            case Fault(kind="openai_format"):
                return self._streamed_as_openai(reply)
            case Fault(kind="error_object"):
                return answers.error_reply(fault)
            case Fault(kind="plain_body"):
                return self._whole(reply, fault)
        return spoiled(fault, self._streamed(reply, fault) if question.stream else self._whole(reply, fault))

    def _reply(self, question: Question, prompt: str, fault: Fault | None) -> Reply:
        """Stop sequences and max_tokens cut for real."""
        text = told_text(tell(question.turns), fault)
        ends = [(text.find(word), word) for word in question.stop_sequences if word and word in text]
        at, sequence = min(ends, default=(len(text), None))
        short = limited(text[:at], question.max_tokens)
        cut = len(short) < len(text[:at])
        return Reply(
            message_id=f"msg_01Sandbox{self._number:015d}",
            model=question.model,
            text=short,
            thinking=_thoughts(question) if question.thinks else "",
            stop_reason="max_tokens" if cut else "stop_sequence" if sequence else "end_turn",
            stop_sequence=None if cut else sequence,
            input_tokens=tokens(prompt),
        )

    def _streamed(self, reply: Reply, fault: Fault | None) -> Response:
        told = broadcast(events(reply), interval_of(self._state), fault, self._number, self._request_id)
        return StreamedResponse(
            told,
            vendor=VENDOR,
            open_streams=self._state.open_streams,
            headers={**self._headers(), "cache-control": "no-cache"},
            media_type="text/event-stream; charset=utf-8",
        )

    def _whole(self, reply: Reply, fault: Fault | None) -> Response:
        response = self._json(message_body(reply))
        match fault:
            case Fault(kind="error_midstream" | "overloaded"):
                return self.refusal(RefusedError("overloaded_error", "Overloaded"))
            case Fault(kind="eof"):
                return TruncatedResponse(response, len(response.body) // 2)
            case Fault(kind="reset_midstream"):
                return ResetResponse()
            case Fault(kind="stall_midstream"):
                return StalledResponse(None)
            case Fault(kind="bad_json"):
                return PlainTextResponse('{"id":"msg_01', media_type="application/json")
        return response

    def _streamed_as_openai(self, reply: Reply) -> Response:
        told = openai_relay.chunks(reply.text, reply.model, self._number)
        return openai_relay.streamed(self._state, VENDOR, told.broadcast(interval_of(self._state)))

    def _refused(self, fault: Fault | None) -> Response | None:
        match fault:
            case Fault(kind="rate_limit"):
                refused = RefusedError("rate_limit_error", "Number of request tokens has exceeded your rate limit")
                response = self.refusal(refused)
                response.headers["retry-after"] = str(fault.value if fault.value is not None else 1)
                return response
            case Fault(kind="overloaded"):
                return self.refusal(RefusedError("overloaded_error", "Overloaded"))
            case Fault(kind="code"):
                kind = str(fault.value or "api_error")
                return self.refusal(RefusedError(kind, kind))
        return None

    def refusal(self, refused: RefusedError) -> Response:
        body = error_body(refused.kind, refused.message, self._request_id)
        return self._json(body, STATUS.get(refused.kind, 400))

    def _status(self, status: int) -> Response:
        kind = next((kind for kind, code in STATUS.items() if code == status), "api_error")
        return self._json(error_body(kind, f"sandbox fault {status}", self._request_id), status)

    def _json(self, body: dict[str, object], status: int = 200) -> Response:
        return Response(orjson.dumps(body), status, self._headers(), "application/json")

    def _headers(self) -> dict[str, str]:
        reset = datetime.fromtimestamp(self._state.clock() + 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        limits = {"requests": 4000, "tokens": 2_400_000, "input-tokens": 2_000_000, "output-tokens": 400_000}
        left = self._state.open_streams[VENDOR]
        rates: dict[str, str] = {}
        for name, limit in limits.items():
            head = f"anthropic-ratelimit-{name}"
            rates |= {f"{head}-limit": str(limit), f"{head}-remaining": str(limit - left), f"{head}-reset": reset}
        return {"request-id": self._request_id, **rates}

    def _prompt(self) -> str:
        """All that was said, for the ledger and for `match`, also when the request will be refused."""
        try:
            told = orjson.loads(self._body)
            return joined(turns_of(told.get("messages"))) if isinstance(told, dict) else ""
        except (orjson.JSONDecodeError, MalformedMessageError):
            return ""

    def _shown(self) -> str:
        return self._body[:4000].decode(errors="replace")


def _thoughts(question: Question) -> str:
    asked = question.turns[-1].text
    return f"先看要求：{visible(asked)}。要求共{len(asked)}字，按给定的格式写，前后一致。"
