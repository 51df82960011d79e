"""The word stock of a genre, loaded once from text files."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

Texts = tuple[str, ...]
Slots = dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    time: str
    light: str


@dataclass(frozen=True, slots=True)
class World:
    name: str
    words: Texts
    titles: Texts
    title_words: Texts
    places: tuple[Place, ...]
    secrets: Texts
    props: Texts
    threats: Texts
    roles: Texts
    clothes: Texts


@dataclass(frozen=True, slots=True)
class Action:
    """Something happening, and what a picture of it shows."""

    stage: str
    told: str
    shown: str


@dataclass(frozen=True, slots=True)
class Talk:
    """An exchange: who speaks (`a` or `b`), in what tone, which words."""

    stage: str
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    place_titles: Texts
    secret_titles: Texts
    wants: Texts
    conflicts: Texts
    traits: Texts
    events: dict[str, Texts]
    pauses: Texts
    shots: Texts
    frames: Texts
    hair: Texts
    child_roles: Texts
    child_clothes: Texts
    actions: tuple[Action, ...]
    talks: tuple[Talk, ...]


def world_of(text: str) -> World:
    """The first world with a word in the text; the last, everyday one when none fits."""
    return next((world for world in _worlds() if any(word in text for word in world.words)), _worlds()[-1])


@cache
def _worlds() -> tuple[World, ...]:
    return tuple(_world(entry) for entry in tomllib.loads(_read("worlds"))["world"])


def _world(entry: dict[str, str | list[str]]) -> World:
    places = tuple(Place(*place.split("|")) for place in entry["places"])
    lists = {name: tuple(words) for name, words in entry.items() if name not in {"name", "places"}}
    return World(name=str(entry["name"]), places=places, **lists)


@cache
def plot() -> Plot:
    """The turns, actions and exchanges that fit every world."""
    told = tomllib.loads(_read("plot"))
    plain = ("place_titles", "secret_titles", "wants", "conflicts", "traits")
    return Plot(
        **{name: tuple(told[name]) for name in plain},
        **{name: tuple(words) for name, words in told["between"].items()},
        events={stage: tuple(events) for stage, events in told["events"].items()},
        actions=tuple(Action(**action) for action in told["action"]),
        talks=tuple(_talk(talk) for talk in tomllib.loads(_read("talk"))["talk"]),
    )


def _talk(entry: dict[str, object]) -> Talk:
    lines = entry["lines"]
    assert isinstance(lines, list)
    return Talk(str(entry["stage"]), tuple((who, tone, words) for who, tone, words in lines))


def _read(name: str) -> str:
    return resources.files("sandbox.story").joinpath(f"words/{name}.toml").read_text("utf-8")
