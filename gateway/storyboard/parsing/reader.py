"""Reads the frames out of a model's storyboard answer, in whatever shape it came, without ever raising."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.storyboard.frames import END, START, Frame
from gateway.storyboard.parsing.drafts import Drafts
from gateway.storyboard.parsing.marks import mark_of, split_labels
from gateway.storyboard.parsing.records import drafts_from_json, drafts_from_table
from gateway.text.lines import lines_of


def parse_frames(text: str) -> list[Frame]:
    """The frames that have a picture prompt, in the answer's order, numbered 1, 2, 3 …"""
    lines = lines_of(text)
    return _from_sections(lines) or _from_records(lines)


def merge(frames: Sequence[Frame], repaired: Sequence[Frame], wanted: Sequence[tuple[int, str]] = ()) -> list[Frame]:
    """The frames with those of a repair answer put where none was, in story order, numbered anew.

    A repair answer without usable headings is taken in the order of the `wanted` places, if it has as many frames.
    """
    present = {frame.place for frame in frames}
    placed = _placed(repaired, wanted)
    new = {frame.place: frame for frame in reversed(placed) if frame.place not in present}
    if not new:
        return list(frames)
    ordered = sorted([*frames, *new.values()], key=lambda frame: (frame.scene_index, frame.frame_type == END))
    return [replace(frame, sequence=position) for position, frame in enumerate(ordered, 1)]


def _placed(repaired: Sequence[Frame], wanted: Sequence[tuple[int, str]]) -> list[Frame]:
    told = [frame.place for frame in repaired]
    counted = [(position, START) for position in range(1, len(wanted) + 1)]
    if len(told) != len(wanted) or (told != counted and set(told) & set(wanted)):
        return list(repaired)
    pairs = zip(repaired, wanted, strict=True)
    return [replace(frame, scene_index=scene, frame_type=frame_type) for frame, (scene, frame_type) in pairs]


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
