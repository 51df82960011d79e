"""Idempotency-Key: the same key and body lead to the same task, per endpoint and owner."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.errors import IdempotencyKeyReused, InvalidParameter
from shared.tasks.store import NewTask, insert
from shared.web.limits import find_room
from shared.wire import dumps

HEADER = "Idempotency-Key"
LONGEST = 255


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key as it was sent to one endpoint, with the fingerprint of the request's body and query."""

    endpoint: str
    key: str
    fingerprint: str


def fingerprint(body: Any, query: dict[str, str]) -> str:
    """Equal for equal parsed JSON and query, whatever the order of keys."""
    return hashlib.sha256(dumps([_sorted(body), sorted(query.items())])).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def checked(key: str) -> str:
    """The key itself; 422 when it is empty or too long."""
    if not 0 < len(key) <= LONGEST or "\x00" in key:
        raise InvalidParameter(f"请求参数无效: {HEADER}: 长度必须为1到{LONGEST}个字符")
    return key


@dataclass(frozen=True, slots=True)
class Registered:
    """The task that a request leads to; `created` is False when the key was known."""

    task_id: str
    created: bool


async def register(engine: AsyncEngine, task: NewTask, key: IdempotencyKey | None) -> Registered:
    """Register the task, or find the one that the key stands for. Raises IdempotencyKeyReused for another body."""
    async with engine.begin() as connection:
        if key is not None:
            # Serialises requests with the same key; released at commit.
            lock = int.from_bytes(hashlib.sha256(f"{key.endpoint}\0{task.owner}\0{key.key}".encode()).digest()[:7])
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
            if known := await _known(connection, task.owner, key):
                return Registered(known, created=False)
        await find_room(connection, task.kind, task.owner)
        await insert(connection, task)
        if key is not None:
            await _remember(connection, task, key)
    return Registered(task.id, created=True)


async def lookup(engine: AsyncEngine, owner: str, key: IdempotencyKey | None) -> str | None:
    """The task that the key stands for, without registering anything."""
    if key is None:
        return None
    async with engine.connect() as connection:
        return await _known(connection, owner, key)


async def _known(connection: AsyncConnection, owner: str, key: IdempotencyKey) -> str | None:
    statement = text(
        "SELECT task_id, fingerprint FROM idempotency WHERE endpoint = :endpoint AND owner = :owner AND key = :key"
    )
    values = {"endpoint": key.endpoint, "owner": owner, "key": key.key}
    row = (await connection.execute(statement, values)).one_or_none()
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused
    return str(row.task_id)


async def _remember(connection: AsyncConnection, task: NewTask, key: IdempotencyKey) -> None:
    statement = text(
        "INSERT INTO idempotency (endpoint, owner, key, fingerprint, task_id) "
        "VALUES (:endpoint, :owner, :key, :fingerprint, :task_id)"
    )
    values = {
        "endpoint": key.endpoint,
        "owner": task.owner,
        "key": key.key,
        "fingerprint": key.fingerprint,
        "task_id": task.id,
    }
    await connection.execute(statement, values)


async def free(engine: AsyncEngine, task_id: str) -> None:
    """The request was stopped before any work: its key may be used anew."""
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM idempotency WHERE task_id = :id"), {"id": task_id})
