"""The model's answers as values, whatever in them is of the wrong type or under a name of the model's own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.storyboard.cast import Mention, Person, Place, Variant, tidy_look
from gateway.storyboard.cover import Beat
from gateway.storyboard.parsing.reader import parse_frames
from gateway.text.lines import clean
from gateway.text.loose_json import read_json

_NUMBER = re.compile(r"-?[0-9]{1,9}")
_LONGEST_NAME = 30
_Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a window is about."""

    beats: list[Beat]
    people: list[Mention]


@dataclass(frozen=True, slots=True)
class Looks:
    """How people and places look; nobody has an id yet."""

    people: list[Person]
    places: list[Place]
    style: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Where parts begin and what is seen there; `end` is the sentence of the closing picture, 0 if none was named."""

    starts: list[int]
    moments: list[str]
    end: int
    end_moment: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One frame as the model wrote it; `place` is (part, type) when it named these instead of a number."""

    number: int
    description: str
    prompt: str
    people: tuple[str, ...]
    place: tuple[int, str] | None = None


def reading_of(text: str) -> Reading:
    found = read_json(text).value
    return Reading(
        [_beat(record) for record in _records(found, "beats")],
        [_mention(record) for record in _records(found, "people") if isinstance(found, dict)],
    )


def looks_of(text: str) -> Looks:
    found = read_json(text).value
    told = found if isinstance(found, dict) else {}
    return Looks(
        [_person(record) for record in _records(told, "people")],
        [_place(record) for record in _records(told, "places")],
        tidy_look(_text(told, "style")),
    )


def parts_of(text: str) -> Parts:
    found = read_json(text).value
    told = found if isinstance(found, dict) else {}
    named = found.get("parts") if isinstance(found, dict) else found
    records = [_part(item) for item in named] if isinstance(named, list) else []
    return Parts(
        [start for start, _ in records],
        [moment for _, moment in records],
        _number(told.get("end")) or 0,
        _line(told, "end_moment"),
    )


def frames_of(text: str) -> list[Drawn]:
    """The frames of an answer in the asked form, else of one in the model's own: sections, tables, lists."""
    found = read_json(text).value
    records = list(_records(found, "frames"))
    if any(_text(record, "prompt", "jimengPrompt", "prompt_en") for record in records):
        return [_drawn(record) for record in records]
    return [
        Drawn(frame.sequence, frame.chinese_description, frame.jimeng_prompt, (), frame.place)
        for frame in parse_frames(text)
    ]


def _beat(record: _Record) -> Beat:
    first = _number(record.get("first", record.get("start"))) or 0
    last = _number(record.get("last", record.get("end"))) or 0
    return Beat(
        first,
        last,
        _number(record.get("decisive")) or first,
        _line(record, "place")[:_LONGEST_NAME],
        _line(record, "time")[:_LONGEST_NAME],
        tuple(name[:_LONGEST_NAME] for name in _texts(record, "people")),
        min(max(_number(record.get("weight")) or 1, 1), 5),
    )


def _mention(record: _Record) -> Mention:
    numbers = record.get("described")
    described = [_number(item) for item in numbers] if isinstance(numbers, list) else []
    aliases = tuple(alias for alias in _texts(record, "aliases") if len(alias) <= _LONGEST_NAME)
    return Mention(_line(record, "name"), aliases, tuple(number for number in described[:8] if number))


def _person(record: _Record) -> Person:
    variants = [
        Variant(
            "",
            _line(each, "name"),
            _number(each.get("since", each.get("from"))) or 1,
            tidy_look(_text(each, "look")),
            tidy_look(_text(each, "lookEnglish", "look_english")),
        )
        for each in _records(record, "variants")
    ]
    name, aliases, look, english = _named(record)
    return Person("", name, aliases, look, english, tuple(variants[:8]))


def _place(record: _Record) -> Place:
    return Place("", *_named(record))


def _named(record: _Record) -> tuple[str, tuple[str, ...], str, str]:
    look, english = (tidy_look(_text(record, *names)) for names in (("look",), ("lookEnglish", "look_english")))
    return _line(record, "name")[:_LONGEST_NAME], tuple(_texts(record, "aliases")[:20]), look, english


def _part(item: object) -> tuple[int, str]:
    if isinstance(item, dict):
        return _number(item.get("start", item.get("first"))) or 0, _line(item, "moment")
    return _number(item) or 0, ""


def _drawn(record: _Record) -> Drawn:
    place = (_number(record.get("sceneIndex")) or 0, _text(record, "frameType"))
    return Drawn(
        _number(record.get("frame", record.get("sequence", record.get("number")))) or 0,
        _line(record, "description", "chineseDescription"),
        _line(record, "prompt", "jimengPrompt", "prompt_en"),
        tuple(_texts(record, "people")),
        place if all(place) else None,
    )


def _records(found: object, name: str) -> Iterator[_Record]:
    """The records of a list, or of the list under a name."""
    held = found.get(name) if isinstance(found, Mapping) else found
    if isinstance(held, Sequence) and not isinstance(held, str):
        yield from (item for item in held if isinstance(item, Mapping))


def _number(value: object) -> int | None:
    """An integer, also one written as text."""
    if isinstance(value, bool) or value is None:
        return None
    match = _NUMBER.search(str(value))
    return int(match.group()) if match else None


def _text(record: _Record, *names: str) -> str:
    """The first text under one of the names."""
    return next((clean(value).strip() for name in names if isinstance(value := record.get(name), str)), "")


def _line(record: _Record, *names: str) -> str:
    return " ".join(_text(record, *names).split())


def _texts(record: _Record, name: str) -> list[str]:
    held = record.get(name)
    texts = [held] if isinstance(held, str) else held if isinstance(held, list) else []
    return [text for item in texts if isinstance(item, str) and (text := clean(item).strip())]
