"""RunningHub's memory: tasks with their time table, the shared queue's limit, and what a restart brings back."""

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from sandbox.control.journal import Line
from sandbox.control.settings import within
from sandbox.control.state import SandboxState
from sandbox.painter.gallery import Gallery, Order
from sandbox.runninghub.wire import FORCED, PERSONAL_QUEUE_FULL, QUEUE_FULL, Create, Node, RefusedError

VENDOR = "runninghub"
QUEUE_SHARE = 0.2
PERSONAL_QUEUE = 1000
FIRST_ID = 1910246754753896450
ID_STEP = 104729
WIDTH, HEIGHT = 1344, 768

Status = Literal["QUEUED", "RUNNING", "SUCCESS", "FAILED"]


@dataclass(frozen=True, slots=True)
class HubTask:
    """An accepted, billed task. Its state is a function of the clock, unless it was cancelled."""

    number: int
    prompt: str
    node_id: str
    accepted_at: float
    starts_at: float
    seconds: float
    fails: bool
    personal: bool
    cancelled: bool = False

    @property
    def task_id(self) -> str:
        return str(FIRST_ID + self.number * ID_STEP)

    @property
    def client_id(self) -> str:
        return hashlib.md5(self.task_id.encode(), usedforsecurity=False).hexdigest()

    @property
    def ends_at(self) -> float:
        return self.starts_at + self.seconds

    @property
    def order(self) -> Order:
        return Order(self.prompt, WIDTH, HEIGHT)

    def status(self, now: float) -> Status:
        if self.cancelled:
            return "FAILED"
        if now >= self.ends_at:
            return "FAILED" if self.fails else "SUCCESS"
        return "RUNNING" if now >= self.starts_at + self.seconds * QUEUE_SHARE else "QUEUED"


class HubTasks:
    """All tasks of the one key."""

    def __init__(self, state: SandboxState, gallery: Gallery) -> None:
        self._state = state
        self._gallery = gallery
        self._tasks: dict[str, HubTask] = {}
        self._running: set[str] = set()

    async def accept(self, create: Create, nodes: list[Node]) -> HubTask:
        """Bills the task. Raises RefusedError for a code forced by the prompt and for full queues."""
        prompt = "\n".join(node.field_value for node in nodes)
        forced = FORCED.search(prompt)
        if forced and forced[1] != "fail":
            raise RefusedError(int(forced[1]))
        starts_at = self._place(personal=create.personal_queue)
        task = HubTask(
            number=self._state.next_number(VENDOR),
            prompt=prompt,
            node_id=nodes[0].node_id if nodes else "9",
            accepted_at=self._state.clock(),
            starts_at=starts_at,
            seconds=within(self._state.settings.runninghub_seconds, prompt),
            fails=forced is not None,
            personal=create.personal_queue,
        )
        self._keep(task)
        running = self.running_tasks()
        self._state.ledger.submitted(VENDOR, prompt, running)
        await self._write(task, running)
        return task

    def find(self, task_id: str) -> HubTask:
        if task_id not in self._tasks:
            raise RefusedError(807)
        return self._tasks[task_id]

    def status(self, task: HubTask) -> Status:
        return task.status(self._state.clock())

    def outputs_late(self, task: HubTask) -> bool:
        """Just after SUCCESS the outputs are still being written."""
        return self._state.clock() < task.ends_at + self._state.settings.runninghub_outputs_lag

    async def cancel(self, task: HubTask) -> None:
        if self.status(task) not in ("QUEUED", "RUNNING"):
            return
        self._keep(replace(task, cancelled=True))
        await self._write(self._tasks[task.task_id], 0)

    def running_tasks(self) -> int:
        """Tasks that hold a slot: those of the personal queue only while they run."""
        return sum(self._state.clock() >= task.starts_at for task in self._unfinished())

    def replay(self, line: Line) -> None:
        task = TypeAdapter(HubTask).validate_python(line["task"])
        if task.task_id not in self._tasks:
            self._state.reached(VENDOR, task.number)
            self._state.ledger.submitted(VENDOR, task.prompt, int(str(line["in_flight"])))
        self._keep(task)

    def _place(self, *, personal: bool) -> float:
        """When a slot is free: now, or for the personal queue once enough of those before it have ended."""
        limit, now = self._state.settings.runninghub_concurrency, self._state.clock()
        before = sorted(task.ends_at for task in self._unfinished())
        if not limit or len(before) < limit:
            return now
        if not personal:
            raise RefusedError(QUEUE_FULL)
        if len(before) - limit >= PERSONAL_QUEUE:
            raise RefusedError(PERSONAL_QUEUE_FULL)
        return before[-limit]

    def _unfinished(self) -> list[HubTask]:
        now = self._state.clock()
        tasks = [task for task in map(self._tasks.__getitem__, self._running) if not task.cancelled]
        unfinished = [task for task in tasks if now < task.ends_at]
        self._running = {task.task_id for task in unfinished}
        return unfinished

    def _keep(self, task: HubTask) -> None:
        self._tasks[task.task_id] = task
        self._running.add(task.task_id)
        self._gallery.note(VENDOR, task.order, task.ends_at)

    async def _write(self, task: HubTask, in_flight: int) -> None:
        await self._state.journal.append({"what": VENDOR, "in_flight": in_flight, "task": asdict(task)})
