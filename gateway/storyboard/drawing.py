"""Third step: descriptions and prompts of the frames, in small groups, checked before they count."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.storyboard import questions
from gateway.storyboard.answers import Drawn, frames_of
from gateway.storyboard.board import Board, Notice, Shot, Story
from gateway.storyboard.cast import Person
from gateway.storyboard.checks import LONGEST, Fault, alike, fault_of, is_nothing, is_refusal
from gateway.storyboard.model_calls import INCOMPLETE, Answer, ModelCalls, together
from gateway.storyboard.questions import Question
from gateway.storyboard.templates import (
    Filled,
    filled,
    needs_tidying,
    placeholders,
    tidied,
    with_placeholders,
    without_names,
)
from shared.errors import LLMError

# Eight prompts are written within their deadline by a model that gives 20 tokens a second.
_MOST_FRAMES = 8
# The most that front ends ask for; a short story is drawn in one question, as it always was.
_MOST_FRAMES_SHORT = 13
_MOST_ROUNDS = 8
_MISSING = Fault("FRAME_MISSING", "没有写这一帧")
_ALIKE = "PROMPTS_ALIKE"
# After these nothing is left that could be painted.
_USELESS = {"FRAME_MISSING", "PROMPT_EMPTY", "PROMPT_REFUSED"}


@dataclass(frozen=True, slots=True)
class FinishedFrame:
    """A frame as it goes on the board."""

    shot: Shot
    description: str
    template: str
    prompt: str
    people: tuple[Person, ...]


@dataclass(slots=True)
class _Answers:
    """All that was written for the board's frames, by number."""

    drawn: dict[int, Drawn] = field(default_factory=dict)
    doubled: set[int] = field(default_factory=set)
    strange: int = 0
    cut: bool = False
    again: dict[int, Fault] = field(default_factory=dict)


async def draw_frames(board: Board, story: Story, calls: ModelCalls) -> list[FinishedFrame]:
    """The frames that could be drawn, in story order; notices go to the board. Raises LLMError."""
    drawing = _Drawing(board, story, calls)
    await drawing.first_round()
    await drawing.further_rounds()
    return await asyncio.to_thread(drawing.finished)


class _Drawing:
    def __init__(self, board: Board, story: Story, calls: ModelCalls) -> None:
        self._board, self._story, self._calls = board, story, calls
        self._answers = _Answers()
        self._shots = {shot.number: shot for shot in board.shots}
        style = f", {board.cast.style}" if board.cast.style else ""
        self._style = style
        self._tail = f"{style} --ar {story.ratio}"

    async def first_round(self) -> None:
        groups = _groups(self._board.shots, _MOST_FRAMES_SHORT if self._story.short else _MOST_FRAMES)
        answers = await together(self._asked(f"frames-{group[0].number}", group) for group in groups)
        for group, answer in zip(groups, answers, strict=True):
            self._take(group, answer)

    async def further_rounds(self) -> None:
        """What is wrong is asked for once more; what a cut left missing as long as that brings something."""
        for number in range(1, _MOST_ROUNDS):
            wrong = self._faults()
            if number > 1:
                wrong = {at: fault for at, fault in wrong.items() if self._answers.cut and fault is _MISSING}
            if not wrong:
                return
            told = {at: fault for at, fault in wrong.items() if not (self._answers.cut and fault is _MISSING)}
            self._answers.again |= told
            before, was_cut = len(self._answers.drawn), self._answers.cut
            self._answers.cut = False
            groups = _groups([self._shots[at] for at in sorted(wrong)], _MOST_FRAMES)
            asked = (self._again(f"frames-{group[0].number}-{number}", group, wrong) for group in groups)
            for group, answer in zip(groups, await together(asked), strict=True):
                self._take(group, answer)
            if was_cut and len(self._answers.drawn) == before:
                break
        if self._answers.cut and not self._answers.drawn:
            raise LLMError(INCOMPLETE)

    async def _asked(self, name: str, group: Sequence[Shot]) -> Answer:
        question = await asyncio.to_thread(questions.frames, self._board, self._story, group)
        return await self._calls.ask(name, question)

    async def _again(self, name: str, group: Sequence[Shot], wrong: Mapping[int, Fault]) -> Answer:
        question: Question = await asyncio.to_thread(questions.frames, self._board, self._story, group)
        done = {at: drawn.prompt for at, drawn in self._answers.drawn.items() if at not in wrong}
        lines = [f"- 第{shot.number}帧：{wrong[shot.number].reason}" for shot in group]
        near = [line for shot in group for line in questions.neighbours(done, shot.number)]
        reason = "\n".join([*lines, *dict.fromkeys(near)])
        return await self._calls.ask(name, question.again(reason), optional=True)

    def _take(self, group: Sequence[Shot], answer: Answer) -> None:
        """Files the frames of an answer under their numbers."""
        self._answers.cut = self._answers.cut or answer.cut
        found = [drawn for drawn in frames_of(answer.text) if drawn.prompt]
        seen: set[int] = set()
        for number, drawn in _numbered(found, group):
            if number is None:
                self._answers.strange += 1
            elif number in seen:
                self._answers.doubled.add(number)
            else:
                seen.add(number)
                self._file(number, drawn)

    def _file(self, number: int, drawn: Drawn) -> None:
        """A better frame replaces a worse one."""
        known = self._answers.drawn.get(number)
        if known is None or _rank(self._fault(number, drawn)) <= _rank(self._fault(number, known)):
            self._answers.drawn[number] = drawn

    def _faults(self) -> dict[int, Fault]:
        """The worst fault of every frame that has one."""
        found: dict[int, Fault] = {}
        for number in self._shots:
            drawn = self._answers.drawn.get(number)
            fault = self._fault(number, drawn) if drawn else _MISSING
            if fault:
                found[number] = fault
        whole = [number for number in sorted(self._answers.drawn) if number not in found]
        for earlier, later in alike([self._body(number, self._answers.drawn[number]) for number in whole]):
            found[whole[later]] = Fault(_ALIKE, f"与第{whole[earlier]}帧的提示词几乎相同，要画出不同的瞬间")
        return found

    def _fault(self, number: int, drawn: Drawn) -> Fault | None:
        body = self._body(number, drawn)
        people = [person.id for person in self._people(number, drawn)]
        cast = self._board.cast
        known = [*(person.id for person in cast.people), *(place.id for place in cast.places)]
        looks = self._filled(number, body).prompt.removesuffix(self._tail)
        return fault_of(body, looks, people, known, len(self._style))

    def _people(self, number: int, drawn: Drawn) -> list[Person]:
        """Who must be in the picture: those the model named, else those who stand in its prompt."""
        return self._board.cast.people_of(drawn.people or placeholders(drawn.prompt))

    def _body(self, number: int, drawn: Drawn) -> str:
        body = tidied(drawn.prompt, self._board.cast.style)
        expected = [*self._people(number, drawn), *self._shots[number].people]
        return without_names(with_placeholders(body, expected), self._board.cast)

    def _filled(self, number: int, body: str) -> Filled:
        return filled(body, lambda name: self._look(number, name), self._tail)

    def _look(self, number: int, name: str) -> str | None:
        if person := self._board.cast.person(name):
            return person.look_at(self._shots[number].first)
        place = self._board.cast.place(name)
        return place.look_english if place and place.look_english else None

    def finished(self) -> list[FinishedFrame]:
        """Mends what is still wrong as far as that can be done here, and tells it."""
        faults, notices, found = self._faults(), self._board.notices, []
        for number, shot in self._shots.items():
            fault = faults.get(number)
            if fault and fault.code in _USELESS:
                notices.append(Notice(fault.code, f"{shot.heading}：{fault.reason}，没有这一帧"))
                continue
            frame = self._finished(shot, self._answers.drawn[number])
            found.append(frame)
            position = len(found)
            if fault:
                notices.append(Notice(fault.code, f"第{position}帧：{fault.reason}", position))
            elif number in self._answers.again:
                reason = self._answers.again[number].reason
                notices.append(Notice("FRAME_ASKED_AGAIN", f"第{position}帧已请模型重写：{reason}", position))
        notices += self._overall_notices()
        return found

    def _overall_notices(self) -> Iterator[Notice]:
        tidied_up = [number for number, drawn in self._answers.drawn.items() if needs_tidying(drawn.prompt)]
        if tidied_up:
            yield Notice("PROMPT_CLEANED", f"{_listed(tidied_up)}的提示词带有参数或引号，已去掉")
        if self._answers.doubled:
            yield Notice("FRAME_DOUBLED", f"{_listed(self._answers.doubled)}写了两次，多出的没有采用")
        if self._answers.strange:
            yield Notice("FRAME_UNKNOWN", f"有{self._answers.strange}帧不属于这个故事板，没有采用")

    def _finished(self, shot: Shot, drawn: Drawn) -> FinishedFrame:
        body = self._body(shot.number, drawn)
        absent = [person for person in self._people(shot.number, drawn) if person.id not in placeholders(body)]
        if absent:
            body = ", ".join([*("{{" + person.id + "}}" for person in absent), body])
        done = self._filled(shot.number, body)
        while len(done.prompt) - len(self._tail) + len(self._style) > LONGEST and len(body) > LONGEST // 10:
            body = _shorter(body)
            done = self._filled(shot.number, body)
        people = self._board.cast.people_of(placeholders(done.template))
        description = drawn.description
        if is_nothing(description) or is_refusal(description):
            description = shot.moment
        return FinishedFrame(shot, description, done.template, done.prompt, tuple(people))


def _listed(numbers: Iterable[int]) -> str:
    return f"第{'、'.join(map(str, sorted(numbers)))}帧"


def _groups(shots: Sequence[Shot], most: int) -> list[Sequence[Shot]]:
    """As few groups as possible, of like size."""
    count = -(-len(shots) // most)
    borders = [len(shots) * number // count for number in range(count + 1)]
    return [shots[start:end] for start, end in pairwise(borders)]


def _numbered(found: Sequence[Drawn], group: Sequence[Shot]) -> Iterable[tuple[int | None, Drawn]]:
    """Each frame with the number of its shot: by number, by part and type, or by order when the answer is complete."""
    by_number = {shot.number for shot in group}
    by_place = {(shot.scene, shot.kind): shot.number for shot in group}
    if any(drawn.place for drawn in found):
        numbers = [by_place.get(drawn.place) if drawn.place else None for drawn in found]
    else:
        numbers = [drawn.number if drawn.number in by_number else None for drawn in found]
    if len(found) == len(group) and not any(numbers):
        numbers = [shot.number for shot in group]
    return zip(numbers, found, strict=True)


def _rank(fault: Fault | None) -> int:
    return 0 if fault is None else 2 if fault.code in _USELESS else 1


def _shorter(body: str) -> str:
    """Without its last clause."""
    for mark in (". ", ", ", "，", "。", " "):
        head, found, _ = body.rstrip(" .,，。").rpartition(mark)
        if found and head:
            return head
    return body[: len(body) * 3 // 4]
