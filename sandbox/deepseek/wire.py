"""DeepSeek's request rules and the bytes of its answers."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.story.conversation import MalformedMessageError, joined, turns_of
from sandbox.story.pieces import pieces
from sandbox.story.telling import Turn

Delta = dict[str, Any]

MODELS = ("deepseek-flash", "deepseek-v4-pro", "deepseek-v4-flash", "deepseek-v4-flash-vision-exp")
MOST_TOKENS = 393_216
DONE = b"data: [DONE]\n\n"
_KINDS = {401: "authentication_error", 402: "insufficient_balance", 429: "rate_limit_error", 500: "server_error"}
_INVALID = "invalid_request_error"
# Tokens a character, as the vendor's documentation gives them.
_ASCII, _OTHER = 0.3, 0.6


class RefusedError(Exception):
    """An HTTP status with the vendor's message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Question:
    """A request that passed."""

    model: str
    turns: list[Turn]
    max_tokens: int
    stream: bool
    thinks: bool
    as_json: bool
    tool: str | None = None

    @property
    def prompt(self) -> str:
        return joined(self.turns)

    @property
    def prompt_tokens(self) -> int:
        """Everything that is read is paid for, the model's own earlier turns too."""
        return sum(tokens(turn.text) for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Reply:
    number: int
    model: str
    created: int
    content: str | None
    reasoning: str
    finish_reason: str
    prompt_tokens: int
    tool: str | None = None

    def usage(self) -> dict[str, object]:
        """Cache hit and miss sum to the prompt; a prefix is cached in blocks of 64 tokens."""
        hit = self.prompt_tokens // 128 * 64
        thought = tokens(self.reasoning)
        written = tokens(self.content or "") + thought
        details = {"completion_tokens_details": {"reasoning_tokens": thought}} if thought else {}
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self.prompt_tokens + written,
            "prompt_tokens_details": {"cached_tokens": hit},
            "prompt_cache_hit_tokens": hit,
            "prompt_cache_miss_tokens": self.prompt_tokens - hit,
            **details,
        }

    def head(self, kind: str) -> dict[str, object]:
        return {
            "id": f"5a4db0c5-0000-4000-8000-{self.number:012d}",
            "object": kind,
            "created": self.created,
            "model": "deepseek-flash" if self.model.startswith("deepseek-v4-flash") else self.model,
            "system_fingerprint": "fp_sandbox",
        }


def parsed(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(400, "Failed to parse the request body as JSON") from error
    if not isinstance(told, dict):
        raise RefusedError(400, "Failed to parse the request body as JSON: expected an object")
    return told


def tokens(text: str) -> int:
    ascii_signs = len(text.encode("ascii", "ignore"))
    return math.ceil(ascii_signs * _ASCII + (len(text) - ascii_signs) * _OTHER)


def limited(text: str, max_tokens: int) -> str:
    """As much of the text as so many tokens hold."""
    if tokens(text) <= max_tokens:
        return text
    return text[: bisect_right(range(len(text)), max_tokens, key=lambda length: tokens(text[:length])) - 1]


def question(told: dict[str, Any], *, beta: bool = False) -> Question:
    """Raises RefusedError: 400 for the format, 422 for parameters."""
    if told.get("model") not in MODELS:
        raise RefusedError(400, "Model Not Exist")
    if "messages" not in told:
        raise RefusedError(422, "Failed to deserialize the JSON body into the target type: missing field `messages`")
    try:
        turns = turns_of(told["messages"])
    except MalformedMessageError as error:
        raise RefusedError(422, f"Failed to deserialize the JSON body into the target type: {error}") from error
    if not turns:
        raise RefusedError(400, "Empty input messages")
    _check_numbers(told)
    asked = Question(
        model=told["model"],
        turns=turns,
        max_tokens=told.get("max_tokens") or MOST_TOKENS,
        stream=told.get("stream") is True,
        thinks=(told.get("thinking") or {}).get("type") != "disabled",
        as_json=(told.get("response_format") or {}).get("type") == "json_object",
        tool=_tool(told, beta=beta),
    )
    if asked.as_json and "json" not in asked.prompt.lower():
        wanted = "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'."
        raise RefusedError(400, wanted)
    return asked


def _tool(told: dict[str, Any], *, beta: bool) -> str | None:
    """The name of the one tool that must be called. Strict ones exist at the beta base only, with a closed schema."""
    for tool in told.get("tools") or []:
        function = tool.get("function") or {}
        if function.get("strict") and not beta:
            raise RefusedError(400, "strict tools need the base URL https://api.deepseek.com/beta")
        if function.get("strict") and not _closed(function.get("parameters")):
            raise RefusedError(400, "Invalid tool parameters schema: all properties must be required and closed")
        return str(function.get("name"))
    return None


def _closed(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "array":
        return _closed(schema.get("items"))
    if schema.get("type") != "object":
        return True
    properties = schema.get("properties") or {}
    named = schema.get("required") == list(properties) and schema.get("additionalProperties") is False
    return named and all(map(_closed, properties.values()))


def _check_numbers(told: dict[str, Any]) -> None:
    limit, heat = told.get("max_tokens"), told.get("temperature")
    if limit is not None and (not isinstance(limit, int) or not 1 <= limit <= MOST_TOKENS):
        raise RefusedError(400, f"Invalid max_tokens value, the valid range of max_tokens is [1, {MOST_TOKENS}]")
    if heat is not None and (not isinstance(heat, int | float) or not 0 <= heat <= 2):
        raise RefusedError(400, "Invalid temperature value, the valid range of temperature is [0, 2.0]")


def refusal(status: int, message: str) -> Response:
    kind = _KINDS.get(status, _INVALID if status < 500 else "service_unavailable_error")
    error = {"message": message, "type": kind, "param": None, "code": _INVALID if status < 500 else kind}
    return Response(orjson.dumps({"error": error}), status, media_type="application/json")


def completion(reply: Reply, *, with_choice: bool = True) -> bytes:
    message: dict[str, object] = {"role": "assistant", "content": None if reply.tool else reply.content}
    if reply.tool:
        message["tool_calls"] = [_call(reply, reply.content or "")]
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
    choices = [choice] if with_choice else []
    return orjson.dumps({**reply.head("chat.completion"), "choices": choices, "usage": reply.usage()})


def chunks(reply: Reply) -> list[bytes]:
    """Role, reasoning, content, ending with usage; without the final `[DONE]`."""
    opening: list[Delta] = [{"role": "assistant", "content": ""}]
    thoughts: list[Delta] = [{"content": None, "reasoning_content": piece} for piece in pieces(reply.reasoning)]
    words: list[Delta] = [{"content": piece} for piece in pieces(reply.content or "")]
    if reply.tool:
        named, *rest = ["", *pieces(reply.content or "")]
        words = [{"tool_calls": [_call(reply, named)]}]
        words += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in rest]
    told = [_chunk(reply, delta) for delta in opening + thoughts + words]
    return [*told, _chunk(reply, {"content": ""}, reply.finish_reason, reply.usage())]


def _call(reply: Reply, arguments: str) -> dict[str, object]:
    function = {"name": reply.tool, "arguments": arguments}
    return {"index": 0, "id": f"call_{reply.number:024d}", "type": "function", "function": function}


def _chunk(reply: Reply, delta: Delta, reason: str | None = None, usage: dict[str, object] | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    body = {**reply.head("chat.completion.chunk"), "choices": [choice], "usage": usage}
    return b"data: %b\n\n" % orjson.dumps(body)
