"""What every service is built on, opened and closed in the right order."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.database.engine import Database, opened
from shared.database.notify import Notices
from shared.errors import ScriptToFrameError
from shared.settings import SharedSettings
from shared.shutdown import Shutdown
from shared.tasks.accept import Room, TaskRegistry
from shared.tasks.engine import Engine, TaskKind
from shared.tasks.log import EventLog
from shared.tasks.presence import Readers
from shared.tasks.replicas import Heartbeat, Replica
from shared.tasks.store import Tasks


@dataclass(frozen=True, slots=True)
class Core:
    """The database and what lives on it."""

    database: Database
    notices: Notices
    log: EventLog
    engine: Engine
    tasks: Tasks
    registry: TaskRegistry
    readers: Readers
    shutdown: Shutdown
    # Why this process is not ready to take work, beside the database and its own stopping.
    obstacles: list[Callable[[], ScriptToFrameError | None]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self, kinds: Iterable[TaskKind]) -> AsyncIterator[None]:
        """Hear of other replicas, and work on tasks of these kinds."""
        async with self.notices.listening(), self.engine.running(kinds):
            yield


@asynccontextmanager
async def core_of(
    service: str, settings: SharedSettings, shutdown: Shutdown, *, claim_order: str = ""
) -> AsyncIterator[Core]:
    """Everything but the work itself, which goes on inside `core.running()` once its kinds are known."""
    password = settings.pgpassword.get_secret_value()
    async with opened(settings.database_url, settings.data_dir, password=password) as database:
        notices = Notices(database.url)
        log = EventLog(database.engine, notices, shutdown)
        heartbeat = Heartbeat(settings.heartbeat_seconds, settings.replica_dead_seconds)
        replica = Replica(database, service, heartbeat)
        readers = Readers(database.engine, notices, replica.id, shutdown)
        engine = Engine(database, log, replica, readers, claim_order)
        room = Room(settings.max_open_tasks, settings.max_open_tasks_per_key)
        registry = TaskRegistry(database.engine, room, engine)
        async with log.running():
            yield Core(database, notices, log, engine, engine.tasks, registry, readers, shutdown)
