"""The workflow *analysis*: a story becomes a storyboard in three questions and a parse."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gateway.storyboard import prompts
from gateway.storyboard.frames import Frame, as_wire, missing
from gateway.storyboard.parsing.reader import merge, parse_frames
from gateway.text.continuation import join_without_overlap
from shared.errors import AnalysisFailed, LLMError, ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.model import Change, Status, Task, ending, told_of
from shared.wire import dump_text

logger = logging.getLogger(__name__)

STEPS = {1: "故事切分", 2: "关键帧提取", 3: "提示词生成", 4: "结果解析"}
_PROGRESS = {1: 5, 2: 35, 3: 60, 4: 95}
# A call's share of one answer: what a model writes well within the 60 seconds; the rest is asked for in further turns.
_TOKENS_PER_CALL = 8000
_MOST_CALLS = 40
# As long as Idempotency-Keys are remembered: after that no reader of a JSON answer can come back.
_PARKED_SECONDS = 24 * 3600.0
_GO_ON = "你的回答被长度限制截断了。请从中断处继续输出，不要重复已经输出的内容，不要解释，格式保持不变。"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer; `cut` when the model ran into its length limit."""

    text: str
    cut: bool = False


class TextModel(Protocol):
    """A chat model. Raises LLMError."""

    async def complete(self, turns: list[Turn], max_tokens: int) -> Completion: ...


class Audience(Protocol):
    """Who reads a task."""

    async def present(self, task_id: str) -> bool: ...

    async def somebody(self, task_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Story:
    """What is to be analysed."""

    script: str
    scene_count: int
    style: str | None = None
    genre: str | None = None


class Analysis:
    """Runner of analysis tasks. No step starts while nobody reads; an answer that was paid for is kept."""

    def __init__(self, model: TextModel, audience: Audience) -> None:
        self._model = model
        self._audience = audience

    async def run(self, work: Work) -> None:
        story = Story(**work.task.request)
        segments = await self._step(work, 1, prompts.segmentation(story.script, story.scene_count))
        key_frames = await self._step(work, 2, prompts.key_frames(segments, story.scene_count))
        answer = await self._step(work, 3, prompts.picture_prompts(key_frames, story.style))
        await self._progress(work, 4)
        frames = await self._frames(work, story, key_frames, answer)
        data = _document(story, segments, key_frames, frames) | _demo(work)
        change = Change(status=Status.COMPLETED, message="分析完成", current=4, result=dump_text({"data": data}))
        await work.end(None, {"type": "complete", "data": data} | _demo(work), change)

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        if not isinstance(error, AnalysisFailed):
            failed = AnalysisFailed(f"智能分析失败: {error.message}", failedStep="未知步骤").because_of(error)
            error, failed.error_code = failed, _code_of(error)
        event = {"type": "error", "error": error.message, "detail": error.message, "errorCode": error.error_code}
        await work.end(None, event | told_of(error) | error.extras | _demo(work), ending(error))

    async def _step(self, work: Work, number: int, prompt: str) -> str:
        await self._progress(work, number)
        try:
            return await work.checkpoint(f"step-{number}", lambda: self._ask_for_reader(work, prompt))
        except LLMError as error:
            raise _failed(number, error.message).because_of(error) from error

    async def _ask_for_reader(self, work: Work, prompt: str) -> str:
        if not await self._audience.present(work.task.id):
            await self._parked(work.task.id)
        return await whole_answer(self._model, prompt)

    async def _parked(self, task_id: str) -> None:
        logger.info("analysis.parked", extra={"task_id": task_id})
        try:
            async with asyncio.timeout(_PARKED_SECONDS):
                await self._audience.somebody(task_id)
        except TimeoutError as error:
            raise AnalysisFailed("智能分析失败: 长时间没有读者，分析已放弃", failedStep="未知步骤") from error

    async def _progress(self, work: Work, number: int) -> None:
        message = f"第{number}步: {STEPS[number]}..."
        event = {"type": "progress", "progress": _PROGRESS[number], "message": message, "step": number}
        change = Change(status=Status.RUNNING, message=message, current=number - 1, total=4)
        await work.say(None, event | (_demo(work) if number == 1 else {}), key=f"step-{number}", change=change)

    async def _frames(self, work: Work, story: Story, key_frames: str, answer: str) -> list[Frame]:
        frames = await asyncio.to_thread(parse_frames, answer)
        if absent := missing(frames, story.scene_count):
            repaired = await work.checkpoint("repair", lambda: self._repaired(work, story, key_frames, absent))
            frames = merge(frames, await asyncio.to_thread(parse_frames, repaired), absent)
        if not frames:
            raise _failed(4, "未能提取到有效的提示词")
        return frames

    async def _repaired(self, work: Work, story: Story, key_frames: str, absent: list[tuple[int, str]]) -> str:
        """The answer to one more question; empty when there is none: fewer frames are still a success."""
        question = prompts.repair(key_frames, story.style, absent)
        try:
            return await self._ask_for_reader(work, question)
        except LLMError as error:
            logger.warning("analysis.unrepaired", extra={"task_id": work.task.id, "reason": error.message})
            return ""


async def whole_answer(model: TextModel, prompt: str) -> str:
    """The model's whole answer: what the length limit cut off is asked for in further turns. Raises LLMError."""
    text = ""
    for _ in range(_MOST_CALLS):
        turns = [Turn("user", prompt)]
        if text:
            turns += [Turn("assistant", text), Turn("user", _GO_ON)]
        completion = await model.complete(turns, _TOKENS_PER_CALL)
        text = join_without_overlap(text, completion.text)
        if not completion.cut:
            return text
    raise LLMError("API返回内容不完整")


def _failed(number: int, cause: str) -> AnalysisFailed:
    colon = ": "
    message = f"智能分析失败: 第{number}步{colon}{STEPS[number]}失败{colon if number < 4 else '，'}{cause}"
    return AnalysisFailed(message, failedStep=f"第{number}步 {STEPS[number]}")


def _code_of(error: ScriptToFrameError) -> str:
    return error.error_code if error.error_code == "CONFIGURATION_ERROR" else "ANALYSIS_FAILED"


def _demo(work: Work) -> dict[str, bool]:
    return {"demo": True} if work.task.demo else {}


def _document(story: Story, segments: str, key_frames: str, frames: list[Frame]) -> dict[str, Any]:
    return {
        "script_analysis": {
            "sceneCount": story.scene_count,
            "frameCount": len(frames),
            "genre_detected": story.genre,
            "segmented_story": segments,
            "extracted_frames": key_frames,
        },
        "storyboard_frames": [as_wire(frame) for frame in frames],
        "recommendedStyle": story.style,
        "recommendedGenre": story.genre,
        "estimatedScenes": story.scene_count,
        "intelligentAnalysisComplete": True,
    }


async def stored_data(task: Task) -> dict[str, Any]:
    """What R1 shows of an analysis beside its head."""
    data = (task.result or {}).get("data")
    return {} if data is None else {"data": data}
