"""Accepts tasks: within the bounds on unfinished work, and once per Idempotency-Key, endpoint and owner."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.errors import IdempotencyKeyReused, InvalidParameter, TooManyRequests
from shared.tasks.model import NewTask, Task
from shared.tasks.store import insert
from shared.wire import dumps_sorted

logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
LONGEST = 255
# A key that no client chose: it is there for repeating an order over a restart, and remembered no longer than its task.
OWN_KEY = "own-key-"
_FULL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Room:
    """How many tasks of one kind may be unfinished, over all replicas; 0: any number."""

    all: int = 0
    per_owner: int = 0


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key as it was sent to one endpoint, with the fingerprint of the request's body and query."""

    endpoint: str
    key: str
    fingerprint: str


def fingerprint(body: Any, query: dict[str, str]) -> str:
    """Equal for equal parsed JSON and query, whatever the order of keys."""
    return hashlib.sha256(dumps_sorted([body, sorted(query.items())])).hexdigest()


def checked(key: str) -> str:
    """The key itself; 422 when it is empty or too long."""
    if not 0 < len(key) <= LONGEST or "\x00" in key:
        raise InvalidParameter(f"请求参数无效: {HEADER}: 长度必须为1到{LONGEST}个字符")
    return key


@dataclass(frozen=True, slots=True)
class Accepted:
    """The task that a request leads to; `created` is False when the key was known."""

    task_id: str
    created: bool


_KNOWN = text(
    "SELECT task_id, fingerprint FROM idempotency WHERE endpoint = :endpoint AND owner = :owner AND key = :key"
)
_REMEMBER = text(
    "INSERT INTO idempotency (endpoint, owner, key, fingerprint, task_id) "
    "VALUES (:endpoint, :owner, :key, :fingerprint, :task_id)"
)
_OPEN = text(
    "SELECT (SELECT count(*) FROM (SELECT FROM task WHERE kind = :kind AND NOT closed LIMIT :most) every) AS every, "
    "(SELECT count(*) FROM (SELECT FROM task WHERE kind = :kind AND owner = :owner AND NOT closed LIMIT :own) one) "
    "AS own"
)


class Starter(Protocol):
    """Who works on tasks: the engine."""

    def new_writer(self) -> str:
        """A name for one life of a task."""

    def start(self, task: Task, writer: str) -> None:
        """Work on a task whose row names this writer."""


class TaskRegistry:
    """Where requests become tasks."""

    def __init__(self, engine: AsyncEngine, room: Room, starter: Starter) -> None:
        self._engine = engine
        self._room = room
        self._starter = starter

    async def accept(self, task: NewTask, key: IdempotencyKey | None) -> Accepted:
        """Store the task and start it, or find the one that the key stands for.

        Raises IdempotencyKeyReused for another body, TooManyRequests when too much is unfinished.
        """
        async with self._engine.begin() as connection:
            if key is not None:
                # Serialises requests with the same key; released at commit.
                lock = int.from_bytes(hashlib.sha256(f"{key.endpoint}\0{task.owner}\0{key.key}".encode()).digest()[:7])
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
                if known := await _known(connection, task.owner, key):
                    return Accepted(known, created=False)
            await self._find_room(connection, task)
            writer = self._starter.new_writer()
            stored = await insert(connection, task, writer)
            if key is not None:
                values = {"endpoint": key.endpoint, "owner": task.owner, "key": key.key}
                await connection.execute(_REMEMBER, values | {"fingerprint": key.fingerprint, "task_id": task.id})
        logger.info("task.accepted", extra={"task_id": task.id, "kind": task.kind, "demo": task.demo})
        self._starter.start(stored, writer)
        return Accepted(task.id, created=True)

    async def _find_room(self, connection: AsyncConnection, task: NewTask) -> None:
        room = self._room
        if not (room.all or room.per_owner):
            return
        values = {"kind": task.kind, "owner": task.owner, "most": room.all, "own": room.per_owner}
        row = (await connection.execute(_OPEN, values)).one()
        if (room.all and row.every >= room.all) or (room.per_owner and row.own >= room.per_owner):
            raise TooManyRequests("未完成的任务过多，请稍后重试").retry_after(_FULL_SECONDS)

    async def lookup(self, owner: str, key: IdempotencyKey) -> str | None:
        """The task that the key stands for, without accepting anything. Raises IdempotencyKeyReused."""
        async with self._engine.connect() as connection:
            return await _known(connection, owner, key)

    async def free_key(self, task_id: str) -> None:
        """The request was stopped before any work: its key may be used anew."""
        async with self._engine.begin() as connection:
            await connection.execute(text("DELETE FROM idempotency WHERE task_id = :id"), {"id": task_id})


async def _known(connection: AsyncConnection, owner: str, key: IdempotencyKey) -> str | None:
    values = {"endpoint": key.endpoint, "owner": owner, "key": key.key}
    row = (await connection.execute(_KNOWN, values)).one_or_none()
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused
    return str(row.task_id)
