"""What the RunningHub endpoints take."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, model_validator

from shared.errors import MissingParameter


class VendorTask(BaseModel):
    """A task at RunningHub (B5, B6). Ids are strings: as numbers they would lose digits."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"task_id": "1920031617669115905"}]})

    task_id: StrictStr

    @model_validator(mode="before")
    @classmethod
    def _required(cls, values: Any) -> Any:
        if isinstance(values, dict) and (values.get("task_id") is None or values["task_id"] == ""):
            raise MissingParameter("缺少任务ID")
        return values


class ProcessingRequest(BaseModel):
    """A running B4 request (B7), by its whole id."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"request_id": "b0c6f7d2-…"}]})

    request_id: Annotated[StrictStr, Field(min_length=1)]
