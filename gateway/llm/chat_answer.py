"""An answer of OpenAI's chat completions: streamed as chunks, or whole in one object."""

from typing import Any

from gateway.llm.refusals import refusal_in
from gateway.llm.streaming import StreamedAnswer
from shared.telemetry.metrics import count_tokens

_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_WORK = (*_THOUGHTS, "tool_calls", "function_call", "refusal")


class ChatAnswer(StreamedAnswer):
    """Reads `chat.completion.chunk` and `chat.completion` alike: relays send the one where the other was asked for."""

    def text_of(self, event: Any) -> str | None:
        if not isinstance(event, dict):
            return None
        choice = _first(event.get("choices"))
        if not choice and (refused := refusal_in(event)):
            raise self.asked.told_inside(refused, self.request_id)
        count_tokens(self.asked.vendor, event.get("usage"), ("prompt_tokens", "completion_tokens"))
        self.begun = self.begun or bool(choice)
        self.reason = choice.get("finish_reason") or self.reason
        self.over = self.over or isinstance(choice.get("message"), dict)
        told = choice.get("delta") or choice.get("message")
        return self._said(told) if isinstance(told, dict) else None

    def _said(self, told: dict[str, Any]) -> str | None:
        self.thought = self.thought or any(told.get(name) for name in _THOUGHTS)
        text = text_in(told.get("content"))
        return text if text or any(told.get(name) for name in _WORK) else None


def text_in(content: object) -> str:
    """The text of a message's content, which some send as a list of parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _first(choices: object) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
