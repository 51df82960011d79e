"""The durable engine: PostgreSQL's task table is the queue, and every replica claims from it what nobody works on.

A task's `writer` names the replica that works on it. Whoever accepts a task is its first writer and starts at once. An
open task whose writer's replica is not among the living is claimed by whichever replica looks next.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy.exc import DBAPIError

from shared.concurrency import forever
from shared.database.engine import UNREACHABLE, Database, through_outages
from shared.errors import ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.endings import log_ending
from shared.tasks.log import EventLog
from shared.tasks.model import Line, LogClosed, Superseded, Task, ending, told_of
from shared.tasks.presence import Readers
from shared.tasks.replicas import Replica
from shared.tasks.steps import Steps
from shared.tasks.store import Tasks
from shared.telemetry.metrics import tally_tokens
from shared.telemetry.request_id import request_id
from shared.wire import dump_line

logger = logging.getLogger(__name__)

# A paid call may take as long as its own timeout (30 s): its answer is waited for, or its outcome would be unknown.
DRAIN_SECONDS = 32.0
_OUTAGE_PAUSE = 0.5
_FAILURES_BEFORE_CLOSING = 5
_LONGEST_PAUSE = 10.0
# When thousands of tasks are claimed, the others must still get at the database.
_CLAIMED_AT_ONCE = 20
# What this replica should work on and does not is looked for less often: only a fault of ours can bring it about.
_SWEEPS_PER_RECONCILIATION = 5


class Runner(Protocol):
    """What a kind of task does. Both may be started again after a crash."""

    async def run(self, work: Work) -> None:
        """Do the work and append its terminal event; raise what stops it."""

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        """Append the terminal event of a failure."""


@dataclass(frozen=True, slots=True)
class TaskKind:
    """All that is to be known of a kind of task.

    `cancel` ends a task, or raises LogClosed when it has its ending. `details` is what R1 shows beside the head.
    `needs_reader`: it goes on only while somebody reads it.
    """

    name: str
    runner: Runner
    cancel: Callable[[Task], Awaitable[None]] | None = None
    details: Callable[[Task], Awaitable[dict[str, Any]]] | None = None
    needs_reader: bool = False


class Engine:
    """Runs the tasks of one service: those accepted here, and those that nobody works on.

    `claim_order` is an SQL order over `task t` by which claimed tasks are taken, the oldest first otherwise.
    """

    def __init__(
        self, database: Database, log: EventLog, replica: Replica, readers: Readers, claim_order: str = ""
    ) -> None:
        self.tasks = Tasks(database.engine)
        self.log = log
        self.replica = replica
        self.steps = Steps(database.engine, replica.surely_alive, readers.shutdown)
        self._readers = readers
        self._claim_order = claim_order
        self._kinds: dict[str, TaskKind] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._missing: set[str] = set()

    @asynccontextmanager
    async def running(self, kinds: Iterable[TaskKind]) -> AsyncIterator["Engine"]:
        """Work on tasks of these kinds; at the end the running paid calls are finished and recorded."""
        self._kinds = {kind.name: kind for kind in kinds}
        await self.replica.join()
        try:
            async with self.replica.beating():
                async with forever(self._sweep_forever(), "engine.sweep"):
                    yield self
                self._readers.shutdown.begin()
                await self.steps.drained(DRAIN_SECONDS)
                await _stopped(*self._lives.values())
                await self._readers.settled()
        finally:
            await self.replica.leave()

    def new_writer(self) -> str:
        """A name for one life of a task: the id of its replica, a blank, and what makes it unique."""
        return f"{self.replica.id} {uuid4().hex}"

    def start(self, task: Task, writer: str) -> None:
        """Work on a task whose row names this writer."""
        life = asyncio.create_task(self._live(task, writer), name=f"task:{task.id}")
        self._lives[task.id] = life
        life.add_done_callback(lambda _: self._lives.pop(task.id) if self._lives.get(task.id) is life else None)

    async def _live(self, task: Task, writer: str) -> None:
        """Until its log is closed, by its runner or by somebody else."""
        if request_id.get() == "-":
            request_id.set(task.id)
        work = Work(task, writer, self.log, self.steps)
        tokens = tally_tokens()
        with self.log.following.watching(task.id, task.last_event_id) as closed:
            running = asyncio.create_task(self._run_to_its_end(work), name=f"run:{task.id}")
            watching = asyncio.create_task(closed.wait())
            try:
                await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _stopped(running, watching)
        if work.ended or closed.is_set():
            log_ending(work, tokens)

    async def _run_to_its_end(self, work: Work) -> None:
        """A life ends only with a closed log, or when another writer has taken the task."""
        runner = self._kinds[work.task.kind].runner
        failures = 0
        while True:
            try:
                return await self._attempt(runner, work)
            except LogClosed as closed:
                event = "task.superseded" if isinstance(closed, Superseded) else "task.closed_by_another"
                return logger.info(event, extra={"task_id": work.task.id})
            except UNREACHABLE as error:
                logger.warning("task.waiting_for_database", extra={"reason": type(error).__name__})
                await asyncio.sleep(_OUTAGE_PAUSE)
            except Exception:
                failures += 1
                logger.exception("task.has_no_ending", extra={"task_id": work.task.id, "failures": failures})
                await asyncio.sleep(min(_LONGEST_PAUSE, _OUTAGE_PAUSE * 2**failures))
                if failures >= _FAILURES_BEFORE_CLOSING:
                    runner = _ClosingRunner()

    async def _attempt(self, runner: Runner, work: Work) -> None:
        try:
            await runner.run(work)
            if work.ended:
                return
            task = await self.tasks.find(work.task.id)
            if task is None or task.closed:
                return
            logger.error("task.returned_without_ending", extra={"task_id": work.task.id})
            failure = ScriptToFrameError()
        except (LogClosed, *UNREACHABLE):
            raise
        except ScriptToFrameError as error:
            logger.warning("task.failed", extra={"task_id": work.task.id, "error": error.message})
            failure = error
        except Exception:
            logger.exception("task.broke", extra={"task_id": work.task.id})
            failure = ScriptToFrameError()
        await runner.fail(work, failure)

    async def _sweep_forever(self) -> None:
        sweeps = 0
        while True:
            await asyncio.sleep(self.replica.heartbeat.interval)
            sweeps += 1
            try:
                await self._sweep(reconcile=sweeps % _SWEEPS_PER_RECONCILIATION == 0)
            except (*UNREACHABLE, DBAPIError) as error:
                logger.warning("engine.sweep_missed", extra={"reason": type(error).__name__})

    async def _sweep(self, *, reconcile: bool) -> None:
        if forgotten := await self.replica.expire_silent():
            logger.info("replica.expired", extra={"replicas": forgotten})
        await self.replica.surely_alive()
        if reconcile:
            await self._restart_missing()
            await self._readers.reconcile()
        while True:
            claimed = await self.tasks.claim(self.replica.id, list(self._kinds), _CLAIMED_AT_ONCE, self._claim_order)
            for task, writer in claimed:
                logger.info("task.claimed", extra={"task_id": task.id})
                self.start(task, writer)
            if len(claimed) < _CLAIMED_AT_ONCE:
                return

    async def _restart_missing(self) -> None:
        """Start what is written by this replica and has no life here, twice in a row: one just accepted starts soon."""
        missing = {task_id for task_id in await self.tasks.written_by(self.replica.id) if task_id not in self._lives}
        for task_id in missing & self._missing:
            writer = self.new_writer()
            if task := await self.tasks.take(task_id, writer, self.replica.id):
                logger.error("task.restarted", extra={"task_id": task_id})
                self.start(task, writer)
        self._missing = missing


class _ClosingRunner:
    """Ends a task whose own runner can neither run nor fail."""

    async def run(self, work: Work) -> None:
        await self.fail(work, ScriptToFrameError())

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        told = {"error": error.message, "message": error.message, "errorCode": error.error_code} | told_of(error)
        line = Line(work.task.id, "error", dump_line(told), last=True, change=ending(error))
        await through_outages(lambda: work.log.append(line))


async def _stopped(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
