"""A1: a story becomes a storyboard."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator

from gateway.api.reading import begun
from gateway.api.storyboard_answers import STORYBOARD, Storyboard
from gateway.storyboard.board import Story
from gateway.wiring import Wiring, wiring_of
from shared.errors import ConfigurationError, MissingParameter, ScriptToFrameError
from shared.image_request import option
from shared.request_body import RequestBody
from shared.tasks.model import ANALYSIS, NewTask, Status, Task
from shared.web.answers import Success
from shared.web.dependencies import Key, Owner
from shared.web.json_body import JsonRoute
from shared.web.openapi import errors, stream
from shared.wire import Json, iso_time

router = APIRouter(prefix="/api", tags=["storyboards"], route_class=JsonRoute)

Wired = Annotated[Wiring, Depends(wiring_of)]
Stream = Annotated[bool, Query(alias="stream", description="SSE instead of JSON")]
MOST_SCENES = 100
MOST_CHARACTERS = 1_000_000
_LONGEST_WORD = 40
_MOST_PEOPLE = 30
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


def _not_too_long(story: str) -> str:
    # A bound of the field itself would refuse text with lone halves of characters.
    if len(story) > MOST_CHARACTERS:
        raise ValueError(f"must have at most {MOST_CHARACTERS} characters")
    return story


def _text_or_none(value: object) -> object:
    """Other callers may use these keys for something of their own: that refuses no request."""
    return value.strip()[:_LONGEST_WORD] or None if isinstance(value, str) else None


def _people(value: object) -> object:
    held = value if isinstance(value, list) else []
    return [item for item in held[:_MOST_PEOPLE] if isinstance(item, dict)]


_STYLE = option(_STYLES, "Words for every picture prompt; another text is taken literally, `default` is none")
_RATIO = option(["16:9", "9:16", "1:1", "4:3", "3:4"], "What the frames are composed for; `16:9` when it is missing")
_GENRE = option(_GENRES, "Given back, never in a prompt")


class AnalysisRequest(
    RequestBody,
    json_schema_extra={"examples": [{"script": "雨夜，小满推开便利店的门……", "sceneCount": 5, "style": "anime"}]},
):
    """A story to cut into `sceneCount` parts and `sceneCount + 1` frames (A1)."""

    script: Annotated[str, AfterValidator(_not_too_long)] = Field(description="The story; at most 1,000,000 characters")
    sceneCount: Annotated[int, BeforeValidator(_integer), Field(ge=1, le=MOST_SCENES)] = Field(
        description="How many parts; a string of digits is accepted"
    )
    style: Annotated[str | None, WithJsonSchema(_STYLE)] = None
    genre: Annotated[str | None, WithJsonSchema(_GENRE)] = None
    aspectRatio: Annotated[str | None, BeforeValidator(_text_or_none), WithJsonSchema(_RATIO)] = None
    language: Annotated[str | None, BeforeValidator(_text_or_none)] = Field(
        default=None, description="Of the descriptions; the story's own when it is missing"
    )
    characters: Annotated[list[dict[str, Any]], BeforeValidator(_people)] = Field(
        default=[], description="People whose looks are given: `name`, `look`, `lookEnglish`, `aliases`"
    )

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
        known = (self.aspectRatio, self.language, self.characters)
        return Story(self.script, self.sceneCount, self.style, self.genre, *known)


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
