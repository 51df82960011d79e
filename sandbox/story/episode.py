"""One episode of a script, from the title, the people and its line of the directory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.story.cast import Person, genre_in, people_in
from sandbox.story.dice import Dice
from sandbox.story.reading import blocks, count, labelled
from sandbox.story.worlds import Action, Place, Plot, Slots, Talk, World, plot, world_of

CHARACTERS_PER_MINUTE = 450
_LONGEST_MINUTES = 60.0
_RULE = "-" * 24


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for."""

    number: int
    minutes: float
    title: str
    heading: str
    summary: str
    people: list[Person]
    world: World

    @property
    def scenes(self) -> int:
        return min(5, max(2, round(self.minutes) + 1))


class _Stock:
    """What may happen and be said, each once before any comes again."""

    def __init__(self, dice: Dice) -> None:
        told: Plot = plot()
        stages = ("hook", "middle", "cliff")
        self._actions = {at: dice.endless([each for each in told.actions if each.stage == at]) for at in stages}
        self._talks = {at: dice.endless([each for each in told.talks if each.stage == at]) for at in stages}
        self._pauses = dice.endless(told.pauses)

    def beat(self, stage: str) -> tuple[Action, Talk, str]:
        return next(self._actions[stage]), next(self._talks[stage]), next(self._pauses)


def episode(prompt: str) -> str:
    order = _order(prompt)
    dice = Dice("episode", order.number, order.title, order.heading, order.summary, str(order.minutes))
    head = f"剧名：《{order.title}》\n集数：第{order.number}集 {order.heading}".rstrip() + f"\n{_RULE}\n"
    return "\n\n".join([head.rstrip("\n"), *_scenes(order, dice), "(完)"]) + "\n"


def minutes(duration: str) -> float:
    """`3分钟` → 3, `1-3分钟` → 2, `90秒` → 1.5, unreadable → 2."""
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", duration)][:2]
    if not numbers:
        return 2.0
    middle = sum(numbers) / len(numbers)
    if "秒" in duration and "分" not in duration:
        middle /= 60
    return min(max(middle, 0.5), _LONGEST_MINUTES)


def _order(prompt: str) -> Order:
    context = blocks(prompt).get("context", "")
    number = count(labelled(prompt, "请写"), 1)
    title = re.search(r"《(.*?)》", context)
    line = re.search(rf"第\s*0*{number}\s*集[ \t:：]*(.*)", context)
    heading, summary = [*re.split(r"[：:—]+", line[1].strip(" *|"), maxsplit=1), ""][:2] if line else ("", "")
    return Order(
        number=number,
        minutes=minutes(labelled(prompt, "每集时长")),
        title=title[1] if title else "未命名",
        heading=heading.strip()[:40],
        summary=summary.strip(),
        people=people_in(context),
        world=world_of(genre_in(context) or context[:400]),
    )


def _scenes(order: Order, dice: Dice) -> Iterator[str]:
    stock = _Stock(dice)
    budget = order.minutes * CHARACTERS_PER_MINUTE / order.scenes
    for at, place in enumerate(_places(order, dice), 1):
        a, b = _pair(order, dice)
        slots = _slots(order, place, dice)
        yield "\n".join(
            [
                f"场次{order.number}-{at}：{place.name} {place.time}",
                _RULE,
                f"**出场人物：**{a.name}；{b.name}",
                "",
                *_beats(_stages(at, order.scenes), budget, stock, _Stage(a, b, place, slots, order, dice)),
            ]
        )


def _places(order: Order, dice: Dice) -> list[Place]:
    """The place that the directory names comes first."""
    shuffled = dice.shuffled(order.world.places)
    told = order.heading + order.summary
    return sorted(shuffled, key=lambda place: place.name not in told)[: order.scenes]


def _pair(order: Order, dice: Dice) -> tuple[Person, Person]:
    named = [person for person in order.people if person.name in order.summary]
    first, *others = named + [person for person in dice.shuffled(order.people) if person not in named]
    return first, others[0] if others else Person("陌生人", "黑色帽衫，看不清脸")


def _slots(order: Order, place: Place, dice: Dice) -> Slots:
    told = order.heading + order.summary
    choices = {"secret": order.world.secrets, "prop": order.world.props, "threat": order.world.threats}
    named = {slot: next((word for word in words if word in told), "") for slot, words in choices.items()}
    return {"place": place.name} | {slot: word or dice.pick(choices[slot]) for slot, word in named.items()}


@dataclass(frozen=True, slots=True)
class _Stage:
    """Who stands where, with what at hand."""

    a: Person
    b: Person
    place: Place
    slots: Slots
    order: Order
    dice: Dice

    def fill(self, words: str, *, swap: bool = False) -> str:
        a, b = (self.b, self.a) if swap else (self.a, self.b)
        return words.format(a=a.name, b=b.name, A=a.seen, B=b.seen, **self.slots)


def _stages(at: int, scenes: int) -> tuple[str, str]:
    """How a scene begins and how it ends."""
    return "hook" if at == 1 else "middle", "cliff" if at == scenes else "middle"


def _beats(stages: tuple[str, str], budget: float, stock: _Stock, stage: _Stage) -> Iterator[str]:
    opening = _beat(stock.beat(stages[0]), stage, swap=False)
    closing = _beat(stock.beat(stages[1]), stage, swap=False)
    if stages[0] == "hook" and stage.order.summary:
        opening.append(f"△ 字幕：{stage.order.summary}。")
    yield from opening
    left = budget - _length(opening) - _length(closing)
    while left > 0:
        lines = _beat(stock.beat("middle"), stage, swap=stage.dice.number(0, 1) == 1)
        left -= _length(lines)
        yield from lines
    yield from closing


def _beat(drawn: tuple[Action, Talk, str], stage: _Stage, *, swap: bool) -> list[str]:
    action, talk, pause = drawn
    told = plot()
    shown = stage.fill(action.shown, swap=swap)
    framing = f"{stage.dice.pick(told.shots)}，{stage.dice.pick(told.frames)}"
    picture = f"{stage.place.name}，{stage.place.light}，{shown}，{framing}"
    deed = [f"△ {stage.fill(action.told, swap=swap)}", f"#{picture}"]
    spoken: list[str] = []
    for who, tone, words in talk.lines:
        speaker = stage.b if (who == "a") == swap else stage.a
        spoken += [speaker.name, f"({stage.fill(tone, swap=swap)})", stage.fill(words, swap=swap)]
    if action.stage == "cliff":
        return [*spoken, *deed]
    return [*deed, *spoken, f"△ {stage.fill(pause, swap=swap)}"]


def _length(lines: list[str]) -> int:
    return sum(map(len, lines))
