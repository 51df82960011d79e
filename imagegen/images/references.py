"""Which task refers to which stored picture: files are named after their content, so that tasks may share one.

A reference is written before its file, and a file is removed only under a lock that forbids new references: no task
ever refers to a file that a sweep has taken away.
"""

import hashlib

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from imagegen.images.store import ImageStore
from imagegen.images.validation import StoredImage
from shared.database.engine import MAY_IDLE_LONG, through_outages

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_REFER = text("INSERT INTO picture (key, task_id) VALUES (:key, :task_id) ON CONFLICT DO NOTHING")
_OF_TASKS = text("SELECT DISTINCT key FROM picture WHERE task_id = ANY(CAST(:ids AS text[]))")
_OF_OTHERS = text("SELECT EXISTS (SELECT FROM picture WHERE key = :key AND task_id <> ALL(CAST(:ids AS text[])))")
_DROP = text("DELETE FROM picture WHERE key = :key AND task_id = ANY(CAST(:ids AS text[]))")


class StoredImageRefs:
    """Keeps and removes pictures on behalf of tasks."""

    def __init__(self, engine: AsyncEngine, store: ImageStore) -> None:
        self._engine = engine
        self._store = store

    async def keep(self, task_id: str, data: bytes, image: StoredImage) -> None:
        """Store the image for the task; a second time changes nothing. Raises OSError."""
        await through_outages(lambda: self._refer(image.key, task_id))
        await self._store.put(image.key, data)

    async def _refer(self, key: str, task_id: str) -> None:
        async with self._engine.begin() as connection:
            await _lock(connection, key)
            await connection.execute(_REFER, {"key": key, "task_id": task_id})

    async def forget(self, task_ids: list[str]) -> None:
        """Remove the pictures that only these tasks refer to; what is left when it is stopped, the next time finds."""
        async with self._engine.connect() as connection:
            keys = list(await connection.scalars(_OF_TASKS, {"ids": task_ids}))
        for key in keys:
            async with self._engine.begin() as connection:
                await connection.execute(MAY_IDLE_LONG)
                await _lock(connection, key)
                values = {"key": key, "ids": task_ids}
                if not (await connection.execute(_OF_OTHERS, values)).scalar_one():
                    await self._store.delete(key)
                await connection.execute(_DROP, values)


async def _lock(connection: AsyncConnection, key: str) -> None:
    lock = int.from_bytes(hashlib.sha256(b"picture\0" + key.encode()).digest()[:7])
    await connection.execute(_LOCK, {"lock": lock})
