"""Whether a part of a script is what was ordered; each problem is a sentence for the model and for the user."""

import re
from collections.abc import Iterable, Sequence

from gateway.screenplay.parsing.outline import context_from
from gateway.screenplay.parsing.scene_prompts import extract
from gateway.screenplay.parsing.script_lines import Kind, Line, line_of
from gateway.text.lines import NUMERAL, fold, lines_of, number, undecorated

SHORTEST_LINE = 15
SHORTEST_SCRIPT = 60
SAME_SHARE = 0.8
_LONG_ENOUGH_TO_COMPARE = 8
_CLOSING_MARK = re.compile(rf"[(\[] ?(?:第 ?{NUMERAL} ?集|本集|全剧|全集)? ?(?:完结?|终) ?[)\]][*_ ]{{0,4}}\s*\Z")
_EPISODE = re.compile(rf"(?:第 ?({NUMERAL}) ?[集话]|(?:episode|ep\.?|e) ?([0-9]{{1,4}}))")
_ROW_NUMBER = re.compile(r"[|\s*#\[第]{0,8}([0-9]{1,4})")
_REFUSAL = re.compile(
    r"(?:抱歉|对不起|很遗憾).{0,20}(?:无法|不能|不便)|我(?:无法|不能)(?:协助|满足|完成|生成|创作|提供|处理)"
    r"|i(?:'m| am) (?:sorry|unable)|i can(?:no|')t (?:help|assist|write|create)"
)
_NAME = re.compile(r"[^,，、;；:：|/()（）\s]{1,20}")


def directory_problems(text: str, episodes: int, characters: Iterable[str]) -> list[str]:
    """A line of at least 15 characters for every episode, numbered without gap, and every given character."""
    if is_refusal(text):
        return ["模型拒绝了这个请求"]
    entries = directory_entries(text)
    numbers = [told for told, _ in entries]
    absent = [str(wanted) for wanted in range(1, episodes + 1) if wanted not in numbers]
    twice = sorted({told for told in numbers if numbers.count(told) > 1}) if len(numbers) <= 2 * episodes else []
    short = [str(told) for told, length in entries if length < SHORTEST_LINE and told not in twice]
    people = [name for name in map(name_of, characters) if name and name not in text]
    problems = [
        f"分集目录缺少第{'、'.join(absent)}集" if absent else "",
        f"分集目录中第{'、'.join(map(str, twice))}集写了不止一次" if twice else "",
        f"分集目录中第{'、'.join(short)}集的剧情太短" if short else "",
        f"角色表缺少{'、'.join(people)}" if people else "",
    ]
    return [problem for problem in problems if problem]


def directory_entries(text: str) -> list[tuple[int, int]]:
    """Number of each directory line, and how many characters are told about its episode, lines below it counted."""
    entries: list[tuple[int, int]] = []
    for line in lines_of(text):
        words = fold(undecorated(line)).strip("[]| *")
        found = _EPISODE.match(words)
        if found and (told := number(found[1] or found[2])):
            entries.append((told, len(words)))
        elif entries and words:
            told, length = entries[-1]
            entries[-1] = (told, length + len(words))
    return entries or _numbered_entries(text)


def _numbered_entries(text: str) -> list[tuple[int, int]]:
    rows = context_from(text).directory
    return [(int(found[1]), len(row)) for row in rows if (found := _ROW_NUMBER.match(fold(row)))]


def episode_problems(text: str, episode: int, cast: Sequence[str], earlier: Sequence[str]) -> list[str]:
    """Its own number, closing mark, scene headings, picture prompts, somebody of the cast, and nothing told before."""
    if is_refusal(text):
        return ["模型拒绝了这个请求"]
    lines = [line_of(line) for line in lines_of(text)]
    scenes = sum(line.kind is Kind.SCENE for line in lines)
    prompts = sum(len(scene.prompts) for told in extract(text, episode) for scene in told.scenes)
    told_here = _sentences(text)
    others = sorted(_numbers(lines) - {episode})
    problems = [
        f"内容写成了第{'、'.join(map(str, others))}集" if others else "",
        "" if scenes else "没有场次标题",
        "" if prompts >= max(scenes, 1) else "缺少画面提示词",
        "" if is_closed(text) else "结尾没有 (完)，内容可能不完整",
        "" if not cast or any(name in text for name in cast) else "没有出现角色表中的任何人物",
        "内容太短" if len(text) < SHORTEST_SCRIPT else "",
        *(f"与第{at}集的内容重复" for at, before in enumerate(earlier, 1) if _is_same(told_here, before)),
    ]
    return [problem for problem in problems if problem]


def is_refusal(text: str) -> bool:
    """Whether the answer is a refusal: its words, and no scene and no directory behind them."""
    if not _REFUSAL.search(fold(text[:200])):
        return False
    return not directory_entries(text) and not any(line_of(line).kind is Kind.SCENE for line in lines_of(text))


def is_closed(text: str) -> bool:
    """Whether an episode ends with its closing mark: `(完)`, `（第3集完）`, `【全剧终】`."""
    return bool(_CLOSING_MARK.search(fold(text[-40:])))


def names_in(directory: str) -> list[str]:
    """Names in the first column of the characters table."""
    rows = [row.strip(" |").split("|", 1)[0].strip(" *") for row in context_from(directory).table[1:]]
    return [row for row in rows if set(row) - set("-: ")]


def name_of(character: str) -> str:
    """The name in a character as it was given: `张明,男,28`."""
    found = _NAME.search(character)
    return found.group() if found else ""


def _numbers(lines: Iterable[Line]) -> set[int]:
    """Episodes that the text says it is: by its field, or by the numbers of its scenes."""
    sure = (line for line in lines if line.kind is Kind.SCENE or (line.kind is Kind.EPISODE and line.sure))
    return {line.episode for line in sure if line.episode}


def _is_same(told: set[str], before: str) -> bool:
    earlier = {line.strip() for line in before.splitlines()}
    return bool(told) and len(told & earlier) >= SAME_SHARE * len(told)


def _sentences(text: str) -> set[str]:
    """Lines that a story tells only once: headings and lists of people come back in every episode."""
    lines = (line.strip() for line in lines_of(text))
    return {line for line in lines if len(line) >= _LONG_ENOUGH_TO_COMPARE and line_of(line).kind is not Kind.SCENE}
