"""Jimeng's memory: tasks with their time table, the account's limits, and what a restart brings back."""

from collections import defaultdict, deque
from dataclasses import asdict, dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from sandbox.control.journal import Line
from sandbox.control.settings import within
from sandbox.control.state import SandboxState
from sandbox.jimeng.wire import (
    CONCURRENCY_LIMIT,
    OUTPUT_CODES,
    QPS_LIMIT,
    RefusedError,
    Submit,
    forced_code,
    pictures_in,
    size_of,
)
from sandbox.painter.gallery import Gallery, Order

VENDOR = "jimeng"
KEPT_SECONDS = 12 * 3600
QUEUE_SHARE = 0.2
FIRST_ID = 7392616336519610409
ID_STEP = 7919

Status = Literal["in_queue", "generating", "done", "not_found", "expired"]


@dataclass(frozen=True, slots=True)
class JimengTask:
    """An accepted, billed task. Its state is a function of the clock."""

    number: int
    prompt: str
    width: int
    height: int
    pictures: int
    accepted_at: float
    seconds: float
    refusal: int | None

    @property
    def task_id(self) -> str:
        return str(FIRST_ID + self.number * ID_STEP)

    @property
    def ends_at(self) -> float:
        return self.accepted_at + self.seconds

    def orders(self) -> list[Order]:
        return [Order(self.prompt, self.width, self.height, variant) for variant in range(self.pictures)]

    def status(self, now: float) -> Status:
        if now - self.accepted_at > KEPT_SECONDS:
            return "not_found"
        if now >= self.ends_at:
            return "done"
        return "generating" if now - self.accepted_at >= self.seconds * QUEUE_SHARE else "in_queue"


class JimengTasks:
    """All tasks of the one account."""

    def __init__(self, state: SandboxState, gallery: Gallery) -> None:
        self._state = state
        self._gallery = gallery
        self._tasks: dict[str, JimengTask] = {}
        self._running: dict[str, JimengTask] = {}
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)

    def admit(self, action: str) -> None:
        """The QPS limit, per action. Raises RefusedError 50429."""
        limit, now, recent = self._state.settings.jimeng_qps, self._state.clock(), self._recent[action]
        while recent and now - recent[0] >= 1:
            recent.popleft()
        if limit and len(recent) >= limit:
            raise RefusedError(QPS_LIMIT)
        recent.append(now)

    async def accept(self, submit: Submit) -> JimengTask:
        """Bills the task. Raises RefusedError for moderation of the input and for the account's concurrency."""
        size, code = size_of(submit), forced_code(submit.prompt)
        if code is not None and code not in OUTPUT_CODES:
            raise RefusedError(code)
        limit = self._state.settings.jimeng_concurrency
        if limit and self.in_flight() >= limit:
            raise RefusedError(CONCURRENCY_LIMIT)
        task = JimengTask(
            number=self._state.next_number(VENDOR),
            prompt=submit.prompt,
            width=size.width,
            height=size.height,
            pictures=pictures_in(submit),
            accepted_at=self._state.clock(),
            seconds=within(self._state.settings.jimeng_seconds, submit.prompt),
            refusal=code,
        )
        self._keep(task)
        in_flight = self.in_flight()
        self._state.ledger.submitted(VENDOR, task.prompt, in_flight)
        await self._state.journal.append({"what": VENDOR, "in_flight": in_flight, "task": asdict(task)})
        return task

    def find(self, task_id: str) -> JimengTask | None:
        return self._tasks.get(task_id)

    def status(self, task: JimengTask | None) -> Status:
        return "not_found" if task is None else task.status(self._state.clock())

    def finish(self, task: JimengTask) -> None:
        """Ends it now: it no longer counts against the account."""
        seconds = min(task.seconds, self._state.clock() - task.accepted_at)
        self._tasks[task.task_id] = replace(task, seconds=seconds)
        self._running.pop(task.task_id, None)

    def in_flight(self) -> int:
        now = self._state.clock()
        self._running = {key: task for key, task in self._running.items() if now < task.ends_at}
        return len(self._running)

    def replay(self, line: Line) -> None:
        """One accepted task from the journal."""
        task = TypeAdapter(JimengTask).validate_python(line["task"])
        self._keep(task)
        self._state.reached(VENDOR, task.number)
        self._state.ledger.submitted(VENDOR, task.prompt, int(str(line["in_flight"])))

    def _keep(self, task: JimengTask) -> None:
        self._tasks[task.task_id] = task
        self._running[task.task_id] = task
        for order in task.orders():
            self._gallery.note(VENDOR, order, task.ends_at)
