"""A story as numbered sentences: a lossless split that keeps to the author's own marks.

Joined, the sentences are the story byte for byte, whatever the story is. Time is linear in its length.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from itertools import pairwise

from gateway.text.lines import NUMERAL_CHARACTERS

# A sentence without any end mark is cut at a comma beyond the first length, anywhere at the second.
_LONG, _LONGEST = 120, 240
_LONGEST_HEAD = 40
_CLOSING = "”’」』）)】》\"'"

_END = re.compile(
    rf"[。！？!?…]++[{_CLOSING}]*+\s*+"
    rf"|(?<![.A-Z])(?<!Mr)(?<!Mrs)(?<!Ms)(?<!Dr)(?<!St)\.++[{_CLOSING}]*+(?:\s++|\Z)"
    r"|(?<![a-z,])\n\s*+|\n(?![a-z])\s*+"
)
_CLAUSE = re.compile(r"[，,；;、：:—]++\s*+")
# A picture character of several code points must not be torn apart.
_CHARACTER = re.compile(r".(?:[\u0300-\u036f\ufe0f\u200d\U0001f3fb-\U0001f3ff]|(?<=\u200d).)*+\s*+", re.DOTALL)
_HEAD = re.compile(
    rf"\W*(?:第 ?[{NUMERAL_CHARACTERS}]{{1,8}} ?[章回节卷部集幕场话篇](?![{NUMERAL_CHARACTERS}]).*"
    rf"|场(?:次|景)?[ :：]?[{NUMERAL_CHARACTERS}]{{1,4}}.*|[0-9]{{1,4}}[-－—][0-9]{{1,4}}(?:[ \t\u3000].*)?"
    r"|(?:序章|序幕|楔子|引子|尾声|终章|番外).*"
    r"|(?i:chapter|episode|scene|part|act)\b.*|(?:INT|EXT)[./ ].*)"
)


class Border(IntEnum):
    """What the author put before a sentence."""

    NONE = 0
    BLANK_LINE = 1
    HEADING = 2


@dataclass(frozen=True)
class Sentences:
    """Numbered from 1. `ends` are character offsets, exclusive; `borders[n - 1]` stands before sentence n."""

    story: str
    ends: list[int]
    borders: list[Border] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ends)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Character offsets of sentences first…last, end exclusive; an empty range lies where it would begin."""
        start = self.ends[first - 2] if first > 1 else 0
        return start, max(start, self.ends[last - 1] if last else 0)

    def text(self, first: int, last: int) -> str:
        start, end = self.span(first, last)
        return self.story[start:end]

    def line(self, number: int) -> str:
        """A sentence on one line."""
        return " ".join(self.text(number, number).split())

    def at(self, offset: int) -> int:
        """The number of the sentence that holds a character."""
        return min(bisect_right(self.ends, offset) + 1, len(self))

    def is_heading(self, number: int) -> bool:
        return self.borders[number - 1] is Border.HEADING

    def anchored(self, number: int) -> int:
        """Where a part that begins here really begins: headings belong to what follows them."""
        while number > 1 and self.is_heading(number - 1):
            number -= 1
        return number

    @cached_property
    def drawable(self) -> int:
        """The last sentence that is no heading; 1 when all are."""
        return next((n for n in range(len(self), 0, -1) if not self.is_heading(n)), 1)


def sentences_of(story: str, at_least: int = 1) -> Sentences:
    """The story's sentences; when there are fewer than `at_least`, its clauses, else its characters."""
    ends: list[int] = []
    for cuts in (_sentence_ends, _clause_ends, _character_ends):
        ends = list(cuts(story))
        if len(ends) >= at_least:
            break
    return Sentences(story, ends, list(_borders(story, ends)))


def _sentence_ends(story: str) -> Iterator[int]:
    start = 0
    for match in _END.finditer(story):
        end = match.end()
        if not story[start:end].strip() and end < len(story):
            continue
        yield from _short(story, start, end)
        start = end
    if start < len(story):
        yield from _short(story, start, len(story))


def _short(story: str, start: int, end: int) -> Iterator[int]:
    """The end, and cuts before it that leave no piece longer than the longest."""
    while end - start > _LONGEST:
        clause = _CLAUSE.search(story, start + _LONG, start + _LONGEST)
        cut = clause.end() if clause else start + _LONGEST
        if match := _CHARACTER.match(story, cut - 1, end):
            cut = match.end()
        if cut >= end:
            break
        yield cut
        start = cut
    yield end


def _clause_ends(story: str) -> Iterator[int]:
    start = 0
    for end in _sentence_ends(story):
        for match in _CLAUSE.finditer(story, start, end - 1):
            if story[match.end() : end].strip(_CLOSING + "。！？!?….\n "):
                yield match.end()
        yield end
        start = end


def _character_ends(story: str) -> Iterator[int]:
    start = 0
    for match in _CHARACTER.finditer(story):
        if story[start : match.end()].strip() or match.end() == len(story):
            yield match.end()
            start = match.end()


def _borders(story: str, ends: list[int]) -> Iterator[Border]:
    before = ""
    for start, end in pairwise([0, *ends]):
        sentence = story[start:end]
        blanks = before[len(before.rstrip()) :]
        line = sentence.strip()
        begins_line = not before or "\n" in blanks
        if begins_line and len(line) <= _LONGEST_HEAD and "\n" in sentence and _HEAD.fullmatch(line):
            yield Border.HEADING
        else:
            yield Border.BLANK_LINE if blanks.count("\n") > 1 else Border.NONE
        before = sentence
