"""The values of an analysis: what was ordered, what is to be drawn, and what is told about it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from gateway.storyboard.cast import Cast, Person
from gateway.storyboard.cover import Beat
from gateway.storyboard.frames import END, START
from gateway.storyboard.sentences import Sentences

# Up to here a story is read in one question, planned in one and drawn in one, as it always was.
SHORT_STORY = 4000
DEFAULT_RATIO = "16:9"
_RATIO = re.compile(r"[1-9][0-9]?:[1-9][0-9]?")


@dataclass(frozen=True, slots=True)
class Story:
    """What is to be analysed. `characters` are the caller's, as they came."""

    script: str
    scene_count: int
    style: str | None = None
    genre: str | None = None
    aspect_ratio: str | None = None
    language: str | None = None
    characters: Sequence[Mapping[str, Any]] = ()

    @property
    def ratio(self) -> str:
        """The shape that frames are composed for."""
        return self.aspect_ratio if self.aspect_ratio and _RATIO.fullmatch(self.aspect_ratio) else DEFAULT_RATIO

    @property
    def short(self) -> bool:
        return len(self.script) <= SHORT_STORY


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was mended or is missing; `frame` is a frame's sequence."""

    code: str
    message: str
    frame: int | None = None

    def as_wire(self) -> dict[str, Any]:
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        return told if self.frame is None else told | {"frame": self.frame}


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame to be drawn: its sentences first…last (none when last < first) and what is seen at their beginning."""

    number: int
    scene: int
    kind: str
    first: int
    last: int
    moment: str
    place: str = ""
    time: str = ""
    people: tuple[Person, ...] = ()

    @property
    def heading(self) -> str:
        return f"[{self.number}] 第{self.scene}份-{self.kind}"


@dataclass(frozen=True)
class Board:
    """A story that has been read and planned. `notices` grow as the work goes on."""

    text: Sentences
    beats: Sequence[Beat]
    cast: Cast
    shots: Sequence[Shot]
    notices: list[Notice] = field(default_factory=list)
    repaired: int = 0

    @property
    def parts(self) -> int:
        return len(self.shots) - 1


def part_count(text: Sentences, scene_count: int) -> int:
    """Parts that the story has sentences for; one sentence is left for the closing frame where there is one."""
    return min(scene_count, max(1, len(text) - 1))


def shots_of(text: Sentences, firsts: Sequence[int], moments: Sequence[str]) -> list[Shot]:
    """One start frame a part and one end frame: together they hold every sentence once."""
    borders = [*firsts, len(text) + 1]
    parts = len(firsts) - 1
    shots = []
    for number, (first, after) in enumerate(pairwise(borders), 1):
        kind, scene = (START, number) if number <= parts else (END, parts)
        shots.append(Shot(number, scene, kind, first, after - 1, moments[number - 1]))
    return shots


def staged(shots: Iterable[Shot], beats: Sequence[Beat], cast: Cast) -> list[Shot]:
    """The shots with place, time and people of the beats in which they lie."""
    found, at = [], 0
    for shot in shots:
        while at + 1 < len(beats) and beats[at].last < shot.first:
            at += 1
        beat = beats[at] if beats else Beat(1, 1, 1)
        people = cast.people_of(beat.people)
        found.append(replace(shot, place=beat.place, time=beat.time, people=tuple(people)))
    return found
