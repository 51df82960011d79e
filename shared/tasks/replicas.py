"""Which processes live: a row per boot, heartbeats, and the forgetting of those that fell silent."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.concurrency import forever
from shared.database.engine import UNREACHABLE, Database, pooled, through_outages
from shared.telemetry.output import flush_all

logger = logging.getLogger(__name__)

FORGOTTEN = 70

_JOIN = text("INSERT INTO replica (id, service, beat) VALUES (:id, :service, clock_timestamp()) ON CONFLICT DO NOTHING")
_BEAT = text("UPDATE replica SET beat = clock_timestamp() WHERE id = :id RETURNING extract(epoch FROM beat)")
# A replica never judges itself: when a machine wakes up or its clock is set, the only replica of a service lives on.
_EXPIRE = text(
    "DELETE FROM replica WHERE service = :service AND id <> :id "
    "AND beat < clock_timestamp() - make_interval(secs => :dead) RETURNING id"
)
_LEAVE = text("DELETE FROM replica WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Seconds between heartbeats, and of silence after which the others forget a replica."""

    interval: float
    dead: float


class Replica:
    """This process among its service's replicas."""

    def __init__(self, database: Database, service: str, heartbeat: Heartbeat) -> None:
        self.id = f"{service}:{socket.gethostname()}:{uuid4().hex[:12]}"
        self._database = database
        self._service = service
        self.heartbeat = heartbeat
        self._last_beat = time.monotonic()
        self._last_database_time: float | None = None
        self._judge_from = self._last_beat
        self._beaten = asyncio.Event()

    async def join(self) -> None:
        await through_outages(lambda: _execute(self._database.engine, _JOIN, id=self.id, service=self._service))

    async def leave(self) -> None:
        """Others may claim this replica's tasks from now on."""
        with suppress(*UNREACHABLE):
            await _execute(self._database.engine, _LEAVE, id=self.id)

    async def surely_alive(self) -> None:
        """Return when a recent heartbeat proves that nobody may claim this replica's tasks; at once as a rule."""
        while self._silent_for() > self.heartbeat.dead / 2:
            self._beaten.clear()
            await self._beaten.wait()

    def _silent_for(self) -> float:
        return time.monotonic() - self._last_beat

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        # A connection of their own, so that a busy pool cannot delay heartbeats.
        own = pooled(self._database.url, pool_size=1)
        try:
            async with forever(self._beat_forever(own), "heartbeat"):
                yield
        finally:
            await own.dispose()

    async def _beat_forever(self, engine: AsyncEngine) -> None:
        while True:
            await asyncio.sleep(self.heartbeat.interval)
            try:
                await self._beat(engine)
            except (*UNREACHABLE, DBAPIError) as error:
                logger.warning("heartbeat.missed", extra={"reason": type(error).__name__})

    async def _beat(self, engine: AsyncEngine) -> None:
        now = time.monotonic()
        beats = await _execute(engine, _BEAT, id=self.id)
        if not beats:
            # The others may have claimed this replica's tasks: stop before doing harm.
            logger.error("replica.forgotten", extra={"replica": self.id})
            flush_all()
            os._exit(FORGOTTEN)
        database_time = float(beats[0])
        if self._was_away(now, database_time):
            self._judge_from = now + self.heartbeat.dead
        self._last_beat, self._last_database_time = now, database_time
        self._beaten.set()

    def _was_away(self, now: float, database_time: float) -> bool:
        """Whether this process or the database stood still, or the database's clock jumped, since the last heartbeat.

        Everybody's heartbeats look old then, so that the others need time to beat before they are judged.
        """
        passed = now - self._last_beat
        if passed > self.heartbeat.dead / 2:
            return True
        if self._last_database_time is None:
            return False
        return abs(database_time - self._last_database_time - passed) > self.heartbeat.dead / 4

    async def expire_silent(self) -> list[str]:
        """Forget the replicas that fell silent, so that their tasks can be claimed; their ids."""
        if time.monotonic() < self._judge_from or self._silent_for() > self.heartbeat.dead / 2:
            return []
        values = {"service": self._service, "id": self.id, "dead": self.heartbeat.dead}
        return await _execute(self._database.engine, _EXPIRE, **values)


async def _execute(engine: AsyncEngine, statement: Any, **values: Any) -> list[Any]:
    """The first column of what a single statement returns, committed with it."""
    async with engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        rows = await autocommit.execute(statement, values)
        return list(rows.scalars()) if rows.returns_rows else []
