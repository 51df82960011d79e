"""The workflow *analysis*: a story is read, planned and drawn, and every sentence of it has its place in a frame."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gateway.storyboard.audience import Audience
from gateway.storyboard.board import Story
from gateway.storyboard.document import document
from gateway.storyboard.drawing import draw_frames
from gateway.storyboard.model_calls import ModelCalls, StoryModel
from gateway.storyboard.planning import plan_board
from gateway.storyboard.reading import read_story
from gateway.storyboard.sentences import sentences_of
from shared.errors import AnalysisFailed, LLMError, ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.model import Change, Status, Task, ending, told_of
from shared.wire import dump_text

STEPS = {1: "故事切分", 2: "关键帧提取", 3: "提示词生成", 4: "结果解析"}
_PROGRESS = {1: 5, 2: 35, 3: 60, 4: 95}


class Analysis:
    """Runner of analysis tasks. No question is asked while nobody reads; an answer that was paid for is kept."""

    def __init__(self, model: StoryModel, audience: Audience) -> None:
        self._model = model
        self._audience = audience

    async def run(self, work: Work) -> None:
        story = Story(**work.task.request)
        calls = ModelCalls(self._model, self._audience, work)
        text = await asyncio.to_thread(sentences_of, story.script, story.scene_count + 1)
        if not story.short:
            await work.inherit()
        await self._progress(work, 1)
        with _failing_in(1):
            reading = await read_story(text, calls)
        await self._progress(work, 2)
        with _failing_in(2):
            board = await plan_board(text, story, reading, calls)
        await self._progress(work, 3)
        with _failing_in(3):
            finished = await draw_frames(board, story, calls)
        await self._progress(work, 4)
        if not finished:
            raise _failed(4, "未能提取到有效的提示词")
        data = await asyncio.to_thread(document, story, board, finished)
        data |= _demo(work)
        change = Change(status=Status.COMPLETED, message="分析完成", current=4, result=dump_text({"data": data}))
        await work.end(None, {"type": "complete", "data": data} | _demo(work), change)

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        if not isinstance(error, AnalysisFailed):
            failed = AnalysisFailed(f"智能分析失败: {error.message}", failedStep="未知步骤").because_of(error)
            error, failed.error_code = failed, _code_of(error)
        event = {"type": "error", "error": error.message, "detail": error.message, "errorCode": error.error_code}
        await work.end(None, event | told_of(error) | error.extras | _demo(work), ending(error))

    async def _progress(self, work: Work, number: int) -> None:
        message = f"第{number}步: {STEPS[number]}..."
        event = {"type": "progress", "progress": _PROGRESS[number], "message": message, "step": number}
        change = Change(status=Status.RUNNING, message=message, current=number - 1, total=4)
        await work.say(None, event | (_demo(work) if number == 1 else {}), key=f"step-{number}", change=change)


@contextmanager
def _failing_in(number: int) -> Iterator[None]:
    try:
        yield
    except LLMError as error:
        raise _failed(number, error.message).because_of(error) from error


def _failed(number: int, cause: str) -> AnalysisFailed:
    colon = ": "
    message = f"智能分析失败: 第{number}步{colon}{STEPS[number]}失败{colon if number < 4 else '，'}{cause}"
    return AnalysisFailed(message, failedStep=f"第{number}步 {STEPS[number]}")


def _code_of(error: ScriptToFrameError) -> str:
    return error.error_code if error.error_code == "CONFIGURATION_ERROR" else "ANALYSIS_FAILED"


def _demo(work: Work) -> dict[str, bool]:
    return {"demo": True} if work.task.demo else {}


async def stored_data(task: Task) -> dict[str, Any]:
    """What R1 shows of an analysis beside its head."""
    data = (task.result or {}).get("data")
    return {} if data is None else {"data": data}
