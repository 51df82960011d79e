"""Exact covers: whatever ranges a model names, every sentence belongs to exactly one of ours.

The model only names numbers. What it named twice, out of order or out of range is mended here and told; nothing that
it answers can lose or repeat a sentence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from gateway.storyboard.sentences import Sentences

# More borders than this are noise, not an answer.
_MOST_BORDERS = 2000


@dataclass(frozen=True, slots=True)
class Beat:
    """Something visible that happens in sentences first…last; `decisive` is the sentence most worth drawing."""

    first: int
    last: int
    decisive: int
    place: str = ""
    time: str = ""
    people: tuple[str, ...] = ()
    weight: int = 2


@dataclass(frozen=True, slots=True)
class Covered:
    """Ranges that follow each other without gap or overlap. `mended`: what was not as the model named it."""

    firsts: list[int]
    mended: list[str]


def uncovered(beats: Iterable[Beat], first: int, last: int) -> list[tuple[int, int]]:
    """The ranges of first…last that are in no beat."""
    gaps: list[tuple[int, int]] = []
    at = first
    for beat in sorted(beats, key=lambda beat: beat.first):
        start, end = max(beat.first, first), min(beat.last, last)
        if start > end:
            continue
        if start > at:
            gaps.append((at, start - 1))
        at = max(at, end + 1)
    return [*gaps, (at, last)] if at <= last else gaps


def beats_in_order(beats: Sequence[Beat], first: int, last: int) -> tuple[list[Beat], list[str]]:
    """Beats that cover first…last exactly, as near as possible to the named ones; and what was mended."""
    valid = [beat for beat in beats if first <= beat.first <= beat.last <= last]
    mended = ["编号超出范围"] if len(valid) < len(beats) else []
    ordered = sorted(valid, key=lambda beat: (beat.first, -beat.last))
    if ordered != valid:
        mended.append("次序颠倒")
    found: list[Beat] = []
    for beat in ordered:
        if found and beat.last <= found[-1].last:
            mended.append("重复")
            continue
        start = beat.first if not found else found[-1].last + 1
        if beat.first != (start if found else first):
            mended.append("重叠" if beat.first < start else "遗漏")
        # A gap goes to what stands before it; one at the very beginning to what follows.
        if found and beat.first > start:
            found[-1] = replace(found[-1], last=beat.first - 1)
            start = beat.first
        found.append(replace(beat, first=start if found else first))
    if found and found[-1].last < last:
        mended.append("遗漏")
        found[-1] = replace(found[-1], last=last)
    held = [replace(beat, decisive=min(max(beat.decisive, beat.first), beat.last)) for beat in found]
    return held, list(dict.fromkeys(mended))


def cut_at_headings(beats: Iterable[Beat], text: Sentences) -> list[Beat]:
    """The same cover with a beat beginning at each of the author's headings, whatever the model thought."""
    found: list[Beat] = []
    for beat in beats:
        starts = [n for n in range(beat.first + 1, beat.last + 1) if text.is_heading(n) and not text.is_heading(n - 1)]
        for first, after in pairwise([beat.first, *starts, beat.last + 1]):
            held = first <= beat.decisive < after
            decisive = beat.decisive if held else _first_drawable(text, first, after - 1)
            found.append(replace(beat, first=first, last=after - 1, decisive=decisive))
    return found


def plain_beats(text: Sentences, first: int, last: int, characters: int = 500) -> list[Beat]:
    """Beats by length and the author's borders alone, for sentences that the model did not read."""
    found: list[Beat] = []
    start = first
    for number in range(first, last + 1):
        begin, end = text.span(start, number)
        full = end - begin >= characters and not text.is_heading(number)
        if number == last or full or (text.borders[number] and number > start):
            found.append(Beat(start, number, _first_drawable(text, start, number)))
            start = number + 1
    return found


def _first_drawable(text: Sentences, first: int, last: int) -> int:
    return next((number for number in range(first, last + 1) if not text.is_heading(number)), first)


def covered(starts: Sequence[int], text: Sentences, parts: int) -> Covered:
    """First sentences of exactly `parts` ranges that cover the text, as near as possible to the named ones.

    `parts` is at most the number of sentences.
    """
    mended: list[str] = []
    named = list(starts[:_MOST_BORDERS])
    valid = [start for start in named if 1 <= start <= len(text)]
    if len(valid) < len(named):
        mended.append("编号超出范围")
    if valid != sorted(valid):
        mended.append("次序颠倒")
    rising = sorted({text.anchored(start) for start in valid})
    if len(rising) < len(valid):
        mended.append("编号重复")
    if not rising or rising[0] != 1:
        # The first sentence always begins the first part.
        mended.append("第一份没有从头开始")
        rising = [1, *rising[1:]] if len(rising) >= parts else [1, *rising]
    totals = [0, *text.ends]
    if len(rising) > parts:
        mended.append("份数太多")
        _melt(rising, totals, parts)
    if len(rising) < parts:
        mended.append("份数太少")
        _halve(rising, text, parts)
    return Covered(rising, mended)


def _melt(rising: list[int], totals: Sequence[int], parts: int) -> None:
    """Takes out the borders between the shortest neighbours."""
    while len(rising) > parts:
        ends = [*rising[2:], len(totals)]
        sizes = [totals[end - 1] - totals[start - 1] for start, end in zip(rising, ends, strict=False)]
        del rising[sizes.index(min(sizes)) + 1]


def _halve(rising: list[int], text: Sentences, parts: int) -> None:
    """Cuts the longest ranges in two: near the middle, at an author's border if one is near."""
    totals = [0, *text.ends]
    while len(rising) < parts:
        spans = [span for span in pairwise([*rising, len(text) + 1]) if span[1] - span[0] > 1]
        start, end = max(spans, key=lambda span: totals[span[1] - 1] - totals[span[0] - 1])
        rising.append(_middle(text, totals, start, end))
        rising.sort()


def _middle(text: Sentences, totals: Sequence[int], start: int, end: int) -> int:
    ideal = (totals[start - 1] + totals[end - 1]) / 2
    near = (totals[end - 1] - totals[start - 1]) / 6

    def distance(number: int) -> float:
        away = abs(totals[number - 1] - ideal)
        return away - near * min(text.borders[number - 1], 1) + near * 2 * text.is_heading(number - 1)

    return min(range(start + 1, end), key=distance)


def weighted_starts(beats: Sequence[Beat], parts: int) -> list[int]:
    """Starts of about `parts` parts by the beats' weights alone, each at a decisive sentence."""
    if not beats:
        return []
    totals = list(accumulate(max(beat.weight, 1) * (beat.last - beat.first + 1) for beat in beats))
    starts = {1}
    for part in range(1, parts):
        ideal = totals[-1] * part / parts
        beat = min(range(len(beats)), key=lambda at: abs((totals[at - 1] if at else 0) - ideal))
        starts.add(beats[beat].decisive)
    return sorted(starts)
