"""The durable engine: DBOS runs the workflows, survivors take over from dead replicas, SIGTERM drains paid calls.

Every task is run by one generic workflow whose id is the task's id; what it does is decided by the task's kind.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Protocol
from uuid import uuid4

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import text

from shared.database.engine import ENGINE_SCHEMAS, IDLE_TRANSACTION_SECONDS, UNREACHABLE, Database, through_outages
from shared.errors import ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.log import EventLog
from shared.tasks.model import LogClosed, Superseded
from shared.tasks.replicas import Pulse, Replica
from shared.tasks.steps import Steps
from shared.tasks.store import Tasks

logger = logging.getLogger(__name__)


class Runner(Protocol):
    """What a kind of task does. Both may be started again after a crash."""

    async def run(self, work: Work) -> None:
        """Do the work and append its terminal event; raise what stops it."""

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        """Append the terminal event of a failure."""


# A constant: workflows of an earlier release must be recovered by the next one.
_APPLICATION_VERSION = "1"
_DRAIN_SECONDS = 8.0
_UNDISPATCHED_SECONDS = 5.0
_LOOK_ON_SECONDS = 1.0
# When thousands of tasks are taken over, the others must still get at the database.
_TAKEN_AT_ONCE = 10

_engines: dict[str, "Engine"] = {}


@DBOS.workflow(name="task", max_recovery_attempts=None)
async def _task_workflow(service: str, kind: str, task_id: str) -> None:
    """DBOS starts recovered workflows on a loop of its own; the work belongs on the loop that owns the pools."""
    engine = _engines[service]
    life = asyncio.run_coroutine_threadsafe(engine.run(kind, task_id), engine.loop)
    await asyncio.wrap_future(life)


class Engine:
    """Runs the tasks of one service, also those that dead replicas left. `register` all kinds before `running`."""

    def __init__(self, service: str, database: Database, log: EventLog, pulse: Pulse) -> None:
        self.service = service
        self.tasks = Tasks(database.engine)
        self.log = log
        self.replica = Replica(database, service, pulse)
        self.steps = Steps(database.engine, self.replica.surely_alive)
        self.draining = False
        self._database = database
        self._runners: dict[str, Runner] = {}
        self._alive: set[asyncio.Task[bool]] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._taking = asyncio.Semaphore(_TAKEN_AT_ONCE)

    def register(self, kind: str, runner: Runner) -> None:
        self._runners[kind] = runner

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Engine"]:
        _engines[self.service] = self
        self.loop = asyncio.get_running_loop()
        await self.replica.join()
        DBOS(config=self._config())
        _quieten()
        await asyncio.to_thread(DBOS.launch)
        dispatcher = asyncio.create_task(self._dispatch_forever(), name="dispatcher")
        try:
            async with self.replica.beating(self):
                yield self
                dispatcher.cancel()
                await self._drain()
        finally:
            await self.replica.leave()
            await asyncio.to_thread(DBOS.destroy)
            # DBOS made its own thread pool the loop's default, and has just closed it.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4))

    def _config(self) -> DBOSConfig:
        return {
            "name": f"scripttoframe-{self.service}",
            "system_database_url": self._database.url,
            "dbos_system_schema": ENGINE_SCHEMAS[self.service],
            "run_migrations": False,
            "executor_id": self.replica.id,
            "application_version": _APPLICATION_VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "sys_db_pool_size": 6,
            "sys_db_idle_transaction_timeout_sec": IDLE_TRANSACTION_SECONDS,
            # Its own notifications serve nothing here, and it would wake up a hundred times a second for them.
            "notification_coalesce_sec": 0.5,
            "log_level": "WARNING",
        }

    async def start(self, kind: str, task_id: str) -> None:
        """Start the task's workflow; a second start of the same task changes nothing."""
        with SetWorkflowID(task_id):
            await DBOS.start_workflow_async(_task_workflow, self.service, kind, task_id)

    def start_soon(self, kind: str, task_id: str) -> None:
        """Start it without keeping the reader waiting; what fails here is started by the dispatcher."""
        starting = asyncio.create_task(self.start(kind, task_id), name=f"start:{task_id}")
        self._starting.add(starting)
        starting.add_done_callback(self._started)

    def _started(self, starting: asyncio.Task[None]) -> None:
        self._starting.discard(starting)
        if not starting.cancelled() and (error := starting.exception()):
            logger.warning("task.not_started", extra={"reason": type(error).__name__})

    async def run(self, kind: str, task_id: str) -> None:
        """Work on a task until it has its ending. Who is superseded looks on, and takes over when the other is dead."""
        superseded = await self._live(kind, task_id)
        while superseded:
            await asyncio.sleep(_LOOK_ON_SECONDS)
            superseded = await through_outages(lambda: self.tasks.held(task_id)) or await self._live(kind, task_id)

    async def _live(self, kind: str, task_id: str) -> bool:
        """Until its runner returns, or its log is closed by somebody else; whether another took the task over."""
        writer = f"{self.replica.id} {uuid4().hex}"
        async with self._taking:
            await self.replica.surely_alive()
            task = await through_outages(lambda: self.tasks.take(task_id, writer))
        if task is None:
            return False
        work = Work(task, writer, self.log, self.steps)
        with self.log.following.watching(task_id, task.last_event_id) as closed:
            runner = asyncio.create_task(self._guarded(kind, work), name=f"task:{task_id}")
            self._alive.add(runner)
            watcher = asyncio.create_task(closed.wait())
            try:
                await asyncio.wait({runner, watcher}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _stopped(runner, watcher)
                self._alive.discard(runner)
        if self.draining:
            # Unfinished: the workflow must stay pending for the replica that takes over.
            raise asyncio.CancelledError
        return not runner.cancelled() and runner.result()

    async def _guarded(self, kind: str, work: Work) -> bool:
        """Run it; whether another took the task over."""
        runner = self._runners[kind]
        try:
            await through_outages(lambda: self._attempt(runner, work))
        except Superseded:
            logger.info("task.superseded", extra={"task_id": work.task.id})
            return True
        except LogClosed:
            logger.info("task.closed_by_another", extra={"task_id": work.task.id})
        return False

    async def _attempt(self, runner: Runner, work: Work) -> None:
        try:
            await runner.run(work)
        except (LogClosed, *UNREACHABLE):
            raise
        except ScriptToFrameError as error:
            logger.warning("task.failed", extra={"task_id": work.task.id, "error": error.message})
            await runner.fail(work, error)
        except Exception:
            logger.exception("task.broke", extra={"task_id": work.task.id})
            await runner.fail(work, ScriptToFrameError())

    async def orphaned(self) -> list[str]:
        schema = ENGINE_SCHEMAS[self.service]
        statement = text(
            f"SELECT DISTINCT executor_id FROM {schema}.workflow_status w WHERE status = 'PENDING' "
            "AND NOT EXISTS (SELECT FROM replica r WHERE r.id = w.executor_id)"
        )
        async with self._database.engine.connect() as connection:
            return list(await connection.scalars(statement))

    async def take_over(self, dead: list[str]) -> list[str]:
        # The public pair list_workflows + resume_workflow would undo a cancel in between; this call is atomic per row.
        await asyncio.to_thread(DBOS._recover_pending_workflows, dead)
        return [replica for replica in dead if not await self._holds_work(replica)]

    async def _holds_work(self, replica: str) -> bool:
        pending = await DBOS.list_workflows_async(
            status="PENDING", executor_id=replica, limit=1, load_input=False, load_output=False
        )
        return bool(pending)

    async def _dispatch_forever(self) -> None:
        """Start accepted tasks whose process died before it could start them."""
        while True:
            await asyncio.sleep(_UNDISPATCHED_SECONDS)
            with suppress(*UNREACHABLE):
                for task_id, kind in await self.tasks.undispatched(tuple(self._runners), _UNDISPATCHED_SECONDS):
                    logger.info("task.redispatched", extra={"task_id": task_id})
                    await self.start(kind, task_id)

    async def _drain(self) -> None:
        """Take no new paid call, let the running ones be recorded, stop the rest where it stands."""
        await self.steps.drained(_DRAIN_SECONDS)
        self.draining = True
        await _stopped(*self._alive)


def _quieten() -> None:
    """DBOS writes its own lines to standard error, also a warning for every workflow that a drain hands on."""
    engine_logger = logging.getLogger("dbos")
    engine_logger.handlers.clear()
    engine_logger.propagate = True
    engine_logger.setLevel(logging.ERROR)


async def _stopped(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
