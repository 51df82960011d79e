"""The sentences of a text."""

import re

_SENTENCE = re.compile(r"[^。！？!?…\n.]*(?:[。！？!?…\n]+|\.+(?=\s|$)|\.+|$)[”’」』）)\"']*\s*")


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
