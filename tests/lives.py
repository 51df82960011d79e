"""Fixtures: an embedded PostgreSQL, and processes of ours that live on it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.embedded import let_go, start_embedded
from shared.database.engine import Database, migrate, pooled
from shared.database.notify import Notices
from shared.shutdown import Shutdown
from shared.tasks.accept import Room, TaskRegistry
from shared.tasks.log import EventLog
from shared.tasks.model import ANALYSIS, NewTask, Task
from shared.tasks.store import Tasks, insert


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = start_embedded(tmp_path_factory.mktemp("shared"))
    migrate(server.url)
    yield server.url
    let_go(server)


class Idle:
    """Works on nothing: what is accepted stays as it is."""

    def new_writer(self) -> str:
        return "nobody 1"

    def start(self, task: Task, writer: str) -> None:
        assert (task.status, writer) == ("queued", "nobody 1")


@dataclass(frozen=True, slots=True)
class Life:
    """What one process of ours holds."""

    database: Database
    notices: Notices
    log: EventLog
    tasks: Tasks
    shutdown: Shutdown

    @property
    def engine(self) -> AsyncEngine:
        return self.database.engine

    @property
    def registry(self) -> TaskRegistry:
        return TaskRegistry(self.engine, Room(), Idle())

    async def task(self) -> str:
        """A new task's id."""
        task_id = str(uuid4())
        await self.register(NewTask(task_id, ANALYSIS, {"a": 1}))
        return task_id

    async def register(self, task: NewTask) -> None:
        """A task on which nobody works yet."""
        async with self.engine.begin() as connection:
            await insert(connection, task, None)

    async def write_as(self, task_id: str, writer: str) -> None:
        """The task is worked on by another writer from now on."""
        async with self.engine.begin() as connection:
            values = {"id": task_id, "writer": writer}
            await connection.execute(text("UPDATE task SET writer = :writer WHERE id = :id"), values)

    async def cut_connections(self) -> None:
        """What happens when the database server restarts."""
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query <> ''"
        async with self.engine.connect() as connection:
            await connection.execute(text(cut))


@pytest.fixture
def living(database_url: str) -> Callable[[], AbstractAsyncContextManager[Life]]:
    """Start a process."""

    @asynccontextmanager
    async def live() -> AsyncIterator[Life]:
        engine = pooled(database_url)
        notices = Notices(database_url)
        shutdown = Shutdown()
        log = EventLog(engine, notices, shutdown)
        try:
            async with log.running(), notices.listening():
                yield Life(Database(database_url, engine), notices, log, Tasks(engine), shutdown)
        finally:
            await engine.dispose()

    return live


@pytest.fixture
async def life(living: Callable[[], AbstractAsyncContextManager[Life]]) -> AsyncIterator[Life]:
    async with living() as one:
        yield one


@pytest.fixture
async def other(living: Callable[[], AbstractAsyncContextManager[Life]]) -> AsyncIterator[Life]:
    """A second process on the same database."""
    async with living() as one:
        yield one
