"""What A3 takes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.errors import MissingParameter

MOST_FRAMES = 100


class BatchRequest(BaseModel):
    """Frames to paint (A3). A valid frame has a `prompt` or a `jimengPrompt`; the others are skipped."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"frames": [{"sequence": 1, "prompt": "雨夜的霓虹街头"}, {"sequence": 2, "prompt": "便利店"}]}]
        }
    )

    frames: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_FRAMES)
    config: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _required(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("frames") in (None, []):
            raise MissingParameter("缺少必要参数: frames")
        return values

    def task_request(self) -> dict[str, Any]:
        """The valid frames without the pictures that they had. Raises MissingParameter when there is none."""
        frames = [
            {name: value for name, value in frame.items() if name != "imageUrl"}
            for frame in self.frames
            if frame.get("prompt") or frame.get("jimengPrompt")
        ]
        if not frames:
            raise MissingParameter("没有找到有效的提示词")
        return {"frames": frames, "config": self.config}
