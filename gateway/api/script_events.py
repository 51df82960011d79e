"""What a script tells while it is written, and what is read out of it (B1, B3)."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.web.answers import TASK_ID, Demo, Facts


def example(**values: Any) -> dict[str, Any]:
    return {"examples": [values]}


class TaskBegun(BaseModel, json_schema_extra=example(task_id=TASK_ID, demo=True)):
    """The first event of a script."""

    task_id: str = Field(description="The task, for `/api/stream/tasks/{task_id}`")
    demo: Demo = False


class Notice(BaseModel, json_schema_extra=example(message="正在生成角色表和目录...")):
    """What is being done."""

    message: str = Field(description="For people")


class ContentChunk(BaseModel, json_schema_extra=example(content="剧名：《雨夜来客》", is_complete=False, episode=0)):
    """The next piece of a part's text."""

    content: str = Field(description="The piece; the pieces of a part, joined, are its text")
    is_complete: Literal[False] = Field(description="Always false")
    episode: int = Field(description="The part; 0 is the table of characters and the directory")


class EpisodeRetry(BaseModel, json_schema_extra=example(episode=1, reason="前面的文字是模型的思考过程")):
    """What was told of a part is to be dropped; its pieces come anew."""

    episode: int = Field(description="The part; 0 is the table of characters and the directory")
    reason: str = Field(description="Why, for people")


class InitialContent(BaseModel, json_schema_extra=example(content="剧名：《雨夜来客》\n\n|角色名称|…|")):
    """The table of characters and the directory, whole."""

    content: str = Field(description="Its text")


class EpisodesProgress(BaseModel, json_schema_extra=example(current=1, total=8)):
    """Which episode is being written."""

    current: int = Field(description="Its number")
    total: int = Field(description="How many there will be")


class EpisodeContent(BaseModel, json_schema_extra=example(episode=1, content="集数：第1集 …", is_complete=True)):
    """An episode, whole."""

    episode: int = Field(description="Its number")
    content: str = Field(description="Its text")
    is_complete: Literal[True] = Field(description="Always true")


class TaskComplete(BaseModel, json_schema_extra=example(task_id=TASK_ID, message="剧本生成完成", demo=True)):
    """The last event of what went well."""

    task_id: str = Field(description="The task")
    message: str = Field(description="For people")
    demo: Demo = False


class TaskFailed(
    Facts, json_schema_extra=example(message="生成内容出错: LLM调用失败", errorCode="LLM_ERROR", demo=True)
):
    """The last event of what failed."""

    message: str = Field(description="The reason, for people")
    errorCode: str = Field(description="The reason, for programs")
    demo: Demo = False


class TaskCanceled(BaseModel, json_schema_extra=example(message="生成已被用户取消", demo=True)):
    """The last event of what was canceled."""

    message: str = Field(description="For people")
    demo: Demo = False


class EpisodePrompts(BaseModel, json_schema_extra=example(episode="1", content="第1集：\n场次1-1：\n#雨夜\n")):
    """The picture prompts of an episode."""

    episode: str = Field(description="Its number")
    content: str = Field(description="Its scenes, each with one prompt a line, or that there are none")
