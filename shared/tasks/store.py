"""Tasks: one accepted piece of work each. The row is the head of its log; see shared/tasks/log.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.tasks.model import NewTask, Status, Task
from shared.wire import dump_text, loads

_COLUMNS = (
    "id, kind, owner, status, demo, request, result, message, error, error_code, current, total, "
    "cancel_requested, vendor_task_id, stats, last_event_id, closed, created_at, updated_at"
)
# For whoever wants to know how a task stands: what was asked may be megabytes, a storyboard as well.
_STANDING = _COLUMNS.replace(
    "request, result", "'{}' AS request, CASE WHEN error_code IS NOT NULL THEN result END AS result"
)

# The writer is compared once more under the lock: whoever was claimed in between by another replica is left to it.
# `dispatched` is for replicas of release 1.0, which would start a task that does not say so.
_CLAIM = f"""
WITH candidate AS MATERIALIZED (
    SELECT t.id, t.writer FROM task t WHERE NOT t.closed AND t.kind = ANY(CAST(:kinds AS text[]))
    AND NOT EXISTS (SELECT FROM replica r WHERE r.id = split_part(t.writer, ' ', 1))
    AND (t.writer IS NOT NULL OR t.created_at < clock_timestamp() - interval '5 s')
    ORDER BY {{order}}t.created_at, t.id LIMIT :most
), locked AS (
    SELECT t.id FROM task t JOIN candidate c ON t.id = c.id AND t.writer IS NOT DISTINCT FROM c.writer
    WHERE NOT t.closed FOR UPDATE OF t SKIP LOCKED
)
UPDATE task t SET writer = :replica || ' ' || gen_random_uuid(), dispatched = true FROM locked WHERE t.id = locked.id
RETURNING {", ".join(f"t.{name}" for name in _COLUMNS.split(", "))}, t.writer
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks to list. `before` is (created_at, id) of the last task of the page before.

    `unread`: only open tasks of these kinds that nobody reads.
    """

    kinds: tuple[str, ...]
    owner: str | None = None
    status: str | None = None
    limit: int = 20
    before: tuple[datetime, str] | None = None
    unread: tuple[str, ...] = ()


def _task(row: Row[Any]) -> Task:
    values = row._asdict()
    values.pop("writer", None)
    values["stats"] = None if values["stats"] is None else loads(values["stats"])
    values["status"] = Status(values["status"])
    values["request"] = loads(values["request"])
    values["result"] = None if values["result"] is None else loads(values["result"])
    return Task(**values)


class Tasks:
    """The task table."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, task_id: str, owner: str | None = None) -> Task | None:
        """The task, if it exists and belongs to the owner; no owner asked means any."""
        return await self._found(_COLUMNS, task_id, owner)

    async def standing(self, task_id: str, owner: str | None = None) -> Task | None:
        """The same without its request, and with its result only where that tells of an error."""
        return await self._found(_STANDING, task_id, owner)

    async def _found(self, columns: str, task_id: str, owner: str | None) -> Task | None:
        if "\x00" in task_id:
            return None
        async with self._engine.connect() as connection:
            statement = text(f"SELECT {columns} FROM task WHERE id = :id")
            row = (await connection.execute(statement, {"id": task_id})).one_or_none()
        task = _task(row) if row else None
        return task if task and owner in {None, task.owner} else None

    async def claim(self, replica: str, kinds: list[str], most: int, order: str = "") -> list[tuple[Task, str]]:
        """Become the writer of open tasks that no living replica works on; each with its new writer's name.

        The name of a writer begins with the id of its replica and a blank. `order`: SQL over `task t`.
        """
        statement = text(_CLAIM.format(order=f"{order}, " if order else ""))
        async with self._engine.begin() as connection:
            rows = await connection.execute(statement, {"replica": replica, "kinds": kinds, "most": most})
            return [(_task(row), row.writer) for row in rows]

    async def take(self, task_id: str, writer: str, replica: str) -> Task | None:
        """Become the writer of an open task of this replica's; None when it is closed or somebody else's."""
        statement = text(
            f"UPDATE task t SET writer = :writer WHERE id = :id AND NOT closed "
            f"AND split_part(writer, ' ', 1) = :replica RETURNING {_COLUMNS}"
        )
        async with self._engine.begin() as connection:
            values = {"id": task_id, "writer": writer, "replica": replica}
            row = (await connection.execute(statement, values)).one_or_none()
        return _task(row) if row else None

    async def written_by(self, replica: str) -> list[str]:
        """Ids of the open tasks whose writer is this replica."""
        statement = text("SELECT id FROM task WHERE NOT closed AND split_part(writer, ' ', 1) = :replica")
        async with self._engine.connect() as connection:
            return list(await connection.scalars(statement, {"replica": replica}))

    async def unfinished_of(self, parent: str) -> list[str]:
        """Ids of the unfinished tasks that were begun on behalf of another."""
        statement = text("SELECT id FROM task WHERE parent = :parent AND NOT closed ORDER BY created_at, id")
        async with self._engine.connect() as connection:
            return [row.id for row in await connection.execute(statement, {"parent": parent})]

    async def bought(self, vendor_task_id: str, owner: str) -> bool:
        """Whether a task of the owner has this id at its vendor."""
        if "\x00" in vendor_task_id:
            return False
        statement = text("SELECT 1 FROM task WHERE vendor_task_id = :id AND owner = :owner LIMIT 1")
        async with self._engine.connect() as connection:
            return (await connection.execute(statement, {"id": vendor_task_id, "owner": owner})).first() is not None

    async def request_cancel(self, task_id: str) -> None:
        statement = text("UPDATE task SET cancel_requested = true, updated_at = clock_timestamp() WHERE id = :id")
        async with self._engine.begin() as connection:
            await connection.execute(statement, {"id": task_id})

    async def select(self, wanted: Selection) -> list[Task]:
        """How they stand, newest first, without what was asked and made."""
        created, last_id = wanted.before or (None, None)
        statement = text(
            f"SELECT {_STANDING} FROM task WHERE kind = ANY(CAST(:kinds AS text[])) "
            "AND (CAST(:owner AS text) IS NULL OR owner = :owner) "
            "AND (CAST(:status AS text) IS NULL OR status = :status) "
            "AND (cardinality(CAST(:unread AS text[])) = 0 OR (NOT closed AND kind = ANY(CAST(:unread AS text[])) "
            "AND NOT EXISTS (SELECT FROM reader r WHERE r.task_id = task.id))) "
            "AND (CAST(:created AS timestamptz) IS NULL "
            "OR (created_at, id) < (:created, :last_id)) ORDER BY created_at DESC, id DESC LIMIT :limit"
        )
        values = {
            "kinds": list(wanted.kinds),
            "owner": wanted.owner,
            "status": wanted.status,
            "unread": list(wanted.unread),
            "created": created,
            "last_id": last_id,
            "limit": wanted.limit,
        }
        async with self._engine.connect() as connection:
            return [_task(row) for row in await connection.execute(statement, values)]


async def insert(connection: AsyncConnection, task: NewTask, writer: str | None) -> Task:
    """Store a new task, worked on by `writer` from the start; None: whoever claims it."""
    statement = text(
        "INSERT INTO task (id, kind, owner, demo, request, total, parent, writer, dispatched) "
        f"VALUES (:id, :kind, :owner, :demo, :request, :total, :parent, :writer, true) RETURNING {_COLUMNS}"
    )
    values = {
        "id": task.id,
        "kind": task.kind,
        "owner": task.owner,
        "demo": task.demo,
        "request": dump_text(task.request),
        "total": task.total,
        "parent": task.parent,
        "writer": writer,
    }
    return _task((await connection.execute(statement, values)).one())
