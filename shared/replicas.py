"""Which processes live: a row per boot, heartbeats, and the judgement over those that went silent."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import UNREACHABLE, through_outages
from shared.gathering import alongside

logger = logging.getLogger(__name__)

DECLARED_DEAD = 70


@dataclass(frozen=True, slots=True)
class Pulse:
    """Seconds between heartbeats, and of silence after which a replica counts as dead."""

    beat: float
    dead: float


class Replica:
    """This process among its service's replicas.

    `take_over(ids)` hands the work of dead replicas on; it returns those that hold nothing any more.
    """

    def __init__(self, engine: AsyncEngine, service: str, pulse: Pulse) -> None:
        self.id = f"{service}:{socket.gethostname()}:{uuid4().hex[:12]}"
        self._engine = engine
        self._service = service
        self._pulse = pulse
        self._last_beat = time.monotonic()
        self._judge_from = self._last_beat

    async def join(self) -> None:
        statement = "INSERT INTO replica (id, service, beat) VALUES (:id, :service, clock_timestamp())"
        await through_outages(lambda: self._execute(statement, {"id": self.id, "service": self._service}))

    async def leave(self) -> None:
        """Say good-bye: the next beat of any other replica finds this one dead."""
        with suppress(*UNREACHABLE):
            await self._execute("UPDATE replica SET beat = 'epoch' WHERE id = :id", {"id": self.id})

    @asynccontextmanager
    async def beating(self, take_over: Callable[[list[str]], Awaitable[list[str]]]) -> AsyncIterator[None]:
        async with alongside(self._beat_forever(take_over), "heartbeat"):
            yield

    async def _beat_forever(self, take_over: Callable[[list[str]], Awaitable[list[str]]]) -> None:
        while True:
            await asyncio.sleep(self._pulse.beat)
            try:
                await self._beat()
                if time.monotonic() >= self._judge_from:
                    await self._judge(take_over)
            except (*UNREACHABLE, DBAPIError) as error:
                logger.warning("heartbeat.missed", extra={"reason": type(error).__name__})

    async def _beat(self) -> None:
        alive = await self._execute("UPDATE replica SET beat = clock_timestamp() WHERE id = :id", {"id": self.id})
        now = time.monotonic()
        if not alive:
            # The others have taken this replica's work over: stop before doing harm.
            logger.error("replica.declared_dead", extra={"replica": self.id})
            os._exit(DECLARED_DEAD)
        if now - self._last_beat > self._pulse.dead / 2:
            # The database or this process was away: give the others time to beat before judging them.
            self._judge_from = now + self._pulse.dead
        self._last_beat = now

    async def _judge(self, take_over: Callable[[list[str]], Awaitable[list[str]]]) -> None:
        dead = text(
            "SELECT id FROM replica WHERE service = :service "
            "AND beat < clock_timestamp() - make_interval(secs => :dead) FOR UPDATE SKIP LOCKED"
        )
        async with self._engine.begin() as connection:
            rows = await connection.execute(dead, {"service": self._service, "dead": self._pulse.dead})
            if ids := [row.id for row in rows]:
                empty = await take_over(ids)
                logger.info("replica.taken_over", extra={"dead": ids, "forgotten": empty})
                forget = text("DELETE FROM replica WHERE id = ANY(CAST(:ids AS text[]))")
                await connection.execute(forget, {"ids": empty})

    async def _execute(self, statement: str, values: dict[str, str]) -> int:
        async with self._engine.begin() as connection:
            return (await connection.execute(text(statement), values)).rowcount
