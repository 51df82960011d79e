"""What a text lets one see: its place, light, mood and deeds, and its most visible sentence."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sandbox.story.cutting import sentences
from sandbox.story.dice import Dice

_SHOTS = (
    ("全景", "wide establishing shot"),
    ("中景", "medium shot"),
    ("近景", "medium close-up"),
    ("特写", "close-up"),
    ("远景", "extreme long shot"),
    ("过肩镜头", "over-the-shoulder shot"),
    ("低角度仰拍", "low angle shot"),
    ("俯拍", "high angle shot"),
)
_LENSES = ("24mm lens, deep focus", "35mm lens", "50mm lens, natural perspective", "85mm lens, shallow depth of field")
_PLAIN_LIGHTS = (
    ("侧逆光", "soft side backlight"),
    ("自然光", "natural window light"),
    ("柔和天光", "soft diffused daylight"),
    ("明暗对比光", "strong chiaroscuro light"),
)
_LONGEST = 90
_CONSIDERED = 40


@dataclass(frozen=True, slots=True)
class Look:
    """What a camera would need to know about a text."""

    shot: str
    light: str
    english_shot: str
    english_light: str
    english_scene: str
    mood: str
    lens: str


@cache
def _scenery() -> dict[str, dict[str, str | list[str]]]:
    text = resources.files("sandbox.story").joinpath("words/scenery.toml").read_text("utf-8")
    return tomllib.loads(text)


def _seen(kind: str, text: str) -> list[str | list[str]]:
    low = text.lower()
    return [meaning for word, meaning in _scenery()[kind].items() if word in low]


def look(text: str, around: str) -> Look:
    """The look of a text; what it leaves open is taken from the text around it, else by content."""
    dice = Dice("look", text)
    shot = next((shot for shot in _SHOTS if text.startswith(shot[0] + "，")), None) or dice.pick(_SHOTS)
    text = text.removeprefix(shot[0])
    light = next(iter(_seen("light", text) or _seen("light", around)), None) or dice.pick(_PLAIN_LIGHTS)
    mood = next(iter(_seen("mood", text) or _seen("mood", around)), "quiet, cinematic")
    return Look(shot[0], light[0], shot[1], light[1], _english(text, around), str(mood), dice.pick(_LENSES))


def _english(text: str, around: str) -> str:
    places = _seen("place", text)[:1] or _seen("place", around)[:1]
    things = _seen("thing", text)[:3]
    deeds = _seen("deed", text)[:2]
    return ", ".join(map(str, _unique([*places, *things, *deeds]))) or "a single figure in a telling moment"


def places(text: str) -> dict[str, str]:
    """The words of places in a text, each with what a picture shows for it."""
    return {word: str(meaning) for word, meaning in _scenery()["place"].items() if word in text}


def visibility(sentence: str) -> float:
    """How much a sentence shows; the higher, the better to draw."""
    words = sum(len(_seen(kind, sentence)) for kind in ("place", "light", "thing", "deed"))
    spoken = len(re.findall(r"[“”\"]", sentence))
    return words + min(len(sentence), 60) / 60 - 0.75 * spoken - (len(sentence) < 8)


def _unique(words: Iterable[str | list[str]]) -> list[str]:
    return list(dict.fromkeys(map(str, words)))


def visible(text: str, *, last: bool = False) -> str:
    """The sentence of a text that shows most; from its end for a closing picture, else from its beginning."""
    found = sentences(text) or [text.strip()]
    half = max(1, -(-len(found) // 2))
    choice = (found[half:] or found[-1:])[-_CONSIDERED:] if last else found[:half][:_CONSIDERED]
    return _plain(max(reversed(choice) if last else choice, key=visibility))


def _plain(sentence: str) -> str:
    """One line without marks that a Markdown reader could take for its own."""
    line = re.sub(r"\s+", " ", sentence)
    line = re.sub(r"^[#>*\-\s]+|[*`|<>]+", "", line).strip(" 。.，,；;：:")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip("，,、 ") + "…"
