"""A streamed answer in any dialect: its pieces, and when it is over.

The stop reason decides. With a good one the part is done at the closing marker, at the body's end, or after LINGER
seconds: relays leave the marker out, leave the connection open, or go on sending pings.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, nullcontext
from typing import Any

from gateway.llm.event_lines import EventLines
from gateway.llm.failures import DAMAGED, GOOD_REASONS, Asked
from gateway.llm.refusals import refusal_in_body
from gateway.text.halves import HalfJoiner
from shared.errors import LLMError
from shared.wire import loads

LINGER = 1.0


class StreamedAnswer(ABC):
    """What was seen of an answer, and whether that makes it whole."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.reason: str | None = None
        self.category = ""
        self.over = False
        self.begun = False
        self.thought = False
        self.content_type = ""
        self.request_id = ""

    @abstractmethod
    def text_of(self, event: Any) -> str | None:
        """The text of an event; empty for other work, None for no sign of life. Raises LLMError for an error."""

    @property
    def well_stopped(self) -> bool:
        return (self.reason or "").strip().lower() in GOOD_REASONS

    def failure(self) -> LLMError | None:
        """Why the answer is not whole."""
        return None if self.well_stopped else self.asked.stopped(self.reason, self.category, self.request_id)

    def no_answer(self, body: bytes) -> LLMError:
        """A 200 without anything of an answer: with the reason that its body tells, if it tells one."""
        refused = refusal_in_body(body)
        return self.asked.told_inside(refused, self.request_id) if refused else self.asked.no_answer(self.content_type)


async def pieces_of(chunks: AsyncIterator[bytes], answer: StreamedAnswer) -> AsyncGenerator[str, None]:
    """The text as it comes, an empty piece for a sign of life without text. Raises LLMError when it is not whole."""
    lines, halves = EventLines(), HalfJoiner()
    received = False
    async with aclosing(_until_over(chunks, answer)) as needed:
        async for chunk in needed:
            received = received or bool(chunk)
            for piece in _texts(_split(lines, chunk, answer), answer):
                yield halves.feed(piece)
    for piece in _texts(lines.finish(), answer):
        yield halves.feed(piece)
    if rest := halves.finish():
        yield rest
    if not answer.begun and received:
        raise answer.no_answer(lines.stray)
    if failure := answer.failure():
        raise failure


async def _until_over(chunks: AsyncIterator[bytes], answer: StreamedAnswer) -> AsyncGenerator[bytes, None]:
    """The body as far as it matters: how the connection ends after a good stop reason does not."""
    deadline: float | None = None
    while not answer.over:
        if deadline is None and answer.well_stopped:
            deadline = asyncio.get_running_loop().time() + LINGER
        try:
            async with asyncio.timeout_at(deadline) if deadline else nullcontext():
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except Exception:
            if deadline is None:
                raise
            return
        yield chunk


def _split(lines: EventLines, chunk: bytes, answer: StreamedAnswer) -> list[bytes]:
    try:
        return lines.feed(chunk)
    except ValueError as error:
        raise answer.asked.broken_off(DAMAGED) from error


def _texts(lines: list[bytes], answer: StreamedAnswer) -> Iterator[str]:
    """The pieces of some lines. Raises LLMError."""
    for line in lines:
        if answer.over:
            return
        if line == b"[DONE]":
            answer.over = True
        elif (text := _text(line, answer)) is not None:
            yield text


def _text(line: bytes, answer: StreamedAnswer) -> str | None:
    try:
        return answer.text_of(loads(line))
    except ValueError as error:
        if answer.begun:
            raise answer.asked.broken_off(DAMAGED) from error
        raise answer.no_answer(line) from error
    except LLMError:
        # Whatever comes after a good stop reason, the text is whole.
        if not answer.well_stopped:
            raise
        answer.over = True
        return None
