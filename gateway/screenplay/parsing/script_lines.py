"""What one line of a script is: an episode, a scene, a picture prompt, another mark, a blank or plain text."""

import re
from enum import Enum, auto
from typing import NamedTuple

from gateway.text.lines import NUMERAL, bullet_length, fold, is_fence, is_rule, number

MAX_HEADING = 60
MAX_NUMBER = 9999


class Kind(Enum):
    """`OTHER` marks belong to the script but are neither prompts nor parts of one: actions, cast, rules, headings."""

    EPISODE = auto()
    SCENE = auto()
    PROMPT = auto()
    DIRECTORY = auto()
    OTHER = auto()
    BLANK = auto()
    TEXT = auto()


class Line(NamedTuple):
    """`episode` and `scene` are None where the line does not name them; `text` is a prompt's words, unmarked.

    `sure`: the line cannot be one of a directory. `label`: the prompt stands after a label instead of a `#`.
    `open_bold`: its emphasis is not closed on this line.
    """

    kind: Kind
    text: str = ""
    episode: int | None = None
    scene: int | None = None
    sure: bool = False
    label: bool = False
    open_bold: bool = False


_EPISODE_FIELD = re.compile(rf"集数 ?[*_]{{0,2}} ?[: ] ?[*_]{{0,2}} ?\[?(?:第 ?)?({NUMERAL})(?: ?集|$)")
_EPISODE_HEADING = re.compile(rf"\[?第 ?({NUMERAL}) ?集(?P<after>.?)")
_TIME = r"(?:日|夜|晨|昏|晚|午|内|外|白天|凌晨|day|night|int\b|ext\b)"
_SCENE = re.compile(
    rf"\[?(?:(?:场次|场景|场|scene):? ?({NUMERAL}) ?[-~至.]{{1,2}} ?({NUMERAL})|第 ?({NUMERAL}) ?- ?({NUMERAL}) ?[场幕]"
    rf"|第 ?({NUMERAL}) ?集 ?[,:-]? ?第 ?({NUMERAL}) ?[场幕]"
    rf"|([0-9]{{1,4}})[-.]([0-9]{{1,3}})(?![0-9])[\]:、. ][^。！？“”]{{0,40}}{_TIME}[^。！？“”]{{0,16}}$)"
)
_SLUG_LINE = re.compile(r"(?:int|ext|int\./ext|i/e)\.? [^\n]{1,60}$")
_SCENE_ALONE = re.compile(
    rf"\[?(?:(?:场次|场景|scene) ?({NUMERAL})(?![0-9])|第 ?({NUMERAL}) ?[场幕])[\]*_ ]{{0,4}}"
    r"(?::|$|(?<= ).{0,30}[日夜晨昏晚早午内外]$)"
)
_HASHTAG = re.compile(r"#[^#\s]{1,30}#(?![0-9a-f]{3})")
_NOT_A_PROMPT = re.compile(
    r"(?:episode|ep)\.? ?[0-9]{1,4}\b|剧名|集数|出场人物|《[^》]{1,60}》.{0,12}$"
    r"|(?:角色|人物)(?:名称)?(?:表|设定|介绍|小传)?:?$|.{0,12}(?:分集)?(?:目录|大纲|梗概):?$"
)
_LABEL = re.compile(
    r"(?:(?:画面|图片|绘画|分镜)(?:提示词|描述词|提示|描述)|画面|提示词|(?:image )?prompt)(?: ?[0-9]{1,2})?"
    r"(?: ?\([^()]{0,20}\))?[*_ ]{0,4}:"
    r"|\[(?:画面|图片|绘画|分镜)?(?:提示词|描述词|提示|描述|画面)(?: ?[0-9]{1,2})?\][*_ ]{0,4}:?"
)
_DIRECTORY = re.compile(r"[ #*\[]{0,8}(?:短剧)?分集(?:目录|大纲)")
_OTHER = re.compile(r"[△▲◇◆●■(\[|「『“\"]|出场人物|剧名|时间:|地点:|\*\*[^*]{1,20}(?::\*\*|\*\* ?:)|#")
_TITLE_AFTER = frozenset(" :-《(·.|]/,*_")


_SPECIAL = re.compile(
    r"^[ \t>]{0,8}[0-9SsIiEe]|[#提劇畫場幕*_`~=:：第场集剧画图绘分出时地角人△▲◇◆●■(（\[【|「『“\"＃—–―─━═－＝＊＿-]"
)
_BLANK = Line(Kind.BLANK)


def line_of(raw: str) -> Line:
    """Recognises one line of `lines_of`."""
    if not raw:
        return _BLANK
    if not _SPECIAL.search(raw):
        return Line(Kind.TEXT, raw.strip())
    if is_rule(raw) or is_fence(raw):
        return Line(Kind.OTHER)
    folded = fold(raw)
    start = bullet_length(folded)
    hashed = folded[start:].lstrip("# *")
    marked = "**" in folded[:start] or folded[start : start + 1] in ("#", "[")
    return (
        _episode(hashed, marked)
        or _scene(hashed)
        or _prompt(raw, folded, start)
        or _labelled(raw, folded, hashed)
        or _rest(raw, folded, hashed)
    )


def _episode(words: str, marked: bool) -> Line | None:
    stated = _EPISODE_FIELD.match(words)
    if stated:
        return _episode_line(stated.group(1), sure=True)
    heading = _EPISODE_HEADING.match(words)
    if not heading or len(words) > MAX_HEADING:
        return None
    after = heading.group("after")
    if after and after not in _TITLE_AFTER and not marked:
        return None
    return _episode_line(heading.group(1), sure=False) if after != "团" else None


def _episode_line(numeral: str, *, sure: bool) -> Line | None:
    value = number(numeral)
    return Line(Kind.EPISODE, episode=value, sure=sure) if value and value <= MAX_NUMBER else None


def _scene(words: str) -> Line | None:
    pair = _SCENE.match(words)
    alone = None if pair else _SCENE_ALONE.match(words)
    if pair:
        first, second = (value for value in pair.groups() if value)
        return _scene_line(number(first), number(second))
    if not alone and _SLUG_LINE.match(words) and words[:4] in ("int.", "ext.", "i/e.", "int/", "int ", "ext "):
        return Line(Kind.SCENE)
    return _scene_line(None, number(alone.group(1) or alone.group(2))) if alone else None


def _scene_line(episode: int | None, scene: int | None) -> Line | None:
    valid = scene is not None and 0 < scene <= MAX_NUMBER and (episode is None or 0 < episode <= MAX_NUMBER)
    return Line(Kind.SCENE, episode=episode, scene=scene) if valid else None


def _prompt(raw: str, folded: str, start: int) -> Line | None:
    body = folded[start:]
    if not body.startswith("#") or body.startswith("##"):
        return None
    if _HASHTAG.match(body) or _NOT_A_PROMPT.match(body[1:].lstrip("* ")):
        return None
    words = raw[start + 1 :].strip(" \t\u3000`")
    bolds = folded[:start].count("**") + words.count("**")
    bold = "**" in folded[:start] or words.startswith("**")
    return Line(Kind.PROMPT, words.replace("**", "").strip() if bold else words, open_bold=bold and bolds % 2 == 1)


def _labelled(raw: str, folded: str, words: str) -> Line | None:
    label = _LABEL.match(words)
    if not label:
        return None
    text = raw[len(folded) - len(words) + label.end() :].strip()
    text = text.removeprefix("**").strip() if text.startswith("**") and text.count("**") == 1 else text
    text = text.removeprefix("#").removeprefix("\uff03").strip()
    return Line(Kind.PROMPT, text, label=True)


def _rest(raw: str, folded: str, words: str) -> Line:
    if _DIRECTORY.match(folded):
        return Line(Kind.DIRECTORY)
    if _OTHER.match(folded.lstrip()) or _OTHER.match(words):
        return Line(Kind.OTHER, raw.strip())
    return Line(Kind.TEXT, raw.strip())
