"""A runner's handle on its task: append events, record steps."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.errors import ScriptToFrameError
from shared.tasks.log import EventLog
from shared.tasks.model import NO_CHANGE, Change, Line, Status, Task, ending
from shared.tasks.steps import Steps
from shared.wire import dump_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ending:
    """A task's terminal event and what it changed."""

    data: dict[str, Any]
    change: Change


class Work:
    """One life of a task. Appends raise LogClosed when the task has ended or somebody else works on it."""

    def __init__(self, task: Task, writer: str, log: EventLog, steps: Steps) -> None:
        self.task = task
        self.log = log
        self._writer = writer
        self._steps = steps
        self.ending: Ending | None = None
        self.said: Counter[str] = Counter()

    @property
    def ended(self) -> bool:
        """Whether this life has appended the ending."""
        return self.ending is not None

    async def say(
        self, name: str | None, data: dict[str, Any], *, key: str | None = None, change: Change = NO_CHANGE
    ) -> int:
        """Append an event; with a key it is there once, however often the workflow is replayed."""
        line = Line(self.task.id, name, dump_line(data), key=key, writer=self._writer, change=change)
        number = await self.log.append(line)
        self.said[name or ""] += 1
        return number

    async def end(self, name: str | None, data: dict[str, Any], change: Change) -> None:
        """Append the terminal event."""
        line = Line(self.task.id, name, dump_line(data), writer=self._writer, last=True, change=change)
        await self.log.append(line)
        self.ending = Ending(data, change)

    async def fail(self, name: str | None, data: dict[str, Any], error: ScriptToFrameError) -> None:
        await self.end(name, data, ending(error, Status.FAILED))

    async def checkpoint(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """The result of `call()`, JSON in shape, recorded; a replay gets the record instead of a second call."""
        result: T = await self._steps.checkpoint(self.task.id, name, call)
        return result

    async def inherit(self) -> None:
        """Take over what an earlier, failed task of the same request had recorded; see Steps.inherit."""
        await self._steps.inherit(self.task.id)

    async def started(self, name: str) -> bool:
        """Whether an earlier life of this task has begun the step."""
        return await self._steps.started(self.task.id, name)

    async def once(self, name: str, send: Callable[[], Awaitable[Any]]) -> Any:
        """A paid call; see Steps.once. It is finished and recorded even while the process is leaving."""
        sending = asyncio.ensure_future(self._steps.once(self.task.id, name, send))
        return await asyncio.shield(sending)
