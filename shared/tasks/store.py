"""Tasks: one accepted piece of work each. The row is the head of its log; see shared/tasks/log.py."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.tasks.model import Status
from shared.wire import dump_text

SCRIPT = "script_generation"
RUNNINGHUB = "runninghub_processing"
ANALYSIS = "intelligent_analysis"
BATCH = "batch_images"
IMAGE = "image"

_COLUMNS = (
    "id, kind, owner, status, demo, request, result, message, error, error_code, current, total, "
    "cancel_requested, vendor_task_id, last_event_id, closed, created_at, updated_at"
)


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is known of a task when it is accepted. It is kept at least as long as its `parent`."""

    id: str
    kind: str
    request: dict[str, Any]
    owner: str = ""
    demo: bool = False
    total: int | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands."""

    id: str
    kind: str
    owner: str
    status: Status
    demo: bool
    request: dict[str, Any]
    result: Any
    message: str | None
    error: str | None
    error_code: str | None
    current: int | None
    total: int | None
    cancel_requested: bool
    vendor_task_id: str | None
    last_event_id: int
    closed: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks to list. `before` is (created_at, id) of the last task of the page before."""

    kinds: tuple[str, ...]
    owner: str | None = None
    status: str | None = None
    limit: int = 20
    before: tuple[datetime, str] | None = None


def _task(row: Row[Any]) -> Task:
    values = row._asdict()
    values["status"] = Status(values["status"])
    values["request"] = json.loads(values["request"])
    values["result"] = None if values["result"] is None else json.loads(values["result"])
    return Task(**values)


class Tasks:
    """The task table."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def register(self, task: NewTask) -> None:
        async with self._engine.begin() as connection:
            await insert(connection, task)

    async def find(self, task_id: str, owner: str | None = None) -> Task | None:
        """The task, if it exists and belongs to the owner; no owner asked means any."""
        if "\x00" in task_id:
            return None
        async with self._engine.connect() as connection:
            statement = text(f"SELECT {_COLUMNS} FROM task WHERE id = :id")
            row = (await connection.execute(statement, {"id": task_id})).one_or_none()
        task = _task(row) if row else None
        return task if task and owner in {None, task.owner} else None

    async def take(self, task_id: str, writer: str) -> Task | None:
        """Become the only writer of an unfinished task; None when it has its ending already.

        The name of a writer begins with the id of its replica and a blank.
        """
        statement = text(
            f"UPDATE task SET writer = :writer, dispatched = true WHERE id = :id AND NOT closed RETURNING {_COLUMNS}"
        )
        async with self._engine.begin() as connection:
            row = (await connection.execute(statement, {"id": task_id, "writer": writer})).one_or_none()
        return _task(row) if row else None

    async def held(self, task_id: str) -> bool:
        """Whether the task is unfinished, and its writer's replica is not known to be dead."""
        statement = text(
            "SELECT EXISTS (SELECT FROM task t JOIN replica r ON r.id = split_part(t.writer, ' ', 1) "
            "WHERE t.id = :id AND NOT t.closed)"
        )
        async with self._engine.connect() as connection:
            return bool((await connection.execute(statement, {"id": task_id})).scalar_one())

    async def undispatched(self, kinds: tuple[str, ...], older_than: float) -> list[tuple[str, str]]:
        """(id, kind) of accepted tasks whose workflow was never started: their process died in between."""
        statement = text(
            "SELECT id, kind FROM task WHERE NOT dispatched AND NOT closed AND kind = ANY(CAST(:kinds AS text[])) "
            "AND created_at < clock_timestamp() - make_interval(secs => :age) LIMIT 100"
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(statement, {"kinds": list(kinds), "age": older_than})
            return [(row.id, row.kind) for row in rows]

    async def unfinished_of(self, parent: str) -> list[str]:
        """Ids of the unfinished tasks that were begun on behalf of another."""
        statement = text("SELECT id FROM task WHERE parent = :parent AND NOT closed ORDER BY created_at, id")
        async with self._engine.connect() as connection:
            return [row.id for row in await connection.execute(statement, {"parent": parent})]

    async def bought(self, vendor_task_id: str, owner: str) -> bool:
        """Whether a task of the owner has this id at its vendor."""
        statement = text("SELECT 1 FROM task WHERE vendor_task_id = :id AND owner = :owner LIMIT 1")
        async with self._engine.connect() as connection:
            return (await connection.execute(statement, {"id": vendor_task_id, "owner": owner})).first() is not None

    async def request_cancel(self, task_id: str) -> None:
        statement = text("UPDATE task SET cancel_requested = true, updated_at = clock_timestamp() WHERE id = :id")
        async with self._engine.begin() as connection:
            await connection.execute(statement, {"id": task_id})

    async def select(self, wanted: Selection) -> list[Task]:
        """Newest first."""
        created, last_id = wanted.before or (None, None)
        statement = text(
            f"SELECT {_COLUMNS} FROM task WHERE kind = ANY(CAST(:kinds AS text[])) "
            "AND (CAST(:owner AS text) IS NULL OR owner = :owner) "
            "AND (CAST(:status AS text) IS NULL OR status = :status) AND (CAST(:created AS timestamptz) IS NULL "
            "OR (created_at, id) < (:created, :last_id)) ORDER BY created_at DESC, id DESC LIMIT :limit"
        )
        values = {
            "kinds": list(wanted.kinds),
            "owner": wanted.owner,
            "status": wanted.status,
            "created": created,
            "last_id": last_id,
            "limit": wanted.limit,
        }
        async with self._engine.connect() as connection:
            return [_task(row) for row in await connection.execute(statement, values)]


async def insert(connection: AsyncConnection, task: NewTask) -> None:
    statement = text(
        "INSERT INTO task (id, kind, owner, demo, request, total, parent) "
        "VALUES (:id, :kind, :owner, :demo, :request, :total, :parent)"
    )
    values = {
        "id": task.id,
        "kind": task.kind,
        "owner": task.owner,
        "demo": task.demo,
        "request": dump_text(task.request),
        "total": task.total,
        "parent": task.parent,
    }
    await connection.execute(statement, values)
