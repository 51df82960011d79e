"""A description or prompt as it goes on the wire: without the quotes, brackets and fences around the whole."""

import re

from gateway.text.lines import clean, fold, joined

_PARAMETERS = re.compile(r" ?(?:--[a-z]{1,20}(?: [0-9a-z:.]{1,20})? {0,2}){0,8}")
_PAIRS = {"[": "]", "【": "】", "\uff3b": "\uff3d"}


def tidy(value: str) -> str:
    """One paragraph; surrounding emphasis, code marks and one outer pair of brackets removed."""
    text = joined(clean(value).splitlines()).strip("` \t\u3000")
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
    if len(text) > 2 and text[0] + text[-1] in ('""', "“”") and not set(text[1:-1]) & {'"', "“", "”"}:
        return text[1:-1].strip()
    return text
