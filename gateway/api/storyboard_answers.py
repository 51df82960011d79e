"""A storyboard as callers get it."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.web.answers import Demo


class FrameType(StrEnum):
    """The frame that a part begins with, or the one that the story ends with."""

    START = "开始帧"
    END = "结束帧"


class FrameSource(BaseModel):
    """The part of the story behind a frame. All frames together hold every sentence once."""

    first: int = Field(description="Its first sentence, from 1")
    last: int = Field(description="Its last sentence; `first - 1` when the story has no sentence for the frame")
    start: int = Field(description="Its first character, from 0")
    end: int = Field(description="The character after its last")


class FrameCharacter(BaseModel):
    """Somebody who is seen."""

    id: str = Field(description="Of `script_analysis.characters`")
    variant: str | None = Field(default=None, description="The variant that is seen, if not the usual look")


class StoryboardFrame(BaseModel):
    """A picture-to-be."""

    sequence: int = Field(description="1, 2, 3 … without gaps")
    sceneIndex: int = Field(description="The part of the story that it belongs to")
    frameType: FrameType = Field(description="Begin or end")
    chineseDescription: str = Field(description="What is to be seen, for people")
    jimengPrompt: str = Field(description="The prompt")
    imageUrl: None = Field(description="Always null: nothing is drawn yet")
    isGenerating: Literal[False] = Field(description="Always false")
    error: None = Field(description="Always null")
    source: FrameSource = Field(description="Which part of the story it stands for")
    characters: list[FrameCharacter] = Field(description="Who is seen")
    place: str | None = Field(description="Where: the id of one of `script_analysis.places`")
    promptTemplate: str = Field(description="The prompt with `{{c1}}` in the place of looks")


class Coverage(BaseModel):
    """What of the story the frames hold."""

    sentences: int = Field(description="Sentences of the story")
    covered: int = Field(description="Sentences in the frames' sources")
    parts: int = Field(description="Parts of the story")
    repaired: int = Field(description="Borders that the model named wrongly and that were mended")


class AnalysisWarning(BaseModel):
    """Something that was mended, asked for again, or stayed missing."""

    code: str = Field(description="For programs")
    message: str = Field(description="For people")
    frame: int | None = Field(default=None, description="The frame's sequence, if it is about one")


class LookVariant(BaseModel):
    """How somebody looks from a sentence on."""

    id: str = Field(description="v1, v2 …")
    name: str = Field(description="What changed")
    since: int = Field(alias="from", description="The first sentence")
    look: str = Field(description="In the language of the descriptions")
    lookEnglish: str = Field(description="As prompts say it")


class CastMember(BaseModel):
    """A person or a place that must look the same in every picture."""

    id: str = Field(description="c1, c2 … or p1, p2 …")
    name: str = Field(description="The fullest name")
    aliases: list[str] = Field(description="Other names")
    look: str = Field(description="In the language of the descriptions")
    lookEnglish: str = Field(description="As prompts say it, to the byte")
    variants: list[LookVariant] = Field(description="Lasting changes")
    references: list[str] = Field(description="Ids of reference pictures")
    source: Literal["story", "model", "caller"] = Field(description="Who said so")


class StoryAnalysis(BaseModel):
    """What the model made of the story."""

    sceneCount: int = Field(description="How many parts were asked for")
    frameCount: int = Field(description="How many frames there are")
    genre_detected: str | None = Field(description="The genre as it was sent")
    segmented_story: str = Field(description="The parts, in the story's own words")
    extracted_frames: str = Field(description="The frames' descriptions")
    coverage: Coverage = Field(description="What of the story the frames hold")
    characters: list[CastMember] = Field(description="The people")
    places: list[CastMember] = Field(description="The places that are seen more than once")
    style: str = Field(description="The line that ends every prompt")
    warnings: list[AnalysisWarning] = Field(description="What was mended, asked for again, or stayed missing")


class Storyboard(BaseModel):
    """A story as frames with picture prompts."""

    script_analysis: StoryAnalysis = Field(description="What the model made of the story")
    storyboard_frames: list[StoryboardFrame] = Field(description="The frames in their order")
    recommendedStyle: str | None = Field(description="The style as it was sent")
    recommendedGenre: str | None = Field(description="The genre as it was sent")
    estimatedScenes: int = Field(description="How many parts were asked for")
    intelligentAnalysisComplete: Literal[True] = Field(description="Always true")
    demo: Demo = False


STORYBOARD: dict[str, Any] = {
    "script_analysis": {
        "sceneCount": 1,
        "frameCount": 1,
        "genre_detected": "urban",
        "segmented_story": "## 第1份\n\n**完整剧情原文**：\n…\n\n**核心视觉点**：…",
        "extracted_frames": "### 第1份-开始帧\n\n**帧类型**：开始帧\n\n**画面描述**：…",
        "coverage": {"sentences": 6, "covered": 6, "parts": 1, "repaired": 0},
        "characters": [
            {
                "id": "c1",
                "name": "小满",
                "aliases": [],
                "look": "二十岁，短发，灰色毛衣",
                "lookEnglish": "a 20-year-old woman with neat short hair, grey sweater",
                "variants": [],
                "references": [],
                "source": "story",
            }
        ],
        "places": [],
        "style": "anime style, muted palette, fine grain",
        "warnings": [],
    },
    "storyboard_frames": [
        {
            "sequence": 1,
            "sceneIndex": 1,
            "frameType": "开始帧",
            "chineseDescription": "雨夜，少女推开便利店的门",
            "jimengPrompt": "a 20-year-old woman with neat short hair, grey sweater pushes a shop door open …",
            "imageUrl": None,
            "isGenerating": False,
            "error": None,
            "source": {"first": 1, "last": 6, "start": 0, "end": 119},
            "characters": [{"id": "c1"}],
            "place": None,
            "promptTemplate": "{{c1}} pushes a shop door open …",
        }
    ],
    "recommendedStyle": "anime",
    "recommendedGenre": "urban",
    "estimatedScenes": 1,
    "intelligentAnalysisComplete": True,
}
