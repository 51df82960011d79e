"""Asks the model: several questions at a time, each answer recorded, none begun while nobody reads."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

from gateway.storyboard.audience import PARKED_SECONDS, Audience
from gateway.storyboard.questions import Question
from shared.errors import AnalysisFailed, LLMError
from shared.tasks.context import Work

logger = logging.getLogger(__name__)

T = TypeVar("T")
AT_A_TIME = 8
INCOMPLETE = "API返回内容不完整"


@dataclass(frozen=True, slots=True)
class Answer:
    """`cut` when the model ran into its length limit, or the connection broke after some of the answer."""

    text: str
    cut: bool = False


class StoryModel(Protocol):
    """A model that answers in JSON, or as near to it as it can. Raises LLMError."""

    async def answer(self, question: Question) -> Answer: ...


class ModelCalls:
    """All questions of one life of a task."""

    def __init__(self, model: StoryModel, audience: Audience, work: Work) -> None:
        self._model = model
        self._audience = audience
        self._work = work
        self._room = asyncio.Semaphore(AT_A_TIME)
        self._failed: Exception | None = None

    async def ask(self, name: str, question: Question, *, optional: bool = False) -> Answer:
        """The answer, recorded under the name. Raises LLMError; `optional` questions give an empty answer instead.

        After a failure no further question is begun, but those under way are answered and recorded.
        """
        async with self._room:
            if self._failed:
                raise self._failed
            try:
                return Answer(**await self._work.checkpoint(name, lambda: self._asked(question)))
            except LLMError as error:
                logger.warning("analysis.unanswered", extra={"task_id": self._work.task.id, "reason": error.message})
                if optional:
                    return Answer("")
                self._failed = error
                raise

    async def _asked(self, question: Question) -> dict[str, Any]:
        if not await self._audience.present(self._work.task.id):
            await self._parked()
        return asdict(await self._model.answer(question))

    async def _parked(self) -> None:
        task_id = self._work.task.id
        logger.info("analysis.parked", extra={"task_id": task_id})
        try:
            async with asyncio.timeout(PARKED_SECONDS):
                await self._audience.somebody(task_id)
        except TimeoutError as error:
            raise AnalysisFailed("智能分析失败: 长时间没有读者，分析已放弃", failedStep="未知步骤") from error


async def together(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order. All are awaited before the first failure is raised, so that no paid answer is lost."""
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    if failures:
        raise failures[0]
    return [result for result in results if not isinstance(result, BaseException)]
