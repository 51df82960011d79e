"""What a picture is ordered with, at both services (A2, I3, N1)."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from shared.errors import MissingParameter
from shared.wire import dumps

Provider = Literal["jimeng", "runninghub"]
ID_PREFIXES: dict[Provider, str] = {"jimeng": "jimeng_v4_", "runninghub": "runninghub_"}
# The gateway's word to imagegen: the id that a new image is to have, and that a repeated order joins the first one.
IMAGE_ID, JOIN = "X-Image-Id", "X-Join"

IN_FRAME = ("prompt", "jimengPrompt")
_ASPECT_RATIOS = ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"]
_RESOLUTIONS = ["1k", "2k", "4k"]


def option(values: list[str], description: str) -> dict[str, Any]:
    """The schema of a value that has a list, and may be another text all the same."""
    return {"anyOf": [{"type": "string", "enum": values}, {"type": "string"}], "description": description}


_TEXT = {"anyOf": [{"type": "string"}, {"type": "null"}]}
# Looked at leniently: whatever else stands in a config or a frame is no error.
ImageConfig = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "aspectRatio": option(_ASPECT_RATIOS, "The picture's shape; any other text leaves it to the model"),
                "resolution": option(_RESOLUTIONS, "The picture's size; any other text leaves it to the model"),
                "style": {"type": "string", "description": "Kept with the picture; its words belong into the prompt"},
            },
            "additionalProperties": True,
        }
    ),
]
FrameForm = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "sequence": {"type": "integer", "description": "The frame's number; its position without one"},
                "prompt": _TEXT | {"description": "The prompt"},
                "jimengPrompt": _TEXT | {"description": "The prompt, where `prompt` is empty"},
                "chineseDescription": _TEXT | {"description": "What is to be seen, for people"},
                "frameType": _TEXT | {"description": "`开始帧` or `结束帧`"},
            },
            "additionalProperties": True,
        }
    ),
]


# What is used of a frame and of a config; of the rest no more than this many bytes is kept.
_USED = {*IN_FRAME, "sequence", "sceneIndex", "frameType", "chineseDescription", "displayDescription"}
_USED |= {"aspectRatio", "resolution", "style"}
MOST_UNUSED_BYTES = 64 * 1024


def bounded(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """A frame or a config without what is large and not used, such as a picture as a data URL."""
    if given is None:
        return None
    kept, room = {}, MOST_UNUSED_BYTES
    for name, value in given.items():
        used = name in _USED and not isinstance(value, dict | list)
        size = 0 if used else len(name) + (len(value) if isinstance(value, str) else len(dumps(value)))
        if size <= room:
            kept[name] = value
            room -= size
    return kept


def new_image_id(provider: Provider = "jimeng") -> str:
    return ID_PREFIXES[provider] + uuid4().hex


def is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


class ImageOrderForm(BaseModel):
    """A missing prompt is 400 and comes before every wrong type, which is 422."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prompt": "雨夜的霓虹街头，少女撑伞回头", "config": {"aspectRatio": "16:9", "resolution": "2k"}}
            ]
        }
    )

    prompt: str | None = Field(default=None, description="What to paint")
    frame: FrameForm | None = Field(default=None, description="The storyboard frame that the picture is for")
    config: ImageConfig | None = Field(default=None, description="Shape, size and style")

    @model_validator(mode="before")
    @classmethod
    def _required(cls, values: Any) -> Any:
        frame = values.get("frame") if isinstance(values, dict) else ""
        if isinstance(frame, dict | None) and all(is_blank(given) for given in _given(values.get("prompt"), frame)):
            raise MissingParameter("缺少必要参数: prompt")
        return values

    @field_validator("frame")
    @classmethod
    def _prompts_are_text(cls, frame: dict[str, Any] | None) -> dict[str, Any] | None:
        for name in IN_FRAME:
            if not isinstance((frame or {}).get(name), str | None):
                raise ValueError(f"{name} must be a string or null")  # noqa: TRY004 pydantic reads ValueError
        return frame

    def prompts(self) -> list[str]:
        """The prompts that are not blank: the order's own, then the frame's. At least one."""
        return [given for given in _given(self.prompt, self.frame) if not is_blank(given)]


class VendorImageForm(ImageOrderForm):
    """A picture to paint, at the vendor of your choice (N1)."""

    provider: Provider = Field(default="jimeng", description="Who paints")


def _given(prompt: Any, frame: dict[str, Any] | None) -> list[Any]:
    return [prompt, *((frame or {}).get(name) for name in IN_FRAME)]
