"""Who reads a task, over all replicas: some work goes on only as long as somebody does (contract §2.4)."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.engine import UNREACHABLE, through_outages
from shared.database.notify import Notices, notify
from shared.shutdown import Shutdown

CHANNEL = "reader"
GRACE_SECONDS = 3.0

# Presence is lost with the process anyway: nobody needs to wait for the disk.
_NOT_DURABLE = text("SET LOCAL synchronous_commit = off")

logger = logging.getLogger(__name__)


class Readers:
    """`joined` is held by a reader; `present` and `all_left` are asked by the work."""

    def __init__(self, engine: AsyncEngine, notices: Notices, replica_id: str, shutdown: Shutdown) -> None:
        self._engine = engine
        self._replica_id = replica_id
        self.shutdown = shutdown
        self._here: set[str] = set()
        self._changed: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._partings: set[asyncio.Task[None]] = set()
        notices.on(CHANNEL, self._heard)

    def _heard(self, task_ids: list[str]) -> None:
        for task_id in task_ids or list(self._changed):
            for changed in self._changed.get(task_id, ()):
                changed.set()

    @asynccontextmanager
    async def joined(self, task_id: str) -> AsyncIterator[None]:
        """Count as a reader of the task. Leaving never waits, because it happens while being cancelled."""
        reader_id = uuid4().hex
        self._here.add(reader_id)
        try:
            await self._join(reader_id, task_id)
            yield
        finally:
            self._here.discard(reader_id)
            # When this process stops, its readers part all at once, in `settled`.
            if not self.shutdown.begun:
                parting = asyncio.create_task(self._part(reader_id, task_id))
                self._partings.add(parting)
                parting.add_done_callback(self._partings.discard)

    async def reconcile(self) -> None:
        """Let those part whose parting was lost: with the database away, or while they were joining."""
        gone = text(
            "DELETE FROM reader WHERE replica_id = :replica AND id <> ALL(CAST(:here AS text[])) RETURNING task_id"
        )
        await self._remove(gone, {"replica": self._replica_id, "here": list(self._here)})

    async def settled(self) -> None:
        """Wait for the partings under way, and let everybody part who is still here when this process stops."""
        await asyncio.gather(*self._partings, return_exceptions=True)
        gone = text("DELETE FROM reader WHERE replica_id = :replica RETURNING task_id")
        with suppress(*UNREACHABLE):
            await self._remove(gone, {"replica": self._replica_id})

    async def _remove(self, statement: TextClause, values: dict[str, Any]) -> None:
        async with self._engine.begin() as connection:
            task_ids = sorted({row.task_id for row in await connection.execute(statement, values)})
            if task_ids:
                await notify(connection, CHANNEL, task_ids)

    async def _join(self, reader_id: str, task_id: str) -> None:
        statement = text("INSERT INTO reader (id, task_id, replica_id) VALUES (:id, :task_id, :replica_id)")
        async with self._engine.begin() as connection:
            await connection.execute(_NOT_DURABLE)
            values = {"id": reader_id, "task_id": task_id, "replica_id": self._replica_id}
            await connection.execute(statement, values)
            await notify(connection, CHANNEL, [task_id])

    async def _part(self, reader_id: str, task_id: str) -> None:
        with suppress(*UNREACHABLE):
            async with self._engine.begin() as connection:
                await connection.execute(_NOT_DURABLE)
                await connection.execute(text("DELETE FROM reader WHERE id = :id"), {"id": reader_id})
                await notify(connection, CHANNEL, [task_id])

    async def present(self, task_id: str) -> bool:
        statement = text("SELECT EXISTS (SELECT FROM reader WHERE task_id = :task_id)")
        async with self._engine.connect() as connection:
            return bool((await connection.execute(statement, {"task_id": task_id})).scalar_one())

    async def read(self, task_ids: list[str]) -> set[str]:
        """Those of the tasks that somebody reads."""
        statement = text("SELECT DISTINCT task_id FROM reader WHERE task_id = ANY(CAST(:ids AS text[]))")
        async with self._engine.connect() as connection:
            return set(await connection.scalars(statement, {"ids": task_ids}))

    async def somebody(self, task_id: str) -> None:
        """Wait until the task has a reader."""
        await self._until(task_id, wanted=True)

    async def all_left(self, task_id: str, grace: float = GRACE_SECONDS) -> None:
        """Wait until the task has had no reader for `grace` seconds: a cut connection comes back."""
        while True:
            await self._until(task_id, wanted=False)
            with suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._until(task_id, wanted=True)
                    continue
            return

    async def _until(self, task_id: str, *, wanted: bool) -> None:
        changed = asyncio.Event()
        self._changed[task_id].add(changed)
        try:
            while await through_outages(lambda: self.present(task_id)) is not wanted:
                await changed.wait()
                changed.clear()
        finally:
            self._changed[task_id].discard(changed)
            if not self._changed[task_id]:
                del self._changed[task_id]
