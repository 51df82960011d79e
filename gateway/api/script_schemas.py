"""What the script endpoints take."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

MOST_EPISODES = 100


class ScriptRequest(BaseModel):
    """A short drama to write (B1)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"genre": "都市悬疑", "duration": "3分钟", "episodes": 8, "characters": ["张明,男,28", "林晚,女,26"]}
            ]
        }
    )

    genre: StrictStr = Field(description="题材")
    duration: StrictStr = Field(description="每集时长，例如 3分钟、1-3分钟")
    episodes: Annotated[StrictInt, Field(ge=1, le=MOST_EPISODES, description="总集数")]
    characters: list[StrictStr] = Field(description="角色，每个一行，例如 张明,男,28")

    def order(self) -> dict[str, Any]:
        """The request as its task keeps it."""
        return self.model_dump()


class EpisodeChoice(BaseModel):
    """Which episode; none means all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"episode": 1}]})

    episode: Annotated[StrictInt, Field(ge=1)] | None = None


class ScriptChoice(EpisodeChoice):
    """Which script, and which of its episodes (B3, B4 without an id in the path)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"task_id": "b0c6…", "episode": 1}]})

    task_id: StrictStr
