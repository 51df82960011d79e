"""Prompts as templates: the model writes `{{c1}}`, we put the look in, so that it is the same to the byte."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.storyboard.cast import Cast, Person

_PLACEHOLDER = re.compile(r"\{\{?\s?([cp][0-9]{1,3})(?:[._ ]?v[0-9]{1,2})?\s?\}?\}")
_FLAG = re.compile(r"\s*+--[a-zA-Z]{1,20}(?: [0-9a-zA-Z:.]{1,12})?")
_RULE = re.compile(r" [-—_]{2,} ")
_QUOTES = str.maketrans("", "", '"“”「」『』《》`')
_AGAIN = "this same person"


@dataclass(frozen=True, slots=True)
class Filled:
    """`template` has one placeholder a person; `prompt` is what a picture vendor reads."""

    template: str
    prompt: str


def placeholders(template: str) -> list[str]:
    """The ids in a template, each once, in order."""
    return list(dict.fromkeys(match.group(1) for match in _PLACEHOLDER.finditer(template)))


def tidied(body: str, style: str) -> str:
    """A model's prompt without flags, quotation marks, brackets around the whole, or a style line of its own."""
    plain = _RULE.sub(" ", _FLAG.sub("", " ".join(body.split()))).translate(_QUOTES)
    plain = _PLACEHOLDER.sub(lambda match: "{{" + match.group(1) + "}}", plain).strip(" ,，.。;；*")
    if style and plain.lower().endswith(style.lower()):
        plain = plain[: -len(style)].rstrip(" ,，.。;；")
    return plain


def needs_tidying(body: str) -> bool:
    """Whether a prompt holds flags or quotation marks: a picture model paints what is quoted."""
    return bool(_FLAG.search(body) or _RULE.search(body)) or body != body.translate(_QUOTES)


def with_placeholders(body: str, people: Sequence[Person]) -> str:
    """Names that the model wrote instead of placeholders become placeholders."""
    for person in people:
        mark = "{{" + person.id + "}}"
        if mark in body:
            continue
        names = sorted((name for name in (person.name, *person.aliases) if len(name) > 1), key=len, reverse=True)
        name = next((name for name in names if _stands_alone(name, body)), None)
        if name:
            body = re.sub(_bounded(name), lambda _: mark, body, count=1)  # noqa: B023 called at once
    return body


def without_names(body: str, cast: Cast) -> str:
    """What is left of names means nothing to a picture model."""
    for person in cast.people:
        if len(person.name) > 1 and "{{" + person.id + "}}" in body:
            body = re.sub(_bounded(person.name), _AGAIN, body)
    return body


def filled(body: str, look_of: Callable[[str], str | None], tail: str) -> Filled:
    """The template and prompt of one frame; `tail` is the board's style line and the flag of the wire.

    A placeholder that is repeated, or that nobody stands behind, is put into words.
    """
    seen: set[str] = set()

    def once(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in seen or not look_of(name):
            return _AGAIN if name in seen else "a figure" if name.startswith("c") else "the place"
        seen.add(name)
        return match.group()

    template = _PLACEHOLDER.sub(once, body) + tail
    return Filled(template, put_in(template, look_of))


def put_in(template: str, look_of: Callable[[str], str | None]) -> str:
    """The template with the looks; what nobody stands behind stays as it is."""
    return _PLACEHOLDER.sub(lambda match: look_of(match.group(1)) or match.group(), template)


def _stands_alone(name: str, body: str) -> bool:
    return re.search(_bounded(name), body) is not None


def _bounded(name: str) -> str:
    word = re.escape(name)
    return rf"(?<![A-Za-z]){word}(?![A-Za-z])" if name.isascii() else word
