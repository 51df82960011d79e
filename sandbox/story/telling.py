"""From a conversation to the text that the model still has to write."""

import json
import re
from dataclasses import dataclass

from sandbox.story import storyboard
from sandbox.story.episode import episode
from sandbox.story.looking import visible
from sandbox.story.outline import directory
from sandbox.story.reading import blocks

_TAILS = (400, 200, 100, 50, 25, 12)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Telling:
    """The whole text that the first question asks for, and where this answer begins in it."""

    whole: str
    start: int = 0

    @property
    def rest(self) -> str:
        return self.whole[self.start :]

    def repeating(self, characters: int) -> str:
        """The rest after once more the last characters before it."""
        return self.whole[max(0, self.start - characters) :]


def answer(prompt: str) -> str:
    """The whole answer to one question."""
    board = storyboard.answered(prompt)
    if board is not None:
        return json.dumps(board, ensure_ascii=False)
    found = blocks(prompt)
    if "characters" in found:
        return directory(prompt)
    return _script(prompt)


def _script(prompt: str) -> str:
    if re.search(r"^\s*请写[：:]\s*第", prompt, re.MULTILINE):
        return episode(prompt)
    if re.search(r"^\s*总集数[：:]", prompt, re.MULTILINE):
        return directory(prompt)
    return f"（沙盒）收到{len(prompt)}个字符，其中最具画面感的一句是：{visible(prompt)}。\n"


def tell(turns: list[Turn]) -> Telling:
    """A conversation that goes on after an answer continues that answer instead of beginning anew."""
    asked = next((at for at, turn in enumerate(turns) if turn.role == "user"), None)
    if asked is None:
        return Telling("")
    whole = answer(turns[asked].text)
    written = "".join(turn.text for turn in turns[asked:] if turn.role == "assistant")
    return Telling(whole, _reached(whole, written) if written else 0)


def _reached(whole: str, written: str) -> int:
    """Where the written text ends in the whole: as its beginning, by its tail, else where the two part."""
    if whole.startswith(written):
        return len(written)
    trimmed = written.rstrip()
    if trimmed and whole.startswith(trimmed):
        return len(trimmed)
    for size in _TAILS:
        at = whole.rfind(trimmed[-size:]) if len(trimmed) >= size else -1
        if at >= 0:
            return at + size
    return next((at for at, (a, b) in enumerate(zip(whole, written, strict=False)) if a != b), 0)
