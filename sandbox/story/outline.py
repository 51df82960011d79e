"""The first part of a script: title, table of characters, directory of all episodes."""

import re
from itertools import islice

from sandbox.story.cast import Given, given_characters, table
from sandbox.story.dice import Dice
from sandbox.story.reading import blocks, count, labelled
from sandbox.story.worlds import World, plot, world_of


def directory(prompt: str) -> str:
    genre = re.sub(r"[|（）《》\s]+", " ", labelled(prompt, "题材")).strip()[:40] or "都市"
    people = given_characters(blocks(prompt).get("characters", ""))
    world = world_of(genre)
    dice = Dice("outline", genre, labelled(prompt, "每集时长"), *(person.name for person in people))
    title = dice.pick(world.titles).format(x=dice.pick(world.title_words))
    lines = _episodes(count(labelled(prompt, "总集数"), 1), people, world, dice)
    return "\n\n".join([f"《{title}》", table(people, genre, world), "**短剧分集目录**", "\n".join(lines)]) + "\n"


def _episodes(total: int, people: list[Given], world: World, dice: Dice) -> list[str]:
    titles = list(islice(dice.endless(_titles(world)), total))
    events = {stage: dice.endless(events) for stage, events in plot().events.items()}
    return [
        f"第{number:02d}集 {title}：{next(events[_stage(number, total)]).format(**_slots(title, people, world, dice))}"
        for number, title in enumerate(titles, 1)
    ]


def _titles(world: World) -> list[str]:
    by_place = [place.name + turn for place in world.places for turn in plot().place_titles]
    return by_place + [secret + turn for secret in world.secrets for turn in plot().secret_titles]


def _stage(number: int, total: int) -> str:
    part = number / total
    if number == 1 and total > 1:
        return "begin"
    return "begin" if part <= 0.2 else "rise" if part <= 0.6 else "turn" if part <= 0.85 else "end"


def _slots(title: str, people: list[Given], world: World, dice: Dice) -> dict[str, str]:
    """The title names a place or a secret: the event keeps to it."""
    names = [person.name for person in people]
    first, second = _pair(names, dice)
    named = next((place.name for place in world.places if title.startswith(place.name)), "")
    secret = next((secret for secret in world.secrets if title.startswith(secret)), "")
    return {
        "a": first,
        "b": second,
        "place": named or dice.pick(world.places).name,
        "secret": secret or dice.pick(world.secrets),
        "prop": dice.pick(world.props),
        "threat": dice.pick(world.threats),
    }


def _pair(names: list[str], dice: Dice) -> tuple[str, str]:
    """The first named leads most episodes."""
    others = names[1:] or ["来路不明的陌生人"]
    lead = names[0] if dice.number(1, 3) < 3 else dice.pick(names)
    return lead, dice.pick([name for name in others if name != lead] or [names[0]])
