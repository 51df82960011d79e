"""Who and what must look the same in every picture: people, places, and the one style line of a board."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

MOST_PEOPLE = 30
MOST_PLACES = 20
LONGEST_LOOK = 160
_SHORTEST_LOOK = 8
_PRONOUN = re.compile(r"[我你他她它您咱俺](?:们|自己)?|自己|(?i:he|she|it|they|him|her|them|i|we|you|me|us)")
_FLAG = re.compile(r"\s*--[a-z]+(?: [0-9a-z:.]+)?", re.IGNORECASE)
_UNWANTED = str.maketrans(dict.fromkeys('"“”「」『』{}[]<>\n\r`*', " "))

Source = Literal["story", "model", "caller"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A person as one window of the story names them; `described` are sentences that say how they look."""

    name: str
    aliases: tuple[str, ...] = ()
    described: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """How a person looks from a sentence on."""

    id: str
    name: str
    since: int
    look: str
    look_english: str


@dataclass(frozen=True, slots=True)
class Person:
    """`look_english` is what every prompt says of them, byte for byte."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    look: str = ""
    look_english: str = ""
    variants: tuple[Variant, ...] = ()
    source: Source = "model"

    def variant_at(self, sentence: int) -> Variant | None:
        return next((each for each in reversed(self.variants) if each.since <= sentence), None)

    def look_at(self, sentence: int) -> str:
        variant = self.variant_at(sentence)
        return variant.look_english if variant else self.look_english


@dataclass(frozen=True, slots=True)
class Place:
    """A set that is seen more than once."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    look: str = ""
    look_english: str = ""
    source: Source = "model"


@dataclass(frozen=True)
class Cast:
    """`style` is one English line that ends every prompt of the board."""

    people: tuple[Person, ...] = ()
    places: tuple[Place, ...] = ()
    style: str = ""

    @cached_property
    def _by_name(self) -> dict[str, Person]:
        """Ids and names win over aliases."""
        aliases = {_key(alias): person for person in reversed(self.people) for alias in person.aliases}
        return aliases | {_key(name): person for person in self.people for name in (person.name, person.id)}

    @cached_property
    def _places_by_name(self) -> dict[str, Place]:
        aliases = {_key(alias): place for place in reversed(self.places) for alias in place.aliases}
        return aliases | {_key(name): place for place in self.places for name in (place.name, place.id)}

    def person(self, name: str) -> Person | None:
        """By id, name or alias."""
        return self._by_name.get(_key(name))

    def place(self, name: str) -> Place | None:
        return self._places_by_name.get(_key(name))

    def people_of(self, names: Iterable[str]) -> list[Person]:
        """Those who are known, each once."""
        found = (self.person(name) for name in names)
        return list({person.id: person for person in found if person}.values())


@dataclass(slots=True)
class NamedPeople:
    """Everybody whom the windows named, most mentioned first, before anybody is told apart by the model."""

    aliases: dict[str, set[str]] = field(default_factory=dict)
    described: dict[str, list[int]] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)

    def add(self, mentions: Iterable[Mention]) -> None:
        for mention in mentions:
            if is_name(mention.name):
                self.times[mention.name] += 1
                self.aliases.setdefault(mention.name, set()).update(filter(is_name, mention.aliases))
                self.described.setdefault(mention.name, []).extend(mention.described)

    def seen(self, names: Iterable[str]) -> None:
        """Names that beats show."""
        named = [name for name in names if is_name(name)]
        self.times.update(named)
        self.shown.update(named)

    def names(self, most: int = 2 * MOST_PEOPLE) -> list[str]:
        return [name for name, _ in self.times.most_common(most)]


def is_name(name: str) -> bool:
    return 0 < len(name) <= 30 and not _PRONOUN.fullmatch(name)


def tidy_look(look: str) -> str:
    """A look as it can stand inside a prompt: one line without quotes, braces, flags and a final full stop."""
    line = " ".join(_FLAG.sub("", look).translate(_UNWANTED).split()).strip(" ,，.。;；")
    if len(line) <= LONGEST_LOOK:
        return line
    short = line[:LONGEST_LOOK]
    return re.split(r"[,，;；]\s*+(?=[^,，;；]*+\Z)", short, maxsplit=1)[0].strip() or short


def usable(look: str) -> bool:
    return len(look) >= _SHORTEST_LOOK


def numbered(people: Sequence[Person], places: Sequence[Place], style: str) -> Cast:
    """The cast with ids c1, c2 … and p1, p2 …; people of one name, or who are another's alias, are one."""
    merged: list[Person] = []
    for person in people:
        same = next((at for at, other in enumerate(merged) if _same(person, other)), None)
        if same is None:
            merged.append(person)
        else:
            merged[same] = _joined(merged[same], person)
    kept = [_numbered(person, f"c{number}") for number, person in enumerate(merged[:MOST_PEOPLE], 1)]
    sets = {_key(place.name): place for place in reversed(places) if place.name}
    found = [replace(sets[key], id=f"p{number}") for number, key in enumerate(reversed(sets), 1)]
    return Cast(tuple(kept), tuple(found[:MOST_PLACES]), style)


def _numbered(person: Person, new_id: str) -> Person:
    usable_variants = [variant for variant in person.variants if usable(variant.look_english)]
    ordered = sorted(usable_variants, key=lambda variant: variant.since)
    variants = tuple(replace(variant, id=f"v{number}") for number, variant in enumerate(ordered, 1))
    names = dict.fromkeys(alias for alias in person.aliases if is_name(alias) and alias != person.name)
    return replace(person, id=new_id, aliases=tuple(names), variants=variants)


def _same(person: Person, other: Person) -> bool:
    named = {_key(other.name), *map(_key, other.aliases)}
    return _key(person.name) in named or _key(other.name) in map(_key, person.aliases)


def _joined(one: Person, other: Person) -> Person:
    return replace(
        one,
        aliases=(*one.aliases, other.name, *other.aliases),
        look=one.look or other.look,
        look_english=one.look_english if usable(one.look_english) else other.look_english,
        variants=one.variants or other.variants,
    )


def _key(name: str) -> str:
    return "".join(name.split()).casefold()


def person_as_wire(person: Person) -> dict[str, Any]:
    variants = [
        {"id": each.id, "name": each.name, "from": each.since, "look": each.look, "lookEnglish": each.look_english}
        for each in person.variants
    ]
    return {
        "id": person.id,
        "name": person.name,
        "aliases": list(person.aliases),
        "look": person.look,
        "lookEnglish": person.look_english,
        "variants": variants,
        "references": [],
        "source": person.source,
    }


def place_as_wire(place: Place) -> dict[str, Any]:
    return {
        "id": place.id,
        "name": place.name,
        "aliases": list(place.aliases),
        "look": place.look,
        "lookEnglish": place.look_english,
        "variants": [],
        "references": [],
        "source": place.source,
    }


def given_people(characters: Sequence[Mapping[str, Any]]) -> list[Person]:
    """What the caller says of the cast; what is no name and no text is left out."""
    people = []
    for given in characters:
        name = str(given.get("name") or "").strip()
        if is_name(name):
            aliases = tuple(alias for alias in given.get("aliases") or () if isinstance(alias, str))
            look, english = (tidy_look(str(given.get(key) or "")) for key in ("look", "lookEnglish"))
            people.append(Person("", name, aliases, look, english, source="caller"))
    return people
