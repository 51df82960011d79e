"""Joins a continued answer to the text it goes on from: what the model says twice, and its small talk, are left out."""

import re

TAIL = 400
MIN_OVERLAP = 4
MIN_DISTINCT = 3
MAX_CHATTER = 60

_OPENERS = (
    *(
        "好的",
        "好，",
        "当然",
        "没问题",
        "明白",
        "收到",
        "抱歉",
        "继续",
        "接上文",
        "接着上文",
        "以下",
        "下面",
        "续写",
        "续上文",
    ),
    *(
        "（接上",
        "（续",
        "(接上",
        "(续",
        "【接上",
        "【续",
        "ok",
        "sure",
        "certainly",
        "of course",
        "here",
        "continu",
        "(continu",
    ),
)
_CHATTER = re.compile(
    r"[^\n“”\"]{0,30}(?:继续|续写|接上|接着|以下|下面|continu)[^\n“”\"]{0,30}[:：]$"
    r"|[^\n“”\"]{0,30}(?:续写|上文|继续写|继续输出|剧本|continuation|continuing|left off)[^\n“”\"]{0,30}[。.!！…]$"
)
_BRACKETED = re.compile(r"[（(【\[](?:接上文|接上|接上一段|续上文|续写|续|continued|continuing)[^\n]{0,10}[）)】\]]$")
_ENDS_A_LINE = tuple("。！？…）)”」")
_BARE_LINE_START = re.compile(r"[△▲]|#|场次?[^\n]{0,2}|剧名?|集数?|第[^\n]{0,2}")


class OverlapTrimmer:
    """Takes a continuation piece by piece, and gives back what is new in it as soon as that is certain.

    `so_far` itself is never given back: `so_far` + everything returned is the joined text.
    """

    def __init__(self, so_far: str) -> None:
        self._tail = _Tail(so_far)
        self._held = ""
        self._chatting = bool(so_far)
        self._open = not so_far
        self._joint: str | None = None
        self._line_is_over = so_far[-1:] in _ENDS_A_LINE

    def feed(self, piece: str) -> str:
        if self._open:
            return piece
        self._held += piece
        self._smooth_joint()
        if self._chatting and self._may_be_chatter():
            return ""
        return self._settled(final=False)

    def finish(self) -> str:
        """What is still held back; the continuation is over."""
        if self._open:
            return ""
        if self._chatting:
            self._drop_chatter(len(self._held))
        return self._settled(final=True)

    def _may_be_chatter(self) -> bool:
        """Decides about the first line, once it is there; True while it can still become small talk."""
        line = self._held.lstrip()
        end = line.find("\n")
        if end >= 0:
            self._drop_chatter(len(self._held) - len(line) + end)
            return False
        self._chatting = len(line) <= MAX_CHATTER and _opens_chatter(line)
        return self._chatting

    def _drop_chatter(self, end: int) -> None:
        self._chatting = False
        if _is_chatter(self._held[:end].strip()):
            self._held = self._held[end:]
            self._joint = "\n" if self._line_is_over else ""
            self._smooth_joint()

    def _smooth_joint(self) -> None:
        """Line breaks behind small talk are its own; one stays where the text before had come to the end of a line."""
        if self._joint is not None:
            self._held = self._joint + self._held.lstrip("\n")

    def _settled(self, *, final: bool) -> str:
        if not final and self._tail.may_still_repeat(self._held):
            return ""
        self._open = True
        return self._tail.new_part(self._held)


class _Tail:
    """The end of the text so far, and where in it a continuation may have begun again. Blanks are not compared."""

    def __init__(self, so_far: str) -> None:
        self._blank = so_far[len(so_far.rstrip()) :]
        self._raw = so_far[-2 * TAIL :]
        body = so_far.rstrip()[-2 * TAIL :]
        self._words = _squeezed(body)[-TAIL:]
        self._last_line = _squeezed(body.rpartition("\n")[2]) if so_far.rstrip() else ""

    def may_still_repeat(self, text: str) -> bool:
        """Whether more text could still make its beginning a repetition, or show that it is none."""
        words = _squeezed(text)
        if not words:
            return len(text) <= TAIL
        return words in self._words

    def new_part(self, text: str) -> str:
        words = _squeezed(text)
        for length in range(min(len(words), len(self._words)), 0, -1):
            if self._words.endswith(words[:length]):
                rest = self._after(text, length)
                repeated = text[: len(text) - len(rest)]
                if self._tells(words[:length], repeated, words[length : length + 1]):
                    return rest
        return text

    def _tells(self, overlap: str, repeated: str, following: str) -> bool:
        """Whether an overlap is a repetition and not chance: long enough, over a line's end, or a line's first mark."""
        exact = self._raw.endswith(repeated)
        told = repeated if exact else overlap
        worded = any(map(str.isalnum, overlap))
        if worded and len(told) >= MIN_OVERLAP and len(set(told)) >= MIN_DISTINCT:
            return True
        if exact and "\n" in repeated and (len(set(overlap)) > 1 or not worded):
            return True
        begins_line = overlap == self._last_line and bool(_BARE_LINE_START.fullmatch(overlap))
        return begins_line and not (overlap == "#" and following in ("", "#"))

    def _after(self, text: str, length: int) -> str:
        rest = text[_position_after(text, length) :]
        blank = rest[: len(rest) - len(rest.lstrip())]
        shared = next((n for n in range(len(blank), 0, -1) if self._blank.startswith(blank[:n])), 0)
        return rest[shared:]


def join_without_overlap(so_far: str, continuation: str) -> str:
    """Both texts as one, with nothing said twice at the joint."""
    trimmer = OverlapTrimmer(so_far)
    return so_far + trimmer.feed(continuation) + trimmer.finish()


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _position_after(text: str, words: int) -> int:
    """The position after so many signs that are not blank."""
    for position, sign in enumerate(text):
        if not sign.isspace():
            words -= 1
            if words == 0:
                return position + 1
    return len(text)


def _opens_chatter(line: str) -> bool:
    start = line.lower()
    return any(start.startswith(opener) or opener.startswith(start) for opener in _OPENERS)


def _is_chatter(line: str) -> bool:
    folded = line.lower()
    return (
        len(line) <= MAX_CHATTER and _opens_chatter(line) and bool(_CHATTER.match(folded) or _BRACKETED.match(folded))
    )
