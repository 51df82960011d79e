"""An answer of Anthropic's Messages API: streamed as events, or whole in one object."""

from collections.abc import Mapping
from typing import Any

from gateway.llm.chat_answer import text_in
from gateway.llm.refusals import refusal_in
from gateway.llm.streaming import StreamedAnswer
from shared.telemetry.metrics import count_tokens


class MessageAnswer(StreamedAnswer):
    """Every event but `ping` is a sign of life; so is an unknown delta, for later models have later kinds of them."""

    def text_of(self, event: Any) -> str | None:
        match event:
            case {"type": "content_block_delta", "delta": dict(delta)}:
                return self._said(delta)
            case {"type": "error"} | {"error": _}:
                refused = refusal_in(event)
                raise self.asked.told_inside(refused, self.request_id) if refused else self.asked.broken_off()
            case {"type": "message_start", "message": dict(message)}:
                self.begun = True
                count_tokens("claude", message.get("usage"), ("input_tokens", ""))
            case {"type": "message_delta", "delta": dict(delta), **rest}:
                self._stopped(delta)
                count_tokens("claude", rest.get("usage"), ("", "output_tokens"))
            case {"type": "message_stop"}:
                self.over = True
            case {"type": "message", "content": content, **rest}:
                self.begun = self.over = True
                self._stopped(rest)
                count_tokens("claude", rest.get("usage"), ("input_tokens", "output_tokens"))
                return text_in(content)
        return None

    def _said(self, delta: dict[str, Any]) -> str:
        self.begun = True
        self.thought = self.thought or delta.get("type") == "thinking_delta"
        text = delta.get("text") if delta.get("type") == "text_delta" else ""
        return text if isinstance(text, str) else ""

    def _stopped(self, told: Mapping[Any, Any]) -> None:
        reason, details = told.get("stop_reason"), told.get("stop_details")
        self.reason = reason if isinstance(reason, str) else self.reason
        self.category = str(details.get("category") or "") if isinstance(details, dict) else self.category
