"""Reads the frames out of a model's storyboard answer, in whatever shape it came, without ever raising."""

import re
from collections.abc import Sequence

from gateway.storyboard.frames import Frame
from gateway.storyboard.parsing.drafts import Drafts
from gateway.storyboard.parsing.marks import mark_of, split_labels
from gateway.storyboard.parsing.records import drafts_from_fields, drafts_from_json, drafts_from_table
from gateway.text.lines import lines_of
from gateway.text.thoughts import without_thoughts

_BOLD = re.compile(r"</?(?:b|strong)>|\\\*\\\*", re.IGNORECASE)
_LINE_BREAK = re.compile(r" ?<br ?/?> ?", re.IGNORECASE)


def parse_frames(text: str) -> list[Frame]:
    """The frames that have a picture prompt, in the answer's order, numbered 1, 2, 3 …"""
    lines = [_without_html(line) for line in lines_of(without_thoughts(text))]
    records = (drafts_from_json(lines), drafts_from_table(lines), drafts_from_fields(lines))
    return max(_from_sections(lines), *(Drafts(drafts).frames() for drafts in records), key=_worth)


def _from_sections(lines: Sequence[str]) -> list[Frame]:
    drafts = Drafts()
    before = ""
    for line in lines:
        if line or before:
            for piece in split_labels(line):
                drafts.read(mark_of(piece))
        before = line
    return drafts.frames()


def _worth(frames: Sequence[Frame]) -> int:
    """The reading with most distinct places is the right one; of equals the first."""
    return len({frame.place for frame in frames if frame.jimeng_prompt})


def _without_html(line: str) -> str:
    if "<" not in line and "\\*" not in line:
        return line
    return _LINE_BREAK.sub(" ", _BOLD.sub("**", line)).rstrip()
