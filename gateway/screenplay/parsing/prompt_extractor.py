"""Walks over the lines of a script and keeps its prompts under their episode and scene, each once."""

import re
from collections.abc import Sequence

from gateway.screenplay.parsing.script_lines import Kind, Line
from gateway.text.lines import fold, joined

MAX_PROMPT_LINES = 6
MAX_SPEAKER = 10

_GOES_ON = re.compile(r"[,、;:\-(…]$")
_SPEECH = tuple('(（“「『"')
_IS_OVER = re.compile(r"[。.!?！？”」』》]$")
_SPEAKER = re.compile(r"[^:，。,]{1,12}(?:\([^()]{0,20}\))? ?:|[^，。,(]{1,8} ?\([^()]{1,20}\)|.*[!?“\"]")


class PromptExtractor:
    """`episodes` maps episode → scene → prompts, without their marks. A `known` episode is the only one."""

    def __init__(self, known: int | None = None) -> None:
        self._known = known
        self._scenes = 0
        self.episodes: dict[int, dict[int, list[str]]] = {}
        self._episode = known or 1
        self._scene = 1
        self._listed: int | None = None
        self._told: frozenset[str] = frozenset()
        self._seen: set[tuple[int, int]] = set()

    def read(self, lines: Sequence[Line]) -> None:
        position = 0
        while position < len(lines):
            line = lines[position]
            used = 1
            if line.kind is Kind.EPISODE:
                self._enter_episode(lines, position)
            elif line.kind is Kind.SCENE:
                self._scenes += 1
                episode = self._known or line.episode or self._episode
                self._enter_scene(episode, line.scene or self._scenes)
            elif line.kind is Kind.DIRECTORY:
                self._listed = 0
            elif line.kind is Kind.PROMPT:
                used = self._take(lines, position)
            position += used

    def _enter_episode(self, lines: Sequence[Line], position: int) -> None:
        line = lines[position]
        number = line.episode or 1
        if self._known or (not line.sure and self._is_listed(number, lines, position)):
            return
        self._listed = None
        self._scenes = 0
        self._enter_scene(number, 1)

    def _is_listed(self, number: int, lines: Sequence[Line], position: int) -> bool:
        """Whether a heading is a line of the directory: numbers rise there, or headings stand one under the other."""
        if self._listed is not None and number > self._listed:
            self._listed = number
            return True
        return _is_heading(_beside(lines, position, -1)) or _is_heading(_beside(lines, position, 1))

    def _enter_scene(self, episode: int, scene: int) -> None:
        self._episode, self._scene = episode, scene
        self._told = frozenset(self._prompts_here())
        self._listed = None

    def _prompts_here(self) -> list[str]:
        return self.episodes.get(self._episode, {}).get(self._scene, [])

    def _take(self, lines: Sequence[Line], position: int) -> int:
        """Keeps the prompt at a position; gives the number of lines that it takes up."""
        first = lines[position]
        pieces = [first.text]
        used = 1
        while used < MAX_PROMPT_LINES and _belongs(first, pieces, lines[position + used : position + used + 2]):
            pieces.append(lines[position + used].text)
            used += 1
        text = joined(piece.replace("**", "") if first.open_bold else piece for piece in pieces)
        if text or not first.label:
            self._keep(text)
        return used

    def _keep(self, text: str) -> None:
        """A scene told again after a resume adds only what is new; a prompt that was cut off is completed."""
        if text in self._told:
            return
        here = self.episodes.setdefault(self._episode, {}).setdefault(self._scene, [])
        if self._told and here and here[-1] and here[-1] in self._told and text.startswith(here[-1]):
            here[-1] = text
        else:
            here.append(text)


def _beside(lines: Sequence[Line], position: int, step: int) -> Line | None:
    position += step
    while 0 <= position < len(lines) and lines[position].kind is Kind.BLANK:
        position += step
    return lines[position] if 0 <= position < len(lines) else None


def _is_heading(line: Line | None) -> bool:
    return line is not None and line.kind is Kind.EPISODE and not line.sure


def _belongs(first: Line, pieces: list[str], following: Sequence[Line]) -> bool:
    """Whether the next line goes on with the prompt instead of with the script."""
    if not following or following[0].kind is not Kind.TEXT:
        return False
    if first.open_bold and "**" not in "".join(pieces[1:]):
        return True
    last, candidate = fold(pieces[-1]), fold(following[0].text)
    if not last:
        return True
    if _SPEAKER.match(candidate) or _IS_OVER.search(last):
        return False
    return bool(_GOES_ON.search(last)) or (len(pieces) == 1 and not _speaks(candidate, following[1:]))


def _speaks(candidate: str, after: Sequence[Line]) -> bool:
    """A short line is a speaker when something is said under it."""
    if not after or len(candidate) > MAX_SPEAKER:
        return False
    return after[0].kind is Kind.TEXT or after[0].text[:1] in _SPEECH
