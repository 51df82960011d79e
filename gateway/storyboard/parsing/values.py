"""A description or prompt as it goes on the wire: without the quotes, brackets and fences around the whole."""

import re

from gateway.text.lines import clean, fold, joined

_PARAMETERS = re.compile(r" ?(?:--[a-z]{1,20}(?: [0-9a-z:.]{1,20})? {0,2}){0,8}")
_NOTHING = re.compile(
    r"[^0-9a-z\u4e00-\u9fff]*(?:n/?a|none|null|nil|tbd|todo|无|暂无|略|没有|空)?[^0-9a-z\u4e00-\u9fff]*"
    r"|[(\[]?(?:同上|同前|与上|和上|见上|参考上|略).{0,40}"
    r"|(?:same as|as above|see above|identical to|ditto).{0,60}"
    r"|(?:抱歉|对不起|很抱歉|我无法|无法|我不能|i'?m sorry|sorry|i can(?:no|')t|i am unable|i'm unable).{0,400}",
    re.DOTALL,
)
_WHOLE = frozenset(('""', "“”", "「」", "『』", "()", "（）", "{}", "**", "__"))
_MARKUP = re.compile(r"\|[ :]{0,3}-{3}|^\{\s*\"|^[>|]-? |\b(?:frame_?type|scene_?(?:index)?|jimeng_prompt): ?")
_PAIRS = {"[": "]", "【": "】", "\uff3b": "\uff3d"}


def says_nothing(prompt: str) -> bool:
    """Whether no prompt stands in its place: `N/A`, `无`, `-`, `……`, `同上`, a refusal, a table's markup."""
    folded = fold(prompt).strip()
    if not folded or _MARKUP.search(folded):
        return bool(folded)
    words = folded.partition(" --")[0] if not folded.startswith("--") else ""
    return bool(_NOTHING.fullmatch(words))


def is_worded(sign: str) -> bool:
    """Whether a line that ends in this sign has no mark at its end."""
    return sign.isalnum()


def tidy(value: str) -> str:
    """One paragraph; surrounding emphasis, code marks and one outer pair of brackets removed."""
    text = joined(clean(value).splitlines()).strip("` \t\u3000\\")
    if text.startswith("**") and text.endswith("**") and len(text) > 4:
        text = text[2:-2].strip()
    return _without_quotes(_without_brackets(text))


def _without_brackets(text: str) -> str:
    closing = _PAIRS.get(text[:1])
    end = _partner(text, text[0], closing) if closing else None
    if end is None or not _PARAMETERS.fullmatch(fold(text[end + 1 :])):
        return text
    return f"{text[1:end].strip()} {text[end + 1 :].strip()}".strip()


def _partner(text: str, opening: str, closing: str) -> int | None:
    depth = 0
    for match in re.finditer(f"[{re.escape(opening + closing)}]", text):
        depth += 1 if match.group() == opening else -1
        if depth == 0:
            return match.start()
    return None


def _without_quotes(text: str) -> str:
    if len(text) > 2 and text[0] + text[-1] in _WHOLE and not set(text[1:-1]) & set(text[0] + text[-1]):
        return text[1:-1].strip()
    return text
