"""A storyboard frame, and how it looks on the wire."""

from dataclasses import asdict, dataclass
from typing import Any

START = "开始帧"
END = "结束帧"


@dataclass(frozen=True, slots=True)
class Source:
    """The sentences first…last (from 1) and characters start…end (end exclusive) of the story behind a frame.

    A frame of a story that is too short to have a sentence for it has an empty range: `last` is `first - 1`.
    """

    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture-to-be: `sequence` counts 1, 2, 3 …, `scene_index` is the part of the story.

    `characters` are (person, variant or None), `template` is the prompt with placeholders for looks. A frame that was
    read out of a text alone has none of these and no source.
    """

    sequence: int
    scene_index: int
    frame_type: str
    chinese_description: str
    jimeng_prompt: str
    source: Source | None = None
    characters: tuple[tuple[str, str | None], ...] = ()
    place_id: str | None = None
    template: str = ""

    @property
    def place(self) -> tuple[int, str]:
        return self.scene_index, self.frame_type


def as_wire(frame: Frame) -> dict[str, Any]:
    """The frame as front ends read it."""
    told: dict[str, Any] = {
        "sequence": frame.sequence,
        "sceneIndex": frame.scene_index,
        "frameType": frame.frame_type,
        "chineseDescription": frame.chinese_description,
        "jimengPrompt": frame.jimeng_prompt,
        "imageUrl": None,
        "isGenerating": False,
        "error": None,
    }
    if frame.source is None:
        return told
    characters = [{"id": who} | ({"variant": variant} if variant else {}) for who, variant in frame.characters]
    return told | {
        "source": asdict(frame.source),
        "characters": characters,
        "place": frame.place_id,
        "promptTemplate": frame.template,
    }
