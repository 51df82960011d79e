"""Cut a story into consecutive parts of like length: at sentences, else at clauses, else between characters."""

import re
from bisect import bisect_left
from itertools import accumulate

_SENTENCE = re.compile(r"[^。！？!?…\n.]*(?:[。！？!?…\n]+|\.+(?=\s|$)|\.+|$)[”’」』）)\"']*\s*")
_CLAUSE = re.compile(r"[^，,；;、：:\s]*(?:[，,；;、：:\s]+|$)")
# A picture character made of several code points must not be torn apart.
_CHARACTER = re.compile(r".(?:[\u0300-\u036f\ufe0f\U0001f3fb-\U0001f3ff]|\u200d.)*", re.DOTALL)


def cut(story: str, parts: int) -> list[str]:
    """Exactly `parts` pieces whose concatenation is the story; pieces are empty only when characters run out."""
    for pattern in (_SENTENCE, _CLAUSE, _CHARACTER):
        units = _units(story, pattern)
        if len(units) >= parts:
            return _grouped(units, parts)
    return units + [""] * (parts - len(units))


def sentences(text: str) -> list[str]:
    """The sentences of a text, trimmed, without empty ones; a short `…说。` stays with what was said."""
    found: list[str] = []
    for unit in filter(None, map(str.strip, _units(text, _SENTENCE))):
        if found and len(unit) < 8 and found[-1][-1] in "”’」』":
            found[-1] += unit
        else:
            found.append(unit)
    return found


def _units(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Cut by the pattern; a blank unit is joined to its neighbour, so that each one says something."""
    units: list[list[str]] = []
    blank_before = False
    for unit in filter(None, pattern.findall(text)):
        blank = not unit.strip()
        if units and (blank or blank_before):
            units[-1].append(unit)
            blank_before = blank_before and blank
        else:
            units.append([unit])
            blank_before = blank
    return ["".join(unit) for unit in units]


def _grouped(units: list[str], parts: int) -> list[str]:
    ends = list(accumulate(map(len, units)))
    groups, start = [], 0
    for part in range(1, parts + 1):
        end = _border(ends, start, part, parts)
        groups.append("".join(units[start:end]))
        start = end
    return groups


def _border(ends: list[int], start: int, part: int, parts: int) -> int:
    """The border nearest to the ideal one that leaves a unit for each part before and after."""
    if part == parts:
        return len(ends)
    ideal = ends[-1] * part / parts
    at = bisect_left(ends, ideal)
    if at > 0 and ideal - ends[at - 1] < ends[at] - ideal:
        at -= 1
    return min(max(at + 1, start + 1), len(ends) - (parts - part))
