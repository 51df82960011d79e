"""Answer 3 as models really write it: the variations a reader has to cope with, by number."""

import json
import re
from collections.abc import Callable

from sandbox.story.storyboard import Picture, canonical, section

Variation = Callable[[list[Picture], str], str]

_NUMERALS = "零一二三四五六七八九"


def damaged(found: list[Picture], preamble: str, number: int) -> str:
    """The pictures in variation `number`, counted round."""
    return VARIATIONS[number % len(VARIATIONS)](found, preamble)


def numeral(number: int) -> str:
    """1…999 in Chinese."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    high = f"{_NUMERALS[hundreds]}百" if hundreds else ""
    middle = f"{_NUMERALS[tens]}十" if tens else "零" if high and ones else ""
    told = high + middle + (_NUMERALS[ones] if ones else "")
    return told.removeprefix("一") if 10 <= number < 20 else told


def _replaced(pattern: str, by: str) -> Variation:
    def vary(found: list[Picture], preamble: str) -> str:
        return re.sub(pattern, by, canonical(found, preamble), flags=re.MULTILINE)

    return vary


def _headed(heading: Callable[[Picture], str]) -> Variation:
    def vary(found: list[Picture], preamble: str) -> str:
        text = canonical(found, preamble)
        for picture in found:
            text = text.replace(f"### {picture.heading}\n", heading(picture) + "\n")
        return text

    return vary


def _fenced(found: list[Picture], preamble: str) -> str:
    return f"```markdown\n{canonical(found, preamble)}```\n"


def _run_together(found: list[Picture], preamble: str) -> str:
    return "\n\n".join([preamble, *map(section, found)]) + "\n"


def _last_two_in_one(found: list[Picture], preamble: str) -> str:
    return canonical(found[:-1], preamble) + "\n" + section(found[-1]) + "\n"


def _several_lines(found: list[Picture], preamble: str) -> str:
    return re.sub(r", (?=\w+ mood)", ",\n", canonical(found, preamble))


def _with_table(found: list[Picture], preamble: str) -> str:
    rows = re.sub(r"^- (.*?)：(.*)$", r"| \1 | \2 |", preamble.partition("\n\n")[2], flags=re.MULTILINE)
    return canonical(found, f"好的，以下是全部分镜提示词。\n\n| 角色 | 特征 |\n|---|---|\n{rows}")


def _json(found: list[Picture], preamble: str) -> str:
    del preamble
    frames = [
        {
            "sceneIndex": picture.part,
            "frameType": picture.kind,
            "chineseDescription": picture.chinese,
            "jimengPrompt": picture.english,
        }
        for picture in found
    ]
    return json.dumps(frames, ensure_ascii=False, indent=2)


def _carriage_returns(found: list[Picture], preamble: str) -> str:
    return "\ufeff" + canonical(found, preamble).replace("\n", "\r\n")


def _middle_frames(found: list[Picture], preamble: str) -> str:
    text = canonical(found, preamble)
    return text.replace(f"{found[1].part}份-开始帧", f"{found[1].part}份-中间帧") if len(found) > 2 else text


_LABEL = r"\*\*(中文辅助描述|Jimeng Prompt)\*\*："

VARIATIONS: tuple[Variation, ...] = (
    canonical,
    _replaced(_LABEL, r"**\1：** "),
    _replaced(_LABEL, r"\1: "),
    _replaced(_LABEL, r"- **\1**: "),
    _run_together,
    _last_two_in_one,
    _fenced,
    _replaced(r"\*\*Jimeng Prompt\*\*：", "**Jimeng Prompt**：\n"),
    _replaced(r"\*\*Jimeng Prompt\*\*：(.*)$", r"**Jimeng Prompt**：\n```text\n\1\n```"),
    _several_lines,
    _headed(lambda picture: f"### [{numeral(picture.number)}] 第{numeral(picture.part)}份-{picture.kind}"),
    _headed(lambda picture: f"### [{picture.number}] 第{picture.part}份 — {picture.kind}"),
    _headed(lambda picture: f"## 第{picture.part}份（{picture.kind}）"),
    _headed(lambda picture: f"### [{picture.number}] 第{picture.part}份-[{picture.kind}]"),
    _headed(lambda picture: f"**[{picture.number}] 第{picture.part}份-{picture.kind}**"),
    _headed(lambda picture: ""),
    _with_table,
    _replaced(r"(\w+) mood,", r"\1 mood --- one frame,"),
    _replaced(r"^---$", "***"),
    _replaced(r"^---$", "———"),
    _replaced(r"\*\*Jimeng Prompt\*\*", "**即梦提示词**"),
    _replaced(r"\*\*中文辅助描述\*\*：(.*)$", r"**中文描述**：[\1]"),
    _carriage_returns,
    _json,
    _middle_frames,
)
