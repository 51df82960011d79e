"""What the gateway takes."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.storyboard.analysis import Story
from shared.errors import MissingParameter
from shared.image_request import ImageOrderForm

MOST_SCENES = 100


def _integer(value: object) -> object:
    """An integer, or a string of digits; nothing that merely counts as one."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be an integer or a string of digits")  # noqa: TRY004 pydantic reads ValueError
    return value


def _missing(value: object) -> bool:
    return value is None or value == 0 or (isinstance(value, str) and value.strip().strip("0") == "")


class AnalysisRequest(BaseModel):
    """A story to cut into `sceneCount` parts and `sceneCount + 1` frames (A1)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"script": "雨夜，小满推开便利店的门……", "sceneCount": 5, "style": "anime"}]}
    )

    script: str
    sceneCount: Annotated[int, BeforeValidator(_integer), Field(ge=1, le=MOST_SCENES)]  # noqa: N815 wire name
    style: str | None = None
    genre: str | None = None

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


class PromptFirstRequest(ImageOrderForm):
    """A picture to paint (A2). The effective prompt is `prompt`, else `frame.prompt`, else `frame.jimengPrompt`."""

    def form(self) -> dict[str, Any]:
        """What imagegen gets."""
        return {"prompt": self.prompts()[0], "frame": self.frame, "config": self.config}
