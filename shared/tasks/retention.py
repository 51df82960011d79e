"""The sweep: finished tasks are kept for RETENTION_DAYS, then removed with all that belongs to them.

Never removed: an unfinished task, one whose parent is kept, and one whose Idempotency-Key must still be remembered.
One replica at a time sweeps; whatever a crash leaves behind, the next sweep finds again, because the task's row goes
last.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.concurrency import forever
from shared.database.engine import UNREACHABLE
from shared.tasks.accept import OWN_KEY

logger = logging.getLogger(__name__)

_PAGE = 200
_KEYS_REMEMBERED_SECONDS = 24 * 3600.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 3600.0
_DAY = 24 * 3600.0

_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('retention ' || :service, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended('retention ' || :service, 0))")
_EXPIRED = text(
    "SELECT id FROM task t WHERE closed AND kind = ANY(CAST(:kinds AS text[])) "
    "AND updated_at < clock_timestamp() - make_interval(secs => :seconds) "
    "AND NOT EXISTS (SELECT FROM task p WHERE p.id = t.parent) "
    "AND (t.parent IS NOT NULL OR NOT EXISTS (SELECT FROM idempotency i WHERE i.task_id = t.id "
    f"AND NOT starts_with(i.key, '{OWN_KEY}') "
    "AND i.created_at > clock_timestamp() - make_interval(secs => :remembered))) ORDER BY updated_at LIMIT :page"
)
_REMOVE = [
    text(f"DELETE FROM {table} WHERE {column} = ANY(CAST(:ids AS text[]))")
    for table, column in (
        ("event", "task_id"),
        ("step", "task_id"),
        ("slot", "task_id"),
        ("reader", "task_id"),
        ("task", "id"),
    )
]

Forget = Callable[[list[str]], Awaitable[None]]


async def _nothing(_task_ids: list[str]) -> None:
    """Tasks of this service own nothing outside of the database."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a service keeps: kinds of tasks, for how long, and how what lies outside of the database is forgotten."""

    service: str
    kinds: tuple[str, ...]
    days: float
    forget: Forget = _nothing


class Retention:
    """Sweeps every now and then while it runs."""

    def __init__(self, engine: AsyncEngine, kept: Kept) -> None:
        self._engine = engine
        self._kept = kept

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Retention"]:
        async with forever(self._sweep_forever(), "retention"):
            yield self

    async def _sweep_forever(self) -> None:
        pause = min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, self._kept.days * _DAY / 100))
        while True:
            await asyncio.sleep(pause)
            try:
                if removed := await self.sweep():
                    logger.info("retention.swept", extra={"tasks": removed})
            except (*UNREACHABLE, DBAPIError) as error:
                logger.warning("retention.failed", extra={"reason": type(error).__name__})
            except Exception:
                logger.exception("retention.broke")

    async def sweep(self) -> int:
        """How many tasks were removed; 0 also while another replica sweeps."""
        async with self._engine.connect() as connection:
            if not (await connection.execute(_LOCK, {"service": self._kept.service})).scalar_one():
                return 0
            try:
                return await self._swept(connection)
            finally:
                await connection.rollback()
                await connection.execute(_UNLOCK, {"service": self._kept.service})
                await connection.commit()

    async def _swept(self, connection: AsyncConnection) -> int:
        removed = 0
        while ids := await self._expired(connection):
            await self._kept.forget(ids)
            for statement in _REMOVE:
                await connection.execute(statement, {"ids": ids})
            await connection.commit()
            removed += len(ids)
        return removed

    async def _expired(self, connection: AsyncConnection) -> list[str]:
        values = {
            "kinds": list(self._kept.kinds),
            "seconds": self._kept.days * _DAY,
            "remembered": _KEYS_REMEMBERED_SECONDS,
            "page": _PAGE,
        }
        rows = [row.id for row in await connection.execute(_EXPIRED, values)]
        await connection.commit()
        return rows
