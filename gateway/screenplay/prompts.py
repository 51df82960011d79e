"""What the script model is asked: a directory, an episode, to go on after a cut; the words are in `prompts/*.md`."""

import re
from collections.abc import Iterable

from gateway.text.lines import NUMERAL, fold, number
from gateway.text.templating import fill, template

CHARACTERS_A_MINUTE = 450
MAX_MINUTES = 30.0

# Read with the module: a file that is first needed inside the event loop would block it.
_TEMPLATES = {name: template("gateway.screenplay", name) for name in ("directory", "episode", "continuation", "again")}
_AMOUNT = re.compile(rf"([0-9]{{1,4}}(?:\.[0-9]{{1,2}})?|{NUMERAL}(?= ?[分秒到至~-])) ?(秒|s(?:ec)?)?")


def directory(genre: str, duration: str, episodes: int, characters: Iterable[str]) -> str:
    """Asks for title, characters table and episode directory."""
    people = "\n".join(filter(None, map(_line, characters)))
    return _filled("directory", genre=_line(genre), duration=_line(duration), total=episodes, characters=people)


def episode(number: int, total: int, duration: str, context_text: str, previous_tail: str) -> str:
    """Asks for one episode, given title, table and directory, and the end of what was written so far."""
    return _filled(
        "episode",
        number=number,
        total=total,
        duration=_line(duration),
        length=length_wanted(duration),
        ending=_ending(number, total),
        context=context_text.strip(),
        previous=previous_tail.strip("\n"),
    )


def again(question: str, problems: Iterable[str]) -> str:
    """The same question once more, with what was wrong with the answer."""
    told = "\n".join(f"- {problem}" for problem in problems)
    return f"{question}\n\n{_filled('again', problems=told)}"


def continuation() -> str:
    """Asks to go on exactly where the text stops."""
    return _TEMPLATES["continuation"].strip()


def length_wanted(duration: str) -> str:
    """The length of an episode in characters, in words for the model; a duration without a number gives the rate."""
    minutes = [_minutes(match) for match in list(_AMOUNT.finditer(fold(duration)))[:2]]
    counts = sorted({round(value * CHARACTERS_A_MINUTE / 50) * 50 or 50 for value in minutes if value})
    if not counts:
        return f"按每分钟约 {CHARACTERS_A_MINUTE} 字计算"
    return "约 " + " 到 ".join(str(count) for count in counts) + " 字"


def _minutes(match: re.Match[str]) -> float:
    amount, seconds = match.groups()
    value = float(amount) if amount[0].isascii() and amount.replace(".", "").isdigit() else number(amount) or 0
    return min(value / 60 if seconds else value, MAX_MINUTES)


def _ending(number: int, total: int) -> str:
    if number < total:
        return "最后一场停在最紧的一刻：一个反转、一个新的危险或一个没有回答的问题，让人非点下一集不可。"
    return "这是全剧的最后一集：解决主要冲突，回应开头的钩子，主要人物的创伤与渴望各有着落，最后留一个有余味的画面。"


def _line(value: str) -> str:
    return " ".join(value.split())


def _filled(name: str, **values: str | int) -> str:
    return fill(_TEMPLATES[name], values)
