"""JSON as models write it: in fences, after small talk, with stray commas and quotes, or cut off in the middle.

Reading never raises and takes time linear in the text. What was cut off inside a list is left out of it, so an
answer that broke off still gives every record that was complete.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.text.thoughts import without_thoughts
from shared.wire import loads

_DEEPEST = 20
_BEGIN = re.compile(r"\{\s*+[\"'“}]|\[\s*+[\{\]\"0-9]")
_BLANK = re.compile(r"[\s,，;；]*+")
_COLON = re.compile(r"\s*+[:：=]?")
_BARE = re.compile(r"[^,\]}\n]*+")
_KEY = re.compile(r"[^:：=,\]}\n]*+")
# What may follow a quote that ends a string.
_AFTER = re.compile(r"\s*+(?:[,:：\]}]|\Z)")
_CLOSERS = {'"': '"', "'": "'", "“": '”"'}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Loose:
    """`value` is None when there is no JSON in the text; `cut` when the text ended before the JSON did."""

    value: Any
    cut: bool = False


def read_json(text: str) -> Loose:
    """The first JSON object or list of a text."""
    try:
        return Loose(loads(text))
    except (ValueError, RecursionError):
        spoken = without_thoughts(text)
    begin = _BEGIN.search(spoken)
    if begin is None:
        return Loose(None)
    reader = _Reader(spoken, begin.start())
    try:
        value = reader.value(0)
    except RecursionError:
        return Loose(None)
    return Loose(value, reader.cut)


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self.cut = False

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise RecursionError
        sign = self._text[self._at : self._at + 1]
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._list(depth)
        return self._string(sign) if sign in _CLOSERS else self._bare()

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._at += 1
        while sign := self._next():
            if sign in "}]":
                self._at += sign == "}"
                return found
            key = self._string(sign) if sign in _CLOSERS else self._taken(_KEY)
            self._taken(_COLON)
            self._taken_blank()
            value = self.value(depth + 1)
            if not self.cut or isinstance(value, dict | list):
                found[str(key).strip()] = value
        self.cut = True
        return found

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self._at += 1
        while sign := self._next():
            if sign in "]}":
                self._at += sign == "]"
                return found
            value = self.value(depth + 1)
            if self.cut:
                return found
            found.append(value)
        self.cut = True
        return found

    def _string(self, opening: str) -> str:
        closers = _CLOSERS[opening]
        text, at = self._text, self._at + 1
        parts: list[str] = []
        while at < len(text):
            sign = text[at]
            if sign == "\\":
                escaped, at = _unescaped(text, at + 1)
                parts.append(escaped)
                continue
            at += 1
            if sign in closers and _AFTER.match(text, at):
                self._at = at
                return "".join(parts)
            parts.append(sign)
        self._at, self.cut = at, True
        return "".join(parts)

    def _bare(self) -> Any:
        word = self._taken(_BARE).strip()
        self.cut = self.cut or self._at >= len(self._text)
        if not word:
            # Nothing was taken: go on, or the same sign would be read for ever.
            self._at += 1
        try:
            return loads(word)
        except (ValueError, RecursionError):
            return word

    def _next(self) -> str:
        self._taken(_BLANK)
        return self._text[self._at : self._at + 1]

    def _taken_blank(self) -> None:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1

    def _taken(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match.group()


def _unescaped(text: str, at: int) -> tuple[str, int]:
    sign = text[at : at + 1]
    if sign != "u":
        return _ESCAPES.get(sign, sign), at + 1
    try:
        return chr(int(text[at + 1 : at + 5], 16)), at + 5
    except ValueError:
        return "", at + 1
