"""The people of a script: from the user's lines to the table of characters, and back."""

import re
from dataclasses import dataclass

from sandbox.story.dice import Dice
from sandbox.story.worlds import World, plot

HEADER = ("角色名称", "身份定位", "外貌特征（年龄、发型、服饰）", "性格特征", "当前目标与动机", "冲突点/爽点")
_CUTS = re.compile(r"[,，、;；|/\s]+")
_NAMELESS = ("林夏", "沈渡")
_FOR_WOMEN = re.compile(r"裙|髻|马尾|中长发|直发|襦|女|嬷嬷|嫡女")
_FOR_MEN = re.compile(r"寸头|蟒袍|王爷|书生|少年")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    looks: str

    @property
    def seen(self) -> str:
        return f"{self.name}（{self.looks}）" if self.looks else self.name


@dataclass(frozen=True, slots=True)
class Given:
    """A character as the user wrote it: `张明,男,28`, `乐乐 男 6`, or anything."""

    name: str
    sex: str
    age: str
    rest: tuple[str, ...]


def given(line: str) -> Given:
    words = [word.strip("*#<> ") for word in _CUTS.split(line.strip()) if word.strip("*#<> ")]
    name, others = (words[0][:16], words[1:]) if words else ("无名", [])
    sex = next((word for word in others if re.fullmatch(r"[男女].{0,2}", word)), "")
    age = next((word for word in others if re.fullmatch(r"\d{1,4}岁?", word)), "")
    return Given(name, sex, age.rstrip("岁"), tuple(word for word in others if word not in {sex, age}))


def given_characters(block: str) -> list[Given]:
    """One per line; two of the sandbox's own when the user named nobody."""
    return [given(line) for line in block.splitlines() if line.strip()] or [given(name) for name in _NAMELESS]


def table(people: list[Given], genre: str, world: World) -> str:
    rows = [_row(person, people[at - 1].name, genre, world) for at, person in enumerate(people)]
    return "\n".join([_line(HEADER), "|" + "---|" * len(HEADER), *map(_line, rows)])


def _row(person: Given, other: str, genre: str, world: World) -> tuple[str, ...]:
    dice = Dice("person", person.name, genre)
    slots = {"secret": dice.pick(world.secrets), "threat": dice.pick(world.threats), "b": other}
    slots["place"] = dice.pick(world.places).name
    child = person.age.isdigit() and int(person.age) < 14
    role = "、".join(person.rest) or _fitting(person, plot().child_roles if child else world.roles, dice)
    clothes = _fitting(person, plot().child_clothes if child else world.clothes, dice)
    looks = [f"{person.age}岁" if person.age else "", person.sex, _fitting(person, plot().hair, dice), clothes]
    return (
        person.name,
        f"（{genre}）{role}",
        "，".join(filter(None, looks)),
        dice.pick(plot().traits),
        dice.pick(plot().wants).format(**slots),
        dice.pick(plot().conflicts).format(**slots),
    )


def _fitting(person: Given, choices: tuple[str, ...], dice: Dice) -> str:
    other = {"男": _FOR_WOMEN, "女": _FOR_MEN}.get(person.sex[:1])
    return dice.pick([choice for choice in choices if not (other and other.search(choice))])


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def people_in(text: str) -> list[Person]:
    """The rows of a table of characters; two nameless parts when there is none."""
    rows = [
        [cell.strip(" *") for cell in line.strip().strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    found = [
        Person(row[0], row[2]) for row in rows if len(row) > 2 and row[0] not in {HEADER[0], ""} and "--" not in row[0]
    ]
    return found or [Person(name, "") for name in _NAMELESS]


def genre_in(text: str) -> str:
    """The genre that `table` wrote into the second column."""
    match = re.search(r"\|\s*（(.*?)）", text)
    return match[1] if match else ""
