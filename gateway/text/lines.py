"""What models write, line by line: widths, numerals, fences, rules and Markdown decoration.

Every function is linear in its text and none raises, whatever the text.
"""

# ruff: noqa: RUF001, RUF002 (look-alike signs are what this module is about)

import re
from collections.abc import Iterable

MAX_DIGITS = 6
NUMERAL_CHARACTERS = "0-9零〇一二两三四五六七八九十百千廿卅壹贰叁肆伍陆柒捌玖拾佰"
NUMERAL = f"[{NUMERAL_CHARACTERS}]{{1,8}}"

_NARROW = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_WIDE_LOWER = {code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)}
_ALIKE: dict[int, int] = str.maketrans("【】〔〕［］「」『』—–―‐‑‒−\u3000\u00a0\t｜∶﹕．", "[][][][][]-------   |::.")
_PICTOGRAMS = dict.fromkeys([*range(0x1F300, 0x1FB00), *range(0x2600, 0x27C0), *range(0x2460, 0x2474), 0xFE0F], " ")
_TRADITIONAL: dict[int, int] = str.maketrans(
    "幀開結場鏡頭畫詞輔說語譯釋夢圖繪負類間過鍵關終編號內點劇員錄錶數時晝後續話頁億兩貳參陸",
    "帧开结场镜头画词辅说语译释梦图绘负类间过键关终编号内点剧员录表数时昼后续话页亿两贰叁陆",
)
_FOLD: dict[int, int | str] = {**_PICTOGRAMS, **_NARROW, **_LOWER, **_WIDE_LOWER, **_TRADITIONAL, **_ALIKE}
_INVISIBLE = dict.fromkeys([0x0, 0xFEFF, 0x200B, 0x2060, *range(0xD800, 0xE000)])

_DIGITS = {mark: value for value, marks in enumerate(("零〇", "一壹", "二两贰", "三叁", "四肆")) for mark in marks}
_DIGITS |= {mark: value for value, marks in enumerate(("五伍", "六陆", "七柒", "八捌", "九玖"), 5) for mark in marks}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000}
_SCORES = {"廿": 20, "卅": 30}

_BULLETS = " >*_-+•·●▪◦`~\\"
_ORDINAL = re.compile(r"[0-9]{1,3}[.、)] ?")
_RULE_MARKS = frozenset("-*_=＊＿")
_LONG_RULE_MARKS = frozenset("—–―─━═－＝")


def fold(text: str) -> str:
    """Narrow, lower-case, simplified signs, each at its place (so matches give slices), pictograms as blanks.

    Only the traditional signs that stand in labels are simplified.
    """
    return text.translate(_FOLD)


def clean(text: str) -> str:
    """Without signs that cannot be stored or seen: NUL, byte-order marks, zero-width blanks, lone surrogates."""
    return text.translate(_INVISIBLE)


def lines_of(text: str) -> list[str]:
    """The lines of a text under any line ending, without invisible signs and trailing blanks."""
    unified = clean(text).replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return [line.rstrip() for line in unified.split("\n")]


def number(numeral: str) -> int | None:
    """Value of an Arabic or Chinese numeral of any width (`12`, `１２`, `十二`, `一二`), else None."""
    folded = fold(numeral).strip()
    if not folded or len(folded) > MAX_DIGITS + 2:
        return None
    if folded.isascii():
        return int(folded) if folded.isdigit() and len(folded) <= MAX_DIGITS else None
    if any(mark in _UNITS or mark in _SCORES for mark in folded):
        return _with_units(folded)
    return _positional(folded)


def _with_units(marks: str) -> int | None:
    total = digit = 0
    for mark in marks:
        if mark in _UNITS:
            total += (digit or 1) * _UNITS[mark]
            digit = 0
        elif mark in _SCORES:
            total += _SCORES[mark]
        elif (value := _digit(mark)) is not None:
            digit = value
        else:
            return None
    return total + digit


def _positional(marks: str) -> int | None:
    total = 0
    for mark in marks:
        if (value := _digit(mark)) is None:
            return None
        total = total * 10 + value
    return total


def _digit(mark: str) -> int | None:
    return int(mark) if mark in "0123456789" else _DIGITS.get(mark)


def is_fence(line: str) -> bool:
    """Whether a line only opens or closes a code fence, with any info string."""
    if "```" not in line and "~~~" not in line:
        return False
    stripped = line.strip(" \t>")
    for mark in ("```", "~~~"):
        if stripped.startswith(mark):
            info = stripped.lstrip(mark[0])
            return len(info) <= 40 and mark[0] not in info
    return False


def is_rule(line: str) -> bool:
    """Whether a whole line is a separator: `---`, `***`, `___`, `===`, `- - -`, `——`."""
    body = line.strip()
    mark = body[:1]
    if not mark or (mark not in _RULE_MARKS and mark not in _LONG_RULE_MARKS):
        return False
    if set(body) - {mark, " ", "\u3000"}:
        return False
    return body.count(mark) >= (2 if mark in _LONG_RULE_MARKS else 3)


def decoration_length(folded: str) -> int:
    """How many leading signs of a folded line are quote marks, bullets, ordinals, heading marks or emphasis."""
    body = folded.lstrip(_BULLETS + "#")
    ordinal = _ORDINAL.match(body)
    if ordinal:
        body = body[ordinal.end() :].lstrip(_BULLETS + "#")
    return len(folded) - len(body)


def undecorated(line: str) -> str:
    """The words of a line without its Markdown: bullets, ordinals, heading marks, emphasis around the whole."""
    return line[decoration_length(fold(line)) :].rstrip(" *_`\t")


def bullet_length(folded: str) -> int:
    """As `decoration_length`, but a `#` ends it: for scripts, where `#` is a mark of its own."""
    body = folded.lstrip(_BULLETS)
    ordinal = _ORDINAL.match(body)
    if ordinal and body[ordinal.end() :].lstrip(_BULLETS).startswith("#"):
        body = body[ordinal.end() :].lstrip(_BULLETS)
    return len(folded) - len(body)


def is_cjk(sign: str) -> bool:
    """Whether a sign is Chinese writing or its punctuation."""
    return "\u2e80" <= sign <= "\u9fff" or "\uf900" <= sign <= "\ufaff" or "\uff00" <= sign <= "\uffef"


def joined(pieces: Iterable[str]) -> str:
    """Lines of one paragraph as one line: a blank between words, none between two Chinese signs."""
    parts: list[str] = []
    last = ""
    for piece in filter(None, (piece.strip() for piece in pieces)):
        if last and not (is_cjk(last) and is_cjk(piece[0])):
            parts.append(" ")
        parts.append(piece)
        last = piece[-1]
    return "".join(parts)
