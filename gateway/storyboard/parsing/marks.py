"""What one line of a storyboard answer is: a frame heading, a label, a separator, a fence, a blank or text."""

import re
from enum import Enum, auto
from typing import NamedTuple

from gateway.storyboard.frames import END, START
from gateway.text.lines import NUMERAL, NUMERAL_CHARACTERS, decoration_length, fold, is_fence, is_rule, number

MAX_HEADING = 160
MAX_SCENE = 9999


class Kind(Enum):
    """`OTHER` is a heading or label that frames do not use: it ends what stands before it."""

    HEADING = auto()
    DESCRIPTION = auto()
    PROMPT = auto()
    FRAME_TYPE = auto()
    OTHER = auto()
    RULE = auto()
    FENCE = auto()
    BLANK = auto()
    TEXT = auto()


class Mark(NamedTuple):
    """`text` is a label's value or a heading's own words; `weak` labels count only inside a headed frame."""

    kind: Kind
    text: str = ""
    scene: int | None = None
    frame_type: str | None = None
    weak: bool = False
    listed: bool = False


_DESCRIPTION = ("中文辅助描述", "中文画面描述", "辅助描述", "中文描述", "画面描述", "chinese description")
_PROMPT = (
    *("jimeng 4.0 prompt", "jimeng prompt", "jimeng-prompt", "jimeng_prompt", "jimengprompt", "jimeng 提示词"),
    *("jimeng提示词", "即梦提示词", "即梦 提示词", "即梦prompt", "即梦 prompt", "即梦ai提示词", "英文提示词"),
    *(
        "图片提示词",
        "图像提示词",
        "绘画提示词",
        "绘图提示词",
        "生图提示词",
        "文生图提示词",
        "image prompt",
        "英文 prompt",
    ),
)
_TYPE = ("帧类型", "frame type")
_OTHER = ("负面提示词", "反向提示词", "negative prompt")
_WEAK = {"描述": Kind.DESCRIPTION, "description": Kind.DESCRIPTION, "提示词": Kind.PROMPT, "prompt": Kind.PROMPT}
LABELS = {
    **dict.fromkeys(_DESCRIPTION, Kind.DESCRIPTION),
    **dict.fromkeys(_PROMPT, Kind.PROMPT),
    **dict.fromkeys(_TYPE, Kind.FRAME_TYPE),
    **dict.fromkeys(_OTHER, Kind.OTHER),
    **_WEAK,
}
_NAMES = "|".join(re.escape(name) for name in sorted(LABELS, key=len, reverse=True))
_LABEL = re.compile(rf"\[?({_NAMES})(?: ?\((?P<note>[^()]{{0,20}})\)| ?[/|] ?(?:{_NAMES}))?")
_LABEL_LATER = re.compile(rf"\*\*[ \[]{{0,2}}(?:{_NAMES})(?: ?\([^()]{{0,20}}\))?\]?:?\*\*")
_OTHER_LABEL = re.compile(r"[ >*\-+•·]{0,8}\*\*[^*:]{1,20}(?::\*\*|\*\* ?:)")

_PROMPT_WORD = re.compile(r"prompt|提示词|提示语|咒语")
_DESCRIPTION_WORD = re.compile(r"描述|说明|画面|中文|chinese|释义|description")
_NOT_OURS = re.compile(r"负|反向|negative|角色|人物|特征|character|风格|style|音|sound|时长|duration|台词|旁白")
_ENGLISH = re.compile(r"英文|英语|english|en")
_LABEL_WORDS = re.compile(
    r"(?:jimeng|即梦|midjourney|mj|ai|英文|英语|english|en|中文|chinese|画面|图片|图像|image|picture|绘画|绘图|出图|生图"
    r"|文生图|正向|positive|final|最终|镜头|场景|辅助|内容|分镜|视觉|visual|prompt|提示词|提示语|咒语|描述|说明|释义|词"
    r"|description|[0-9][0-9.]{0,3}|[ _/-])+"
)
_ANY_LABEL = re.compile(
    r"(?P<open>\[)?(?P<name>[a-z\u4e00-\u9fff][^:()\[\]*|。,!?]{0,24}?)(?: ?\((?P<note>[^()]{0,20})\))?"
    r"(?P<after>(?(open)\][ *_`]{0,4}:?[ *_`]{0,4}|(?:[ *_`\]]{0,4}:[ *_`]{0,4}| ?\*\* ?$)))"
)
_TAG = re.compile(r"</?[a-z][a-z0-9_-]{0,30}(?: [^<>]{0,80})?/?>", re.IGNORECASE)

_TYPE_WORDS = r"(?:(?:开始|起始|首|结束|结尾|尾|末|终|中间|过渡|关键)帧|(?:start|end|first|last|key|middle)[ -]?frame)"
_END_WORDS = re.compile(r"(?:结束|结尾|尾|末|终)帧|(?:end|last)[ -]?frame")
_BARE_TYPE = re.compile(
    r"(?:(?P<end>结束|结尾|收尾|尾声?|末|终|end|ending|last|final)|(?:开始|起始|开场|开头|开|首|start|starting|opening|first))"
    r" ?(?:帧|画面|镜头?|frame|shot|image)?"
)
_ANY_TYPE = re.compile(rf"{_TYPE_WORDS}|[\u4e00-\u9fff]{{1,4}}帧")
_PART = re.compile(rf"第 ?({NUMERAL}) ?(?:份|部分|段|幕|场)|(?:part|scene|segment|片段|场景) ?({NUMERAL})(?![0-9])")
_INDEX = re.compile(
    rf"第 ?{NUMERAL} ?(?:帧|镜)|(?:帧|分镜|镜头|画面|frame|shot)[ #]{{0,2}}{NUMERAL}"
    rf"|\[(?:序号|分镜|帧)? ?{NUMERAL}\]"
)
_BEFORE_PART = re.compile(
    rf"[{NUMERAL_CHARACTERS}\[\]()#.、:\- ]*"
    rf"(?:(?:{_TYPE_WORDS}|序号|编号|分镜|镜头|帧|frame)[{NUMERAL_CHARACTERS}\[\]()#.、:\- ]*)?"
)
_ONLY_TYPE = re.compile(rf"[\[(]?(?:{NUMERAL}[.、:])? ?{_TYPE_WORDS} ?[\])]? ?:?")
_BULLET = re.compile(r"^[ \t]{0,12}(?:[-*+•·]|[0-9]{1,2}\.) +|^[ \t]{0,12}>")
_SPECIAL = re.compile(r"(?i)[#*_`~=:：\[【「『第帧>•·—–―─━═－＝＃＊＿\u3014\uff3b-]|[0-9]\.|frame|prompt|描述|提示词")
_TITLE_EDGE = " *_`[](){}【】（）-—–:：｜|·\t\u3000"


_BLANK = Mark(Kind.BLANK)


def frame_type_of(words: str) -> str:
    """开始帧 or 结束帧, whatever the words say."""
    return END if _END_WORDS.search(fold(words)) else START


def split_labels(line: str) -> list[str]:
    """A line with several bold labels in it as one line per label."""
    if "**" not in line and "＊＊" not in line:
        return [line]
    folded = fold(line)
    cuts = [0, *(match.start() for match in _LABEL_LATER.finditer(folded, decoration_length(folded)))]
    return [line[start:end] for start, end in zip(cuts, [*cuts[1:], len(line)], strict=True)]


def mark_of(line: str) -> Mark:
    """Recognises one line of `lines_of`."""
    if not line:
        return _BLANK
    if not _SPECIAL.search(line):
        return Mark(Kind.TEXT, line.strip())
    if is_fence(line):
        return Mark(Kind.FENCE)
    if is_rule(line) or (line.lstrip()[:1] == "<" and _TAG.fullmatch(line.strip())):
        return Mark(Kind.RULE)
    return _worded(line)


def _worded(line: str) -> Mark:
    folded = fold(line)
    start = decoration_length(folded)
    marked = "#" in folded[:start] or "**" in folded[:start] or folded[start : start + 1] == "["
    return (
        _label(line, folded, start, marked)
        or heading_of(line[start:], marked)
        or _ruled_label(line, folded, start)
        or _other(folded, start)
        or Mark(Kind.TEXT, _BULLET.sub("", line).strip(), listed=bool(_BULLET.match(line)) and ">" not in line[:13])
    )


def kind_of_label(name: str) -> Kind | None:
    """What a label is by the words in it, folded: a prompt, a description, something else, or None."""
    if _NOT_OURS.search(name):
        return Kind.OTHER
    if _PROMPT_WORD.search(name) or _ENGLISH.fullmatch(name.strip()):
        return Kind.PROMPT
    return Kind.DESCRIPTION if _DESCRIPTION_WORD.search(name) else None


def _ruled_label(line: str, folded: str, start: int) -> Mark | None:
    """A label that is in no list: its words tell; without emphasis all of them have to be words of labels."""
    match = _ANY_LABEL.match(folded, start)
    if not match:
        return None
    name = match["name"].strip()
    kind = kind_of_label(name)
    bold = "**" in folded[:start]
    if kind is None or not (bold or _LABEL_WORDS.fullmatch(name)):
        return None
    if kind is Kind.OTHER:
        return Mark(kind)
    value = _value(line[match.end() :], not bold or "*" in match["after"])
    return Mark(kind, value, frame_type=_type_in(match["note"]), weak=not _PROMPT_WORD.search(name))


def _type_in(note: str | None) -> str | None:
    bare = _BARE_TYPE.fullmatch((note or "").strip())
    return (END if bare["end"] else START) if bare else None


def _label(line: str, folded: str, start: int, marked: bool) -> Mark | None:
    match = _LABEL.match(folded, start)
    if not match:
        return None
    after = folded[match.end() :]
    value = after.lstrip(" *_`]")
    if not (value.startswith(":") or not value or (marked and not _continues_word(after))):
        return None
    closed = "*" in after[: len(after) - len(value)]
    raw = line[len(line) - len(value) :] if value else ""
    raw = _value(raw[1:] if value.startswith(":") else raw.lstrip("-— "), closed or "**" not in folded[:start])
    name = match.group(1)
    return Mark(LABELS[name], raw, frame_type=_type_in(match["note"]), weak=name in _WEAK)


def _continues_word(after: str) -> bool:
    return after[:1].isalnum()


def _value(raw: str, bold_closed: bool) -> str:
    stripped = raw.strip()
    if bold_closed:
        return stripped
    rest = stripped.removeprefix("**").strip()
    return rest.removesuffix("**").strip() if rest.count("**") % 2 else rest


def heading_of(words: str, marked: bool) -> Mark | None:
    """A frame heading in words without leading decoration; `marked` when the line was set as a heading."""
    if len(words) > MAX_HEADING:
        return None
    folded = fold(words).rstrip(" *_`#")
    if _ONLY_TYPE.fullmatch(folded):
        return Mark(Kind.HEADING, frame_type=frame_type_of(folded))
    part = _PART.search(folded, 0, 40)
    if part and _BEFORE_PART.fullmatch(folded, 0, part.start()) and _is_title(folded[part.end() :], marked):
        return _heading(words, folded, part.end(), number(part.group(1) or part.group(2)))
    index = _INDEX.match(folded)
    if index and marked:
        return _heading(words, folded, index.end(), None)
    return None


def _is_title(tail: str, marked: bool) -> bool:
    return marked or not tail.strip(_TITLE_EDGE) or bool(_ANY_TYPE.match(tail.lstrip(_TITLE_EDGE)))


def _heading(words: str, folded: str, end: int, scene: int | None) -> Mark:
    tail = folded[end:]
    found = _ANY_TYPE.search(tail)
    title = words[end + found.end() :] if found else words[end:]
    frame_type = frame_type_of(found.group()) if found else _type_in(tail.strip(_TITLE_EDGE))
    before = None if frame_type else _ANY_TYPE.search(folded, 0, end)
    frame_type = frame_type_of(before.group()) if before else frame_type
    valid = scene if scene and scene <= MAX_SCENE else None
    return Mark(Kind.HEADING, title.strip(_TITLE_EDGE), scene=valid, frame_type=frame_type)


def _other(folded: str, start: int) -> Mark | None:
    heading = "# " in folded[:start] or "##" in folded[:start]
    return Mark(Kind.OTHER) if heading or _OTHER_LABEL.match(folded) else None
