"""Second step: the cast gets its looks, the board its style line, and the story its parts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.storyboard import questions
from gateway.storyboard.answers import Looks, Parts, looks_of, parts_of
from gateway.storyboard.board import Board, Notice, Story, part_count, shots_of, staged
from gateway.storyboard.cast import (
    MOST_PEOPLE,
    MOST_PLACES,
    Cast,
    Person,
    given_people,
    numbered,
    tidy_look,
    usable,
)
from gateway.storyboard.cover import Beat, Covered, covered, weighted_starts
from gateway.storyboard.model_calls import ModelCalls, together
from gateway.storyboard.questions import CastKnown, Question, style_words
from gateway.storyboard.reading import Reading
from gateway.storyboard.sentences import Sentences

# More looks than this take too long in one answer.
_PEOPLE_PER_QUESTION = 15
# Whoever is seen this often must have a look; extras may go without.
_LEADS = 3
_PLAIN_STYLE = "cinematic film still, natural colours, soft directional light, fine grain"
_LONGEST_MOMENT = 80
_NO_LOOKS = Looks([], [], "")
_NO_PARTS = Parts([], [], 0, "")


@dataclass(frozen=True, slots=True)
class _Planned:
    """What the model said, as far as it is known; `again`: for what it had to be asked once more."""

    looks: Looks = _NO_LOOKS
    parts: Parts = _NO_PARTS
    again: tuple[str, ...] = ()


async def plan_board(text: Sentences, story: Story, reading: Reading, calls: ModelCalls) -> Board:
    """Raises LLMError."""
    planner = _Planner(text, story, reading, calls)
    planned = await (planner.at_once() if story.short else planner.apart())
    return await asyncio.to_thread(planner.board, planned)


class _Planner:
    def __init__(self, text: Sentences, story: Story, reading: Reading, calls: ModelCalls) -> None:
        self._text, self._story, self._reading, self._calls = text, story, reading, calls
        self._named = reading.named
        self._count = part_count(text, story.scene_count)
        self._given = given_people(story.characters)

    async def at_once(self) -> _Planned:
        """Everything in one question."""
        question = questions.plan(self._text, self._story, self._named, self._given, self._count)
        return await self._asked("plan", question, self._leads(), parts=True)

    async def apart(self) -> _Planned:
        """Cast and parts of a long story side by side."""
        names = self._named.names(MOST_PEOPLE)
        groups = [names[at : at + _PEOPLE_PER_QUESTION] for at in range(0, len(names), _PEOPLE_PER_QUESTION)] or [[]]
        asked = [self._casted(number, group) for number, group in enumerate(groups, 1)]
        *casts, parted = await together([*asked, self._parted()])
        people = [person for each in casts for person in each.looks.people]
        looks = Looks(people, casts[0].looks.places, casts[0].looks.style)
        return _Planned(looks, parted.parts, tuple(why for each in (*casts, parted) for why in each.again))

    async def _casted(self, number: int, names: Sequence[str]) -> _Planned:
        first = number == 1
        known = CastKnown(self._given if first else (), self._place_lines() if first else ())
        question = questions.cast(self._text, self._story, self._named, names, known)
        leads = [name for name in self._leads() if name in names]
        return await self._asked(f"cast-{number}", question, leads, parts=False)

    async def _parted(self) -> _Planned:
        beats = self._reading.beats
        question = await asyncio.to_thread(questions.parts, self._text, self._story, beats, self._count)
        return await self._asked("parts", question, None, parts=True)

    async def _asked(self, name: str, question: Question, leads: Sequence[str] | None, *, parts: bool) -> _Planned:
        """One question, and one more when something is missing. `leads` is None where no looks are asked for."""
        answer = await self._calls.ask(name, question)
        found = _Planned(looks_of(answer.text), parts_of(answer.text) if parts else _NO_PARTS)
        reasons = [*(self._lacking(found.looks, leads) if leads is not None else ())]
        reasons += self._wrong(found.parts) if parts else ()
        if not reasons:
            return found
        again = question.again("\n".join(f"- {reason}" for reason in reasons), longer=answer.cut)
        second = (await self._calls.ask(f"{name}-again", again, optional=True)).text
        better = self._better(found.parts, parts_of(second)) if parts else _NO_PARTS
        return _Planned(_both(found.looks, looks_of(second)), better, tuple(reasons))

    def board(self, planned: _Planned) -> Board:
        """The board that comes of it; whatever is still missing is made up for here, and told."""
        notices = list(self._reading.notices)
        if planned.again:
            notices.append(Notice("PLAN_ASKED_AGAIN", f"人物或分份不完整，已请模型重做：{'；'.join(planned.again)}"))
        if self._story.aspect_ratio not in {None, self._story.ratio}:
            notices.append(Notice("OPTION_UNKNOWN", f"不认识的画幅，已按{self._story.ratio}构图"))
        cast = self._cast(planned.looks, notices)
        cover, parts = self._covered(planned.parts)
        if cover.mended:
            notices.append(Notice("BORDERS_MENDED", f"分份的边界有误（{'、'.join(cover.mended)}），已按原文修正"))
        if self._count < self._story.scene_count:
            notices.append(Notice("STORY_TOO_SHORT", f"故事太短，只能分成{self._count}份"))
        shots = shots_of(self._text, cover.firsts, self._moments(cover.firsts, parts))
        beats = self._reading.beats
        repaired = self._reading.repaired + len(cover.mended)
        return Board(self._text, beats, cast, staged(shots, beats, cast), notices, repaired)

    def _cast(self, looks: Looks, notices: list[Notice]) -> Cast:
        people = [self._sourced(person) for person in looks.people if person.name]
        cast = numbered([*self._given, *people], looks.places, self._style(looks.style, notices))
        fixed = [_with_english(person) for person in cast.people]
        cast = replace(cast, people=tuple(person for person in fixed if usable(person.look_english)))
        if lacking := self._unknown(cast, self._leads()):
            notices.append(Notice("CAST_INCOMPLETE", f"没有得到这些人物的固定样子：{'、'.join(lacking)}"))
        return cast

    def _sourced(self, person: Person) -> Person:
        names = (person.name, *person.aliases)
        return replace(person, source="story" if any(self._named.described.get(name) for name in names) else "model")

    def _style(self, line: str, notices: list[Notice]) -> str:
        words = tidy_look(style_words(self._story.style))
        if not usable(line) or not line.isascii():
            notices.append(Notice("STYLE_MISSING", "模型没有给出可用的画风，已用默认的画风"))
            return words or _PLAIN_STYLE
        return line if words.lower() in line.lower() else f"{words}, {line}" if words else line

    def _leads(self) -> list[str]:
        return [name for name, _ in self._named.shown.most_common(_LEADS)]

    def _unknown(self, cast: Cast, names: Sequence[str]) -> list[str]:
        return [name for name in names if not ((person := cast.person(name)) and usable(person.look_english))]

    def _lacking(self, looks: Looks, names: Sequence[str]) -> list[str]:
        cast = numbered([*self._given, *looks.people], [], "")
        lacking = self._unknown(cast, names)
        return [f"people 里缺少 {'、'.join(lacking)}，或者缺少他们的 lookEnglish"] if lacking else []

    def _wrong(self, parts: Parts) -> list[str]:
        valid = {start for start in parts.starts if 1 <= start <= len(self._text)}
        if len(valid) == self._count:
            return []
        return [f"parts 要恰好{self._count}份，得到{len(valid)}个有效而不重复的 start"]

    def _better(self, first: Parts, second: Parts) -> Parts:
        if not second.starts:
            return first
        mended = [len(covered(parts.starts, self._text, self._count).mended) for parts in (first, second)]
        return second if not first.starts or mended[1] < mended[0] else first

    def _covered(self, parts: Parts) -> tuple[Covered, Parts]:
        """First sentences of all frames, the closing one included."""
        starts = parts.starts or weighted_starts(self._reading.beats, self._count)
        cover = covered(starts, self._text, self._count)
        firsts, mended = cover.firsts, cover.mended if parts.starts else ["没有得到分份"]
        # The closing frame has a sentence of its own wherever the story has two.
        limit = len(self._text) - 1
        for at in range(len(firsts) - 1, 0, -1):
            firsts[at] = min(firsts[at], limit)
            limit = firsts[at] - 1
        end = parts.end
        if not firsts[-1] < end <= len(self._text):
            mended = [*mended, "结尾编号无效"]
            end = max(self._closing(self._reading.beats), firsts[-1] + 1)
        return Covered([*firsts, end], mended), parts

    def _closing(self, beats: Sequence[Beat]) -> int:
        return beats[-1].decisive if beats else self._text.drawable

    def _moments(self, firsts: Sequence[int], parts: Parts) -> list[str]:
        """What is seen at each first sentence: as the model put it, else the sentence itself."""
        said = dict(zip(map(self._text.anchored, map(self._inside, parts.starts)), parts.moments, strict=True))
        moments = [said.get(first) or self._sentence(first) for first in firsts[:-1]]
        closing = parts.end_moment if parts.end == firsts[-1] else ""
        return [*moments, closing or self._sentence(firsts[-1])]

    def _inside(self, number: int) -> int:
        return min(max(number, 1), len(self._text))

    def _sentence(self, first: int) -> str:
        number = self._inside(first)
        while number < len(self._text) and self._text.is_heading(number):
            number += 1
        return self._text.line(number)[:_LONGEST_MOMENT]

    def _place_lines(self) -> list[str]:
        times: dict[str, int] = {}
        for beat in self._reading.beats:
            if beat.place:
                times[beat.place] = times.get(beat.place, 0) + 1
        often = sorted((name for name, count in times.items() if count > 1), key=lambda name: -times[name])
        return [f"{name}（{times[name]}个节拍）" for name in often[:MOST_PLACES]]


def _both(first: Looks, second: Looks) -> Looks:
    """The second answer's looks beside the first's, which win."""
    return Looks([*first.people, *second.people], first.places or second.places, first.style or second.style)


def _with_english(person: Person) -> Person:
    """A caller's look in another language is still a look."""
    return person if usable(person.look_english) else replace(person, look_english=person.look)
