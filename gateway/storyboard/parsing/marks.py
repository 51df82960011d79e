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
_LABEL = re.compile(rf"\[?({_NAMES})(?: ?\([^()]{{0,20}}\)| ?[/|] ?(?:{_NAMES}))?")
_LABEL_LATER = re.compile(rf"\*\*[ \[]{{0,2}}(?:{_NAMES})(?: ?\([^()]{{0,20}}\))?\]?:?\*\*")
_OTHER_LABEL = re.compile(r"[ >*\-+•·]{0,8}\*\*[^*:]{1,20}(?::\*\*|\*\* ?:)")

_TYPE_WORDS = r"(?:(?:开始|起始|首|结束|结尾|尾|末|终|中间|过渡|关键)帧|(?:start|end|first|last|key|middle)[ -]?frame)"
_END_WORDS = re.compile(r"(?:结束|结尾|尾|末|终)帧|(?:end|last)[ -]?frame")
_ANY_TYPE = re.compile(rf"{_TYPE_WORDS}|[\u4e00-\u9fff]{{1,4}}帧")
_PART = re.compile(rf"第 ?({NUMERAL}) ?(?:份|部分|段|幕|场)|(?:part|scene|segment|片段|场景) ?({NUMERAL})(?![0-9])")
_INDEX = re.compile(
    rf"第 ?{NUMERAL} ?(?:帧|镜)|(?:帧|分镜|镜头|画面|frame|shot)[ #]{{0,2}}{NUMERAL}"
    rf"|\[(?:序号|分镜|帧)? ?{NUMERAL}\]"
)
_BEFORE_PART = re.compile(
    rf"[{NUMERAL_CHARACTERS}\[\]()#.、:\- ]*(?:(?:序号|编号|分镜|镜头|帧|frame)[{NUMERAL_CHARACTERS}\[\]()#.、:\- ]*)?"
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
    if is_rule(line):
        return Mark(Kind.RULE)
    return _worded(line)


def _worded(line: str) -> Mark:
    folded = fold(line)
    start = decoration_length(folded)
    marked = "#" in folded[:start] or "**" in folded[:start] or folded[start : start + 1] == "["
    return (
        _label(line, folded, start, marked)
        or heading_of(line[start:], marked)
        or _other(folded, start)
        or Mark(Kind.TEXT, _BULLET.sub("", line).strip())
    )


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
    return Mark(LABELS[name], raw, weak=name in _WEAK)


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
    frame_type = frame_type_of(found.group()) if found else None
    valid = scene if scene and scene <= MAX_SCENE else None
    return Mark(Kind.HEADING, title.strip(_TITLE_EDGE), scene=valid, frame_type=frame_type)


def _other(folded: str, start: int) -> Mark | None:
    heading = "# " in folded[:start] or "##" in folded[:start]
    return Mark(Kind.OTHER) if heading or _OTHER_LABEL.match(folded) else None
