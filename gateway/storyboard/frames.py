"""A storyboard frame, the frames a story of n parts should have, and which of them are missing."""

from collections.abc import Sequence
from dataclasses import dataclass

START = "开始帧"
END = "结束帧"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture-to-be: `sequence` counts 1, 2, 3 …, `scene_index` is the part of the story."""

    sequence: int
    scene_index: int
    frame_type: str
    chinese_description: str
    jimeng_prompt: str

    @property
    def place(self) -> tuple[int, str]:
        return self.scene_index, self.frame_type


def as_wire(frame: Frame) -> dict[str, object]:
    """The frame as front ends read it."""
    return {
        "sequence": frame.sequence,
        "sceneIndex": frame.scene_index,
        "frameType": frame.frame_type,
        "chineseDescription": frame.chinese_description,
        "jimengPrompt": frame.jimeng_prompt,
        "imageUrl": None,
        "isGenerating": False,
        "error": None,
    }


def expected(scene_count: int) -> list[tuple[int, str]]:
    """One start frame per part and one more end frame for the last part."""
    starts = [(scene, START) for scene in range(1, scene_count + 1)]
    return [*starts, (scene_count, END)] if starts else []


def missing(frames: Sequence[Frame], scene_count: int) -> list[tuple[int, str]]:
    """Expected places without a frame; none when there are enough frames, whatever their headings said."""
    wanted = expected(scene_count)
    if len(frames) >= len(wanted):
        return []
    present = {frame.place for frame in frames}
    return [place for place in wanted if place not in present]
