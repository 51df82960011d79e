"""A1: a story becomes a storyboard."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator

from gateway.api.reading import begun
from gateway.storyboard.analysis import Story
from gateway.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError, MissingParameter, ScriptToFrameError
from shared.image_request import option
from shared.request_body import RequestBody
from shared.tasks.model import ANALYSIS, NewTask, Status, Task
from shared.web.answers import Demo, Success
from shared.web.dependencies import Key, Owner
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors, stream
from shared.wire import Json, iso_time

router = APIRouter(prefix="/api", tags=["storyboards"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]
Stream = Annotated[bool, Query(alias="stream", description="SSE instead of JSON")]
MOST_SCENES = 100
_STYLES = ["default", "anime", "manga", "korean", "3d", "chibi", "realistic", "cyberpunk", "traditional"]
_GENRES = [
    "general",
    "xuanhuan",
    "urban",
    "system",
    "apocalypse",
    "romance",
    "ancient",
    "rebirth",
    "comedy",
    "suspense",
]


def _integer(value: object) -> object:
    """An integer, or a string of digits; nothing that merely counts as one."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be an integer or a string of digits")  # noqa: TRY004 pydantic reads ValueError
    return value


def _missing(value: object) -> bool:
    return value is None or value == 0 or (isinstance(value, str) and value.strip().strip("0") == "")


_STYLE = option(_STYLES, "Words for every picture prompt; another text is taken literally, `default` is none")
_GENRE = option(_GENRES, "Given back, never in a prompt")


class AnalysisRequest(
    RequestBody,
    json_schema_extra={"examples": [{"script": "雨夜，小满推开便利店的门……", "sceneCount": 5, "style": "anime"}]},
):
    """A story to cut into `sceneCount` parts and `sceneCount + 1` frames (A1)."""

    script: str = Field(description="The story")
    sceneCount: Annotated[int, BeforeValidator(_integer), Field(ge=1, le=MOST_SCENES)] = Field(
        description="How many parts; a string of digits is accepted"
    )
    style: Annotated[str | None, WithJsonSchema(_STYLE)] = None
    genre: Annotated[str | None, WithJsonSchema(_GENRE)] = None

    @model_validator(mode="before")
    @classmethod
    def _required(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        script, count = values.get("script"), values.get("sceneCount")
        if script is None or (isinstance(script, str) and not script.strip()) or _missing(count):
            raise MissingParameter("缺少必要参数: script, sceneCount")
        return values

    def story(self) -> Story:
        return Story(self.script, self.sceneCount, self.style, self.genre)


class FrameType(StrEnum):
    """The frame that a part begins with, or the one that the story ends with."""

    START = "开始帧"
    END = "结束帧"


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


class StoryAnalysis(BaseModel):
    """What the model made of the story."""

    sceneCount: int = Field(description="How many parts were asked for")
    frameCount: int = Field(description="How many frames there are")
    genre_detected: str | None = Field(description="The genre as it was sent")
    segmented_story: str = Field(description="The model's answer to the first question: the parts")
    extracted_frames: str = Field(description="The model's answer to the second question: the key frames")


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
        "segmented_story": "[第1份] …",
        "extracted_frames": "[第1份-开始帧] …",
    },
    "storyboard_frames": [
        {
            "sequence": 1,
            "sceneIndex": 1,
            "frameType": "开始帧",
            "chineseDescription": "雨夜，少女推开便利店的门",
            "jimengPrompt": "雨夜，少女推开便利店的门，暖光，电影感",
            "imageUrl": None,
            "isGenerating": False,
            "error": None,
        }
    ],
    "recommendedStyle": "anime",
    "recommendedGenre": "urban",
    "estimatedScenes": 1,
    "intelligentAnalysisComplete": True,
}


class AnalysisAnswer(BaseModel, json_schema_extra={"examples": [{"success": True, "data": STORYBOARD}]}):
    """A finished analysis."""

    success: Success
    data: Storyboard = Field(description="The storyboard")


@router.post(
    "/intelligent-analyze-script",
    operation_id="analyzeScript",
    response_model=AnalysisAnswer,
    responses=stream("AnalysisEvent") | errors(400, 409),
)
async def analyze_script(
    body: AnalysisRequest, request: Request, wired: Wired, owner: Owner, key: Key, streamed: Stream = False
) -> Response:
    """Cut a story into frames with picture prompts (A1)."""
    answer = await begun(request, wired, _task(wired, body, owner), key, stream=streamed)
    return _reply(answer) if isinstance(answer, Task) else answer


def _task(wired: Wiring, body: AnalysisRequest, owner: str) -> NewTask:
    try:
        demo = wired.deepseek.check_configured()
    except ConfigurationError as error:
        raise ConfigurationError(f"智能分析失败: {error.message}").because_of(error) from error
    return NewTask(str(uuid4()), ANALYSIS, asdict(body.story()), owner, demo, total=4)


def _reply(task: Task) -> Response:
    if task.status is not Status.COMPLETED:
        error = ScriptToFrameError(task.error, **({"timestamp": iso_time(task.updated_at)} | (task.result or {})))
        error.error_code = task.error_code or error.error_code
        raise error
    data = task.result["data"] | ({"demo": True} if task.demo else {})
    return Json({"success": True, "data": data})
