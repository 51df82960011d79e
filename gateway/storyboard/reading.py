"""First step: the story is read window by window, and every sentence gets its beat."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.storyboard import questions
from gateway.storyboard.answers import reading_of
from gateway.storyboard.board import Notice
from gateway.storyboard.cast import Mention, NamedPeople
from gateway.storyboard.checks import is_refusal
from gateway.storyboard.cover import Beat, beats_in_order, cut_at_headings, plain_beats, uncovered
from gateway.storyboard.model_calls import INCOMPLETE, ModelCalls, together
from gateway.storyboard.sentences import Sentences
from gateway.storyboard.windows import Window, windows
from shared.errors import LLMError

# A gap of this share of a window is asked for again, a smaller one is mended.
_LARGE_GAP = 0.25
# An answer that was cut is continued as long as it brings something new.
_MOST_QUESTIONS, _MOST_STALLS = 8, 3
_SHOWN = 5


@dataclass(slots=True)
class Reading:
    """Beats that cover the story exactly, everybody who was named, and what is to be told."""

    beats: list[Beat] = field(default_factory=list)
    named: NamedPeople = field(default_factory=NamedPeople)
    notices: list[Notice] = field(default_factory=list)
    repaired: int = 0


@dataclass(slots=True)
class _Read:
    """One window while it is read."""

    window: Window
    beats: list[Beat] = field(default_factory=list)
    people: list[Mention] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    asked_again: bool = False
    unread: bool = False

    def gaps(self) -> list[tuple[int, int]]:
        return uncovered(self.beats, self.window.first, self.window.last)

    def is_large(self, gaps: Sequence[tuple[int, int]]) -> bool:
        size = self.window.last - self.window.first + 1
        return not self.beats or sum(last - first + 1 for first, last in gaps) > _LARGE_GAP * size


async def read_story(text: Sentences, calls: ModelCalls) -> Reading:
    """Raises LLMError."""
    found = await together(_read(text, window, calls) for window in windows(text))
    reading = Reading()
    for read in found:
        reading.beats += read.beats
        reading.named.add(read.people)
        reading.named.seen(name for beat in read.beats for name in beat.people)
    reading.notices = _notices(found)
    reading.repaired = sum(bool(read.mended) or read.unread for read in found)
    return reading


async def _read(text: Sentences, window: Window, calls: ModelCalls) -> _Read:
    read, rest, reason, stalls = _Read(window), window, "", 0
    for number in range(_MOST_QUESTIONS):
        question = await asyncio.to_thread(questions.reading, text, rest)
        name = f"read-{window.first}" + (f"-{number}" if number else "")
        answer = await calls.ask(name, question.again(reason) if reason else question, optional=number > 0)
        found = await asyncio.to_thread(reading_of, answer.text)
        read.beats += found.beats
        read.people += found.people
        gaps = read.gaps()
        stalls = 0 if found.beats else stalls + 1
        if not gaps or stalls > _MOST_STALLS or (number and not answer.cut):
            break
        if answer.cut:
            rest, reason = Window(*gaps[-1]), ""
        elif read.is_large(gaps):
            read.asked_again, reason = True, _reason(answer.text, gaps)
            rest = Window(gaps[0][0], gaps[-1][1])
        else:
            break
    if answer.cut and not read.beats:
        raise LLMError(INCOMPLETE)
    return _mended(text, read)


def _reason(answer: str, gaps: Sequence[tuple[int, int]]) -> str:
    if is_refusal(answer):
        return "没有回答。这只是给影视分镜编号，不需要复述原文的任何内容。"
    ranges = "、".join(f"{first}-{last}" for first, last in gaps[:_SHOWN])
    return f"第{ranges}句不在任何节拍里，或者回答不是要求的 JSON 对象。"


def _mended(text: Sentences, read: _Read) -> _Read:
    window, gaps = read.window, read.gaps()
    if read.is_large(gaps):
        read.unread = True
        for first, last in gaps:
            read.beats += plain_beats(text, first, last)
        read.beats.sort(key=lambda beat: beat.first)
    ordered, read.mended = beats_in_order(read.beats, window.first, window.last)
    read.beats = cut_at_headings(ordered, text)
    return read


def _notices(found: Sequence[_Read]) -> list[Notice]:
    notices = []
    for code, chosen, words in (
        ("READ_AGAIN", [read for read in found if read.asked_again], "的分段不完整，已请模型重读"),
        ("BORDERS_MENDED", [read for read in found if read.mended], "的分段有误，已按原文修正"),
        ("NOT_READ", [read for read in found if read.unread], "没有得到可用的分段，已按篇幅切分"),
    ):
        if chosen:
            ranges = "、".join(f"第{read.window.first}-{read.window.last}句" for read in chosen[:_SHOWN])
            more = f"等{len(chosen)}处" if len(chosen) > _SHOWN else ""
            kinds = "、".join(dict.fromkeys(kind for read in chosen for kind in read.mended))
            why = f"（{kinds}）" if code == "BORDERS_MENDED" else ""
            notices.append(Notice(code, f"{ranges}{more}{words}{why}"))
    return notices
