"""What every service is built on, opened and closed in the right order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.database.engine import Database, opened
from shared.database.notify import Notices
from shared.settings import SharedSettings
from shared.shutdown import Shutdown
from shared.tasks.accept import Room, TaskRegistry
from shared.tasks.engine import Engine
from shared.tasks.log import EventLog
from shared.tasks.presence import Readers
from shared.tasks.replicas import Pulse
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


@asynccontextmanager
async def core_of(service: str, settings: SharedSettings, shutdown: Shutdown) -> AsyncIterator[Core]:
    """Everything but the engine's workflows, which run inside `core.engine.running()` once their kinds are known."""
    async with opened(settings.database_url, settings.data_dir) as database:
        notices = Notices(database.url)
        log = EventLog(database.engine, notices)
        pulse = Pulse(settings.heartbeat_seconds, settings.replica_dead_seconds)
        engine = Engine(service, database, log, pulse)
        readers = Readers(database.engine, notices, engine.replica.id)
        registry = TaskRegistry(database.engine, Room(settings.max_open_tasks, settings.max_open_tasks_per_key))
        shutdown.on_begin(log.following.close_readers)
        shutdown.on_begin(readers.close_readers)
        async with log.running():
            yield Core(database, notices, log, engine, engine.tasks, registry, readers, shutdown)
            await readers.settled()
