"""DeepSeek's chat completions: blank lines while waiting, thinking unless disabled, answers made from the story."""

import json
from dataclasses import replace

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox.claude import relay as openai_relay
from sandbox.control.keys import CLAUDE_KEY, DEEPSEEK_KEY
from sandbox.control.settings import within
from sandbox.control.state import SandboxState
from sandbox.deepseek.wire import (
    DONE,
    MODELS,
    Question,
    RefusedError,
    Reply,
    chunks,
    completion,
    limited,
    parsed,
    question,
    refusal,
    tokens,
)
from sandbox.faults import answers
from sandbox.faults.generic import instead, spoiled
from sandbox.faults.model import Fault
from sandbox.faults.streaming import Broadcast, Phase, StreamedResponse
from sandbox.story import storyboard
from sandbox.story.conversation import MalformedMessageError, joined, turns_of
from sandbox.story.damage import damaged
from sandbox.story.harm import HARMS, harmed
from sandbox.story.looking import visible
from sandbox.story.telling import tell

VENDOR = "deepseek"
# What touches the frames alone is armed with match="<frames>", as `damaged`: the frames in a form of the model's own.
KINDS = frozenset(
    {
        *("insufficient", "length", "blank", "no_choices", "null_content", "keepalive_forever", "overloaded"),
        *("event_stream", "blank_lines", "error_object", "only_thoughts", *answers.TEXTS),
        *("damaged", "slow_tokens", "no_tools", "no_stop", *HARMS),
    }
)
BREATH = 0.2
FOREVER = 600


def router(state: SandboxState) -> APIRouter:
    """Both bases. A question for a Claude model is passed to the relay that lives at the same address."""
    state.faults.learn(VENDOR, KINDS, frozenset({"chat", "models", "balance"}))
    routes = APIRouter(tags=[VENDOR])

    async def chat(request: Request) -> Response:
        body = await request.body()
        if _for_claude(request, body):
            return openai_relay.chat(state, request, body)
        return Conversation(state, request, body).answer()

    async def models(request: Request) -> Response:
        if openai_relay.knows(request):
            return openai_relay.models(state, request)
        names = [{"id": name, "object": "model", "owned_by": "deepseek"} for name in MODELS[:2]]
        return _listed(state, request, "models", {"object": "list", "data": names})

    async def balance(request: Request) -> Response:
        infos = {"currency": "CNY", "total_balance": "100.00", "granted_balance": "0.00", "topped_up_balance": "100.00"}
        return _listed(state, request, "balance", {"is_available": True, "balance_infos": [infos]})

    for base in ("", "/v1", "/beta"):
        routes.add_api_route(f"{base}/chat/completions", chat, methods=["POST"])
        routes.add_api_route(f"{base}/models", models, methods=["GET"])
    routes.add_api_route("/user/balance", balance, methods=["GET"])
    return routes


def _for_claude(request: Request, body: bytes) -> bool:
    """By key; a DeepSeek key is never passed on. With any other key by model."""
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    if key in {CLAUDE_KEY, DEEPSEEK_KEY}:
        return key == CLAUDE_KEY
    try:
        return str(parsed(body).get("model", "")).startswith("claude")
    except RefusedError:
        return False


def _unknown_key(request: Request) -> Response | None:
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    if key == DEEPSEEK_KEY:
        return None
    shown = f"****{key[-4:]}" if len(key) > 8 else "****"
    return refusal(401, f"Authentication Fails, Your api key: {shown} is invalid")


def _listed(state: SandboxState, request: Request, call: str, body: dict[str, object]) -> Response:
    state.ledger.record(VENDOR, call, headers=request.headers, at=state.clock())
    fault = state.faults.take(VENDOR, call, "")
    early = _unknown_key(request) or instead(fault, _status)
    return early or spoiled(fault, Response(orjson.dumps(body), media_type="application/json"))


def _status(status: int) -> Response:
    return refusal(status, f"sandbox fault {status}")


class Conversation:
    """One request and its answer."""

    def __init__(self, state: SandboxState, request: Request, body: bytes) -> None:
        self._state, self._request, self._body = state, request, body
        self._number = state.next_number("deepseek-chat")

    def answer(self) -> Response:
        prompt, shown = self._prompt(), self._body[:16_000].decode(errors="replace")
        headers, at = self._request.headers, self._state.clock()
        self._state.ledger.record(VENDOR, "chat", prompt=prompt, headers=headers, body=shown, at=at)
        stranger = _unknown_key(self._request)
        if stranger is not None:
            return stranger
        try:
            asked = question(parsed(self._body), beta=self._request.url.path.startswith("/beta/"))
        except RefusedError as refused:
            return refusal(refused.status, refused.message)
        fault = self._state.faults.take(VENDOR, "chat", prompt)
        return _early(fault) or self._accepted(asked, fault)

    def _accepted(self, asked: Question, fault: Fault | None) -> Response:
        self._state.ledger.submitted(VENDOR, asked.prompt, self._state.open_streams[VENDOR] + 1)
        match fault:
            case Fault(kind="error_object"):
                return answers.error_reply(fault)
            case Fault(kind="blank_lines"):
                return Response(b"\n" * 6, media_type="application/json")
            case Fault(kind="event_stream"):
                asked = replace(asked, stream=True)
        reply = _misshapen(self._reply(asked, fault), fault)
        told = self._paced(asked, reply, fault)
        response = StreamedResponse(
            told,
            vendor=VENDOR,
            open_streams=self._state.open_streams,
            headers={"cache-control": "no-cache"},
            media_type="text/event-stream; charset=utf-8" if asked.stream else "application/json",
        )
        return spoiled(fault, response)

    def _paced(self, asked: Question, reply: Reply, fault: Fault | None) -> Broadcast:
        """At so many tokens a second, if the settings or a fault say how many; else within the usual time."""
        speed = self._state.settings.deepseek_tokens_per_second
        if fault is not None and fault.kind == "slow_tokens":
            speed = fault.number(20)
        wait = within(self._state.settings.deepseek_seconds, asked.prompt)
        writing = tokens((reply.content or "") + reply.reasoning) / speed if speed else None
        return _streamed(reply, (wait, writing), fault) if asked.stream else _whole(reply, wait + (writing or 0), fault)

    def _reply(self, asked: Question, fault: Fault | None) -> Reply:
        text, called = _text(asked, fault)
        short = limited(text, asked.max_tokens)
        finished = "tool_calls" if called else "stop"
        return Reply(
            number=self._number,
            model=asked.model,
            created=int(self._state.clock()),
            content=short,
            reasoning=_thoughts(asked) if asked.thinks else "",
            finish_reason=finished if short == text else "length",
            prompt_tokens=asked.prompt_tokens,
            tool=asked.tool if called else None,
        )

    def _prompt(self) -> str:
        try:
            return joined(turns_of(parsed(self._body).get("messages")))
        except (RefusedError, MalformedMessageError):
            return ""


def _text(asked: Question, fault: Fault | None) -> tuple[str, bool]:
    """What is said, and whether it is said as the arguments of the asked tool."""
    prompt = asked.turns[-1].text
    board = storyboard.answered(prompt)
    if board is None:
        said = answers.aloud(tell(asked.turns).rest, fault)
        return (json.dumps({"content": said}, ensure_ascii=False) if asked.as_json else said), False
    match fault:
        case Fault(kind="damaged") if "frames" in board:
            pictures, features = storyboard.pictures(prompt), storyboard.feature_list(prompt)
            return damaged(pictures, features, int(fault.number(0))), False
        case Fault(kind="thoughts" | "lone_thoughts" | "half_character"):
            return answers.aloud(json.dumps(board, ensure_ascii=False), fault), False
        case Fault(kind=kind) if kind in HARMS:
            told = harmed(board, kind, int(fault.number(1)))
            # A refusal and a story told in prose call no tool.
            if kind in {"refuse", "prose"}:
                return str(told), False
            return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False), asked.tool is not None
    return json.dumps(board, ensure_ascii=False), asked.tool is not None


def _thoughts(asked: Question) -> str:
    told = asked.turns[-1].text
    return f"用户的要求共{len(told)}字，其中最具画面感的是“{visible(told)}”。按要求的格式逐条写。"


def _early(fault: Fault | None) -> Response | None:
    match fault:
        case Fault(kind="overloaded"):
            return refusal(503, "The server is overloaded, please try again later.")
        case Fault(kind="no_tools"):
            return refusal(400, "This model does not support strict tools.")
        case Fault(kind="code"):
            return refusal(400, str(fault.value))
    return instead(fault, _status)


def _misshapen(reply: Reply, fault: Fault | None) -> Reply:
    """The text is whole, the answer around it is not."""
    written = reply.content or ""
    half = written[: int(fault.number(len(written) // 2))] if fault and fault.kind in {"length", "insufficient"} else ""
    match fault:
        case Fault(kind="length"):
            return replace(reply, content=half, finish_reason="length")
        case Fault(kind="insufficient"):
            return replace(reply, content=half, finish_reason="insufficient_system_resource")
        case Fault(kind="blank"):
            return replace(reply, content=" " * 64)
        case Fault(kind="null_content"):
            return replace(reply, content=None)
        case Fault(kind="only_thoughts"):
            return replace(reply, content="", reasoning="先想一想。")
    return replace(reply, finish_reason=answers.reason_told(reply.finish_reason, fault))


def _whole(reply: Reply, wait: float, fault: Fault | None) -> Broadcast:
    """HTTP 200 at once, blank lines while the model works, then the JSON."""
    body = completion(reply, with_choice=fault is None or fault.kind != "no_choices")
    if fault is not None and fault.kind == "half_character":
        body = body.replace(b'"content":"', b'"content":"' + answers.halves(fault))
    return Broadcast((_waiting(b"\n", wait, fault), Phase([body])))


def _streamed(reply: Reply, seconds: tuple[float, float | None], fault: Fault | None) -> Broadcast:
    """`seconds`: to wait, and to write; without the second the first is for both."""
    if fault is not None and fault.kind == "no_choices":
        return Broadcast((Phase([DONE]),))
    wait, writing = seconds if seconds[1] is not None else (seconds[0] / 2, seconds[0] / 2)
    told = answers.halved(chunks(reply), fault)
    if fault is not None and fault.kind == "no_stop":
        told, last = told[: len(told) * 6 // 10], []
    else:
        last = [DONE]
    written = Phase(told, (writing or 0) / max(1, len(told)))
    return Broadcast((_waiting(b": keep-alive\n\n", wait, fault), written, Phase(last)))


def _waiting(breath: bytes, seconds: float, fault: Fault | None) -> Phase:
    if fault is not None and fault.kind == "keepalive_forever":
        seconds = fault.number(FOREVER)
    breaths = max(1, round(seconds / BREATH))
    return Phase([breath] * breaths, seconds / breaths, apart=True)
