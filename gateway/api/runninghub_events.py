"""What is told while a script's pictures are drawn by RunningHub (B4)."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.api.script_events import example
from shared.web.answers import TASK_ID, Demo, Facts

_SUBTASK = f"{TASK_ID}_第1集_场次1-1_0"
_PLACE = {"episode": "第1集", "scene": "场次1-1", "prompt_index": "0", "task_id": _SUBTASK}


class ProcessingNotice(
    BaseModel, json_schema_extra=example(message="正在提取画面描述词并发送到RunningHub...", request_id=TASK_ID)
):
    """What is being done."""

    message: str = Field(description="For people")
    request_id: str | None = Field(default=None, description="The request")
    total_prompts: int | None = Field(default=None, description="How many prompts there are")
    queue_size: int | None = Field(default=None, description="How many wait or run, over all requests")
    task_id: str | None = Field(default=None, description="The subtask that begins")
    status: Literal["PROCESSING"] | None = Field(default=None, description="Only with a subtask that begins")
    demo: Demo = False


class Subtask(BaseModel):
    """A prompt's picture."""

    episode: str = Field(description="`第n集`")
    scene: str = Field(description="`场次n-m`")
    prompt_index: str = Field(description="The prompt's number in its scene, from 0")
    task_id: str = Field(description="The subtask")
    worker_id: int | None = Field(default=None, description="The account's slot, from 1")


class SubtaskCreated(Subtask, json_schema_extra=example(**_PLACE, runninghub_task_id="1920031617669115905")):
    """RunningHub has taken a prompt, or has refused it."""

    runninghub_task_id: str | None = Field(description="RunningHub's id; null when it refused")


class SubtaskWaiting(
    Subtask,
    json_schema_extra=example(**_PLACE, retry=1, max_retries=10, wait_seconds=30, message="RunningHub队列已满…"),
):
    """RunningHub is full."""

    retry: int = Field(description="Which wait this is")
    max_retries: int = Field(description="After so many it goes to the end of the queue")
    wait_seconds: int = Field(description="How long it waits")
    message: str = Field(description="For people")


class SubtaskRequeued(Subtask, json_schema_extra=example(**_PLACE, message="已达最大重试次数…")):
    """Back to the end of the queue."""

    message: str = Field(description="For people")


class SubtaskResult(BaseModel):
    """What became of a prompt."""

    prompt: str = Field(description="As it was sent")
    create_result: dict[str, Any] | None = Field(description="RunningHub's answer when it took the prompt")
    task_id: str | None = Field(description="RunningHub's id")
    status: Literal["SUCCESS", "FAILED"] = Field(description="Whether there is a picture")
    status_result: str = Field(description="RunningHub's own word for it")
    final_result: dict[str, Any] | None = Field(
        description="RunningHub's outputs; `data` lists files with `fileUrl` and, where we keep it, `contentUrl`"
    )


class EpisodeResults(BaseModel):
    """The result under its scene and number, as older readers look for it."""

    episode: str = Field(description="`第n集`")
    results: dict[str, dict[str, SubtaskResult]] = Field(description="By scene, then by the prompt's number")


class SubtaskCompleted(Subtask):
    """A prompt has its picture, or has none for good."""

    runninghub_task_id: str | None = Field(description="RunningHub's id")
    status: Literal["SUCCESS", "FAILED"] = Field(description="Whether there is a picture")
    result: EpisodeResults = Field(description="The picture")


class SubtaskError(Subtask, Facts, json_schema_extra=example(**_PLACE, error="网络错误")):
    """A prompt failed on our side."""

    error: str = Field(description="Why")
    errorCode: str | None = Field(default=None, description="The reason, for programs")


class SubtaskCanceled(BaseModel, json_schema_extra=example(task_id=_SUBTASK, message="任务已取消")):
    """A prompt was taken back."""

    task_id: str = Field(description="The subtask")
    message: str = Field(description="For people")
    worker_id: int | None = Field(default=None, description="The account's slot, from 1")


class ProcessingProgress(BaseModel, json_schema_extra=example(completed=1, total=8, waiting=7, percentage=12)):
    """How many are done."""

    completed: int = Field(description="Done, well or not")
    total: int = Field(description="All")
    waiting: int = Field(description="Waiting because RunningHub is full")
    percentage: int = Field(description="0 to 100, rounded down")


class AllSubtasksCompleted(BaseModel, json_schema_extra=example(request_id=TASK_ID, completed=8, total=8)):
    """All prompts are done."""

    request_id: str = Field(description="The request")
    completed: int = Field(description="Done, well or not")
    total: int = Field(description="All")


class CancelRequested(BaseModel, json_schema_extra=example(request_id=TASK_ID)):
    """Somebody has asked for the end."""

    request_id: str = Field(description="The request")


class CancelComplete(
    BaseModel, json_schema_extra=example(message="所有任务已成功取消", request_id=TASK_ID, cancelled_count=3)
):
    """All that could be taken back was."""

    message: str = Field(description="For people")
    request_id: str = Field(description="The request")
    cancelled_count: int = Field(description="How many prompts were taken back")


class ProcessingComplete(
    BaseModel,
    json_schema_extra=example(message="所有任务处理完成", request_id=TASK_ID, completed_tasks=8, total_tasks=8),
):
    """The last event of a request."""

    message: str = Field(description="For people")
    request_id: str = Field(description="The request")
    completed_tasks: int = Field(description="Done, well or not")
    total_tasks: int = Field(description="All")
    reason: str | None = Field(default=None, description="Only after a cancel")
    demo: Demo = False
