"""Reads the frames out of a model's storyboard answer, in whatever shape it came, without ever raising."""

from collections.abc import Sequence

from gateway.storyboard.frames import Frame
from gateway.storyboard.parsing.drafts import Drafts
from gateway.storyboard.parsing.marks import mark_of, split_labels
from gateway.storyboard.parsing.records import drafts_from_json, drafts_from_table
from gateway.text.lines import lines_of


def parse_frames(text: str) -> list[Frame]:
    """The frames that have a picture prompt, in the answer's order, numbered 1, 2, 3 …"""
    lines = lines_of(text)
    return _from_sections(lines) or _from_records(lines)


def _from_sections(lines: Sequence[str]) -> list[Frame]:
    drafts = Drafts()
    before = ""
    for line in lines:
        if line or before:
            for piece in split_labels(line):
                drafts.read(mark_of(piece))
        before = line
    return drafts.frames()


def _from_records(lines: Sequence[str]) -> list[Frame]:
    return Drafts(drafts_from_json(lines) or drafts_from_table(lines)).frames()
