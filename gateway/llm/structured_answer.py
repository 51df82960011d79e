"""An answer that was asked for in a shape: as a strict tool's arguments, or as text, whichever comes."""

from typing import Any

from gateway.llm.chat_answer import ChatAnswer
from gateway.llm.event_lines import EventLines
from gateway.llm.failures import CUT_REASONS, ONLY_THOUGHTS, Asked
from gateway.llm.refusals import refusal_in_body
from gateway.storyboard.model_calls import INCOMPLETE, Answer
from gateway.text.thoughts import without_thoughts
from shared.errors import LLMError, Reason
from shared.outbound.retry import Transient
from shared.wire import loads, well_formed

UNUSABLE = "API返回格式错误"
_TOOL_REASONS = frozenset({"tool_calls", "tool_use", "function_call"})
_REFUSED = frozenset({"refusal", "content_filter", "sensitive"})


class StructuredAnswer(ChatAnswer):
    """Gathers the whole answer, of a stream or of one object, and says what it is worth."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self.work = 0
        self._lines = EventLines()
        self._content: list[str] = []
        self._arguments: list[str] = []
        self._objects = self._bytes = 0

    def _said(self, told: dict[str, Any]) -> str | None:
        calls = told.get("tool_calls")
        call = calls[0] if isinstance(calls, list) and calls and isinstance(calls[0], dict) else {}
        function = call.get("function")
        arguments = function.get("arguments") if isinstance(function, dict) else None
        self._arguments.append(arguments if isinstance(arguments, str) else "")
        text = super()._said(told)
        self._content.append(text or "")
        return text

    @property
    def text(self) -> str:
        """The tool's arguments, else what was said, without thoughts."""
        arguments = "".join(self._arguments)
        return well_formed(arguments) if arguments.strip() else without_thoughts(well_formed("".join(self._content)))

    @property
    def stop(self) -> str:
        return str(self.reason or "").strip().lower()

    @property
    def well_stopped(self) -> bool:
        return super().well_stopped or self.stop in _TOOL_REASONS

    def feed(self, chunk: bytes) -> None:
        """`work` counts the signs of it. Raises LLMError, and Transient, for an error in the place of an answer."""
        self._bytes += len(chunk.strip())
        self._take(self._lines.feed(chunk))

    def finish(self) -> None:
        self._take(self._lines.finish())

    def _take(self, lines: list[bytes]) -> None:
        for line in lines:
            if line == b"[DONE]":
                self.over = True
                continue
            try:
                event = loads(line)
            except ValueError:
                continue
            self._objects += isinstance(event, dict)
            try:
                self.work += self.text_of(event) is not None
            except LLMError as error:
                # Whatever comes after a good stop reason, the answer is whole.
                if not self.well_stopped:
                    raise _passing(error) from error

    def answer(self, *, whole: bool) -> Answer:
        """`whole`: the connection ended as it should. Raises LLMError, and Transient for what may pass."""
        if not self.begun:
            raise self._nothing()
        vendor = self.asked.replied(self.stop, self.request_id)
        if self.stop == "insufficient_system_resource":
            raise Transient(LLMError(INCOMPLETE, reason=Reason.VENDOR_BUSY, vendor=vendor))
        if self.stop in _REFUSED:
            raise self.asked.stopped(self.reason, self.category, self.request_id)
        text = self.text
        if not text.strip():
            why = ONLY_THOUGHTS if self.thought or "".join(self._content).strip() else "模型没有写出正文"
            raise Transient(LLMError(f"{UNUSABLE}: {why}", reason=Reason.NO_TEXT, vendor=vendor))
        return Answer(text, cut=self.stop in CUT_REASONS or not (whole or self.well_stopped))

    def _nothing(self) -> Exception:
        """A 200 without anything of an answer."""
        stray = self._lines.stray.strip()
        if refused := refusal_in_body(stray):
            return _passing(self.asked.told_inside(refused, self.request_id))
        if not self._bytes:
            return Transient(LLMError(f"{UNUSABLE}: 返回内容为空", reason=Reason.VENDOR_BUSY))
        if self._objects:
            told = "返回的JSON里没有回答（choices）"
        elif stray:
            told = "返回的是网页" if stray.startswith(b"<") else "返回的不是JSON"
        else:
            told = "返回的事件流没有可识别的内容"
        return LLMError(f"{UNUSABLE}: {told}，请检查{self.asked.setting}")


def _passing(error: LLMError) -> Exception:
    """An error inside a 200 may pass as well as one with a status of its own."""
    return Transient(error) if error.reason in {Reason.VENDOR_BUSY, Reason.VENDOR_DOWN} else error
