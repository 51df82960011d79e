"""What every service is built on, opened and closed in the right order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.database import Database, opened
from shared.durable import Engine
from shared.eventlog import EventLog
from shared.leaving import Departure
from shared.notices import Notices
from shared.readers import Readers
from shared.replicas import Pulse
from shared.settings import SharedSettings
from shared.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Core:
    """The database and what lives on it."""

    database: Database
    notices: Notices
    log: EventLog
    engine: Engine
    tasks: Tasks
    readers: Readers
    departure: Departure


@asynccontextmanager
async def core_of(service: str, settings: SharedSettings, departure: Departure) -> AsyncIterator[Core]:
    """Everything but the engine's workflows, which run inside `core.engine.running()` once their kinds are known."""
    async with opened(settings.database_url, settings.data_dir) as database:
        notices = Notices(database.url)
        log = EventLog(database.engine, notices)
        pulse = Pulse(settings.heartbeat_seconds, settings.replica_dead_seconds)
        engine = Engine(service, database, log, pulse)
        readers = Readers(database.engine, notices, engine.replica.id)
        departure.then(log.following.farewell)
        departure.then(readers.farewell)
        async with log.running():
            yield Core(database, notices, log, engine, engine.tasks, readers, departure)
            await readers.settled()
