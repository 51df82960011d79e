"""What the Messages API refuses before it answers, in the order in which it looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.control.keys import CLAUDE_KEY
from sandbox.story.conversation import MalformedMessageError, turns_of
from sandbox.story.telling import Turn

NEWEST_VERSION = "2026-10-21"
VERSIONS = frozenset({"2023-01-01", "2023-06-01", NEWEST_VERSION})
LARGEST_BODY = 32 * 2**20
MOST_TOKENS = 128_000
_UP_TO_4_5 = (
    "claude-haiku-4-5",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-5",
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5",
    "claude-sonnet-4-5-20250929",
)
_UP_TO_4_6 = (*_UP_TO_4_5, "claude-opus-4-6", "claude-sonnet-4-6")
_THINKING = tuple(
    f"claude-{name}"
    for name in (
        *("fable-5-2", "mythos-5-2", "haiku-5-5", "sonnet-5-5", "fable-5-1", "opus-5-5"),
        *("mythos-5-1", "sonnet-5", "fable-5", "mythos-5", "opus-5"),
    )
)
MODELS = frozenset((*_UP_TO_4_6, "claude-opus-4-7", "claude-opus-4-8", "claude-mythos-preview", *_THINKING))
_SAMPLING = ("temperature", "top_p", "top_k")
_FIELDS = frozenset(
    {
        *("model", "max_tokens", "messages", "system", "stream", "stop_sequences", "metadata", "thinking", "tools"),
        *("tool_choice", "service_tier", "cache_control", "output_config", "context_management", *_SAMPLING),
    }
)
STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class RefusedError(Exception):
    """An error of the vendor's own kinds, with its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True, slots=True)
class Question:
    """A request that passed."""

    model: str
    turns: list[Turn]
    max_tokens: int
    stream: bool
    stop_sequences: tuple[str, ...]
    thinks: bool


def check(headers: Mapping[str, str], body: bytes) -> Question:
    """Raises RefusedError."""
    _check_headers(headers)
    if len(body) > LARGEST_BODY:
        raise RefusedError("request_too_large", "Request exceeds the maximum allowed number of bytes.")
    told = _parsed(body)
    _check_fields(told)
    model = _checked_model(told)
    _check_sampling(told, model, headers["anthropic-version"])
    return Question(
        model=model,
        turns=_checked_turns(told, model),
        max_tokens=_checked_limit(told, model),
        stream=told.get("stream") is True,
        stop_sequences=tuple(map(str, told.get("stop_sequences") or ())),
        thinks=model in _THINKING and (told.get("thinking") or {}).get("type") != "disabled",
    )


def _check_headers(headers: Mapping[str, str]) -> None:
    key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    if not key:
        raise RefusedError("authentication_error", "x-api-key header is required")
    if key != CLAUDE_KEY:
        raise RefusedError("authentication_error", "invalid x-api-key")
    version = headers.get("anthropic-version")
    if version is None:
        raise RefusedError("invalid_request_error", "anthropic-version: header is required")
    if version not in VERSIONS:
        raise RefusedError("invalid_request_error", f"anthropic-version: {version!r} is not a valid version")
    if not headers.get("content-type", "").startswith("application/json"):
        raise RefusedError("invalid_request_error", "content-type: must be application/json")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError("invalid_request_error", "The request body is not valid JSON") from error
    if not isinstance(told, dict):
        raise RefusedError("invalid_request_error", "Input should be a valid dictionary")
    return told


def _check_fields(told: dict[str, Any]) -> None:
    for name in told:
        if name not in _FIELDS:
            raise RefusedError("invalid_request_error", f"{name}: Extra inputs are not permitted")
    for name in ("model", "max_tokens", "messages"):
        if name not in told:
            raise RefusedError("invalid_request_error", f"{name}: Field required")


def _checked_model(told: dict[str, Any]) -> str:
    model = str(told["model"])
    if model not in MODELS:
        raise RefusedError("not_found_error", f"model: {model}")
    if (told.get("thinking") or {}).get("type") == "enabled" and model not in _UP_TO_4_6:
        raise RefusedError("invalid_request_error", "thinking.type: 'enabled' is not supported for this model")
    return model


def _check_sampling(told: dict[str, Any], model: str, version: str) -> None:
    for name in _SAMPLING:
        if name not in told:
            continue
        if version == NEWEST_VERSION:
            raise RefusedError("invalid_request_error", f"{name}: Extra inputs are not permitted")
        if model not in _UP_TO_4_6 and told[name] != 1:
            raise RefusedError("invalid_request_error", f"{name}: only the default is supported for this model")


def _checked_limit(told: dict[str, Any], model: str) -> int:
    limit = told["max_tokens"]
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise RefusedError("invalid_request_error", "max_tokens: Input should be greater than or equal to 1")
    if limit > MOST_TOKENS:
        told_limit = f"max_tokens: {limit} > {MOST_TOKENS}"
        raise RefusedError("invalid_request_error", f"{told_limit}, the maximum number of output tokens for {model}")
    return limit


def _checked_turns(told: dict[str, Any], model: str) -> list[Turn]:
    try:
        turns = turns_of(told["messages"])
    except MalformedMessageError as error:
        raise RefusedError("invalid_request_error", str(error)) from error
    if not turns:
        raise RefusedError("invalid_request_error", "messages: at least one message is required")
    for at, turn in enumerate(turns):
        _check_turn(at, turn)
    if turns[-1].role == "assistant" and model not in _UP_TO_4_5:
        message = (
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
        raise RefusedError("invalid_request_error", message)
    return turns


def _check_turn(at: int, turn: Turn) -> None:
    if turn.role not in {"user", "assistant"}:
        raise RefusedError("invalid_request_error", f"messages.{at}.role: Input should be 'user' or 'assistant'")
    if not turn.text.strip():
        raise RefusedError("invalid_request_error", f"messages.{at}: text content blocks must be non-empty")
