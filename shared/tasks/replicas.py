"""Which processes live: a row per boot, heartbeats, and the judgement over those that went silent."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.concurrency import alongside
from shared.database.engine import MAY_IDLE_LONG, UNREACHABLE, Database, pooled, through_outages

logger = logging.getLogger(__name__)

DECLARED_DEAD = 70


class Estate(Protocol):
    """The work that replicas hold."""

    async def orphaned(self) -> list[str]:
        """Ids that hold work and stand for no replica: one that was frozen may claim work after it was forgotten."""

    async def take_over(self, dead: list[str]) -> list[str]:
        """Hand their work on; those that hold nothing any more."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Seconds between heartbeats, and of silence after which a replica counts as dead."""

    beat: float
    dead: float


class Replica:
    """This process among its service's replicas."""

    def __init__(self, database: Database, service: str, pulse: Pulse) -> None:
        self.id = f"{service}:{socket.gethostname()}:{uuid4().hex[:12]}"
        self._database = database
        self._service = service
        self._pulse = pulse
        self._last_beat = time.monotonic()
        self._judge_from = self._last_beat
        self._heard = asyncio.Event()

    async def join(self) -> None:
        statement = "INSERT INTO replica (id, service, beat) VALUES (:id, :service, clock_timestamp())"
        values = {"id": self.id, "service": self._service}
        await through_outages(lambda: _execute(self._database.engine, statement, values))

    async def surely_alive(self) -> None:
        """Return when a recent heartbeat proves that nobody has taken this replica's work over; at once as a rule."""
        while self._silent_for() > self._pulse.dead / 2:
            self._heard.clear()
            await self._heard.wait()

    def _silent_for(self) -> float:
        return time.monotonic() - self._last_beat

    async def leave(self) -> None:
        """Say good-bye: the next beat of any other replica finds this one dead."""
        with suppress(*UNREACHABLE):
            await _execute(self._database.engine, "UPDATE replica SET beat = 'epoch' WHERE id = :id", {"id": self.id})

    @asynccontextmanager
    async def beating(self, estate: Estate) -> AsyncIterator[None]:
        # Heartbeats have a connection of their own: they must not queue behind the work, be there ever so much of it.
        own = pooled(self._database.url, pool_size=1)
        try:
            beats = self._again_and_again("heartbeat.missed", lambda: self._beat(own))
            judgements = self._again_and_again("judgement.missed", lambda: self._judge(estate))
            async with alongside(beats, "heartbeat"), alongside(judgements, "judgement"):
                yield
        finally:
            await own.dispose()

    async def _again_and_again(self, missed: str, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._pulse.beat)
            try:
                await act()
            except (*UNREACHABLE, DBAPIError) as error:
                logger.warning(missed, extra={"reason": type(error).__name__})

    async def _beat(self, engine: AsyncEngine) -> None:
        now = time.monotonic()
        alive = await _execute(engine, "UPDATE replica SET beat = clock_timestamp() WHERE id = :id", {"id": self.id})
        if not alive:
            # The others have taken this replica's work over: stop before doing harm.
            logger.error("replica.declared_dead", extra={"replica": self.id})
            os._exit(DECLARED_DEAD)
        if now - self._last_beat > self._pulse.dead / 2:
            # The database or this process was away: give the others time to beat before judging them.
            self._judge_from = now + self._pulse.dead
        self._last_beat = now
        self._heard.set()

    async def _judge(self, estate: Estate) -> None:
        if time.monotonic() < self._judge_from or self._silent_for() > self._pulse.dead / 2:
            return
        dead = text(
            "SELECT id FROM replica WHERE service = :service "
            "AND beat < clock_timestamp() - make_interval(secs => :dead) FOR UPDATE SKIP LOCKED"
        )
        async with self._database.engine.begin() as connection:
            rows = await connection.execute(dead, {"service": self._service, "dead": self._pulse.dead})
            if ids := [row.id for row in rows] + await estate.orphaned():
                await connection.execute(MAY_IDLE_LONG)
                empty = await estate.take_over(ids)
                logger.info("replica.taken_over", extra={"dead": ids, "forgotten": empty})
                forget = text("DELETE FROM replica WHERE id = ANY(CAST(:ids AS text[]))")
                await connection.execute(forget, {"ids": empty})


async def _execute(engine: AsyncEngine, statement: str, values: dict[str, str]) -> int:
    async with engine.begin() as connection:
        return (await connection.execute(text(statement), values)).rowcount
