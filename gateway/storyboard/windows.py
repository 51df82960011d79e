"""What of a long story is read in one question: windows that end where the author paused."""

from bisect import bisect_left
from dataclasses import dataclass

from gateway.storyboard.sentences import Border, Sentences

# About 4,000 tokens to read and 600 to answer: ten seconds of a model that writes 60 tokens a second.
CHARACTERS = 6000
_OVERLAP = 3


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences first…last are to be read; those around them are shown for understanding only."""

    first: int
    last: int


def windows(text: Sentences, characters: int = CHARACTERS) -> list[Window]:
    """Windows of like length that cover the text; each ends at an author's border when one is near."""
    count = max(1, -(-len(text.story) // characters))
    found: list[Window] = []
    first = 1
    for number in range(1, count + 1):
        last = len(text) if number == count else _end(text, first, len(text.story) * number // count, characters)
        if last >= first:
            found.append(Window(first, last))
            first = last + 1
    return found


def _end(text: Sentences, first: int, ideal: int, characters: int) -> int:
    """The sentence to end with: before the strongest border in the last fifth, else the nearest."""
    near = bisect_left(text.ends, ideal) + 1
    far = bisect_left(text.ends, ideal - characters // 5) + 1
    for border in (Border.HEADING, Border.BLANK_LINE):
        for number in range(min(near, len(text) - 1), max(far, first) - 1, -1):
            if text.borders[number] >= border and not text.is_heading(number):
                return number
    return max(text.anchored(min(near + 1, len(text))) - 1, first - 1)


def shown(text: Sentences, first: int, last: int, overlap: int = _OVERLAP) -> str:
    """The sentences as `[n] …`, one a line, an empty line at each author's border."""
    lines: list[str] = []
    for number in range(max(1, first - overlap), min(len(text), last + overlap) + 1):
        if text.borders[number - 1] and lines:
            lines.append("")
        lines.append(f"[{number}]{text.line(number)}")
    return "\n".join(lines)


def excerpt(text: Sentences, first: int, last: int, characters: int) -> str:
    """The beginning of first…last in the same form, about so many characters of it."""
    start, _ = text.span(first, last)
    end = min(last, max(first, text.at(start + characters)))
    return shown(text, first, end, overlap=0)
