"""The event log's writing side: append from any replica, numbered per task, group-committed, closed once.

Rows are numbered under the lock of their task's row, so a number never appears late behind a higher one.
Appends of all tasks go out in one commit every FLUSH seconds. See shared/tasks/follow.py for the readers.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.concurrency import forever
from shared.database.engine import UNREACHABLE
from shared.database.notify import Notices, notify
from shared.shutdown import Shutdown
from shared.tasks.follow import Following
from shared.tasks.model import Change, Event, Line, LogClosed, StatusChanged, Superseded

logger = logging.getLogger(__name__)

# Half of a 20 ms frame: nobody sees it, and at 50 pieces a second a stream shares its commits with all others.
FLUSH = 0.01
_OUTAGE_PAUSE, _IN_PROGRESS_PAUSE = 0.25, 0.1
CHANNEL = "event"

_LOCK = text(
    "SELECT pg_current_xact_id()::text AS transaction, id, last_event_id, closed, writer, status FROM task "
    "WHERE id = ANY(CAST(:ids AS text[])) ORDER BY id FOR UPDATE"
)
_KNOWN_KEYS = text(
    "SELECT e.task_id, e.key, e.seq FROM event e "
    "JOIN unnest(CAST(:ids AS text[]), CAST(:keys AS text[])) AS w(task_id, key) USING (task_id, key)"
)
_TRANSACTION_STATUS = text("SELECT pg_xact_status(CAST(:transaction AS xid8))")
_INSERT = text(
    "INSERT INTO event (task_id, seq, name, data, key, last) SELECT * FROM unnest(CAST(:ids AS text[]), "
    "CAST(:seqs AS bigint[]), CAST(:names AS text[]), CAST(:data AS text[]), CAST(:keys AS text[]), "
    "CAST(:lasts AS boolean[]))"
)
_UPDATE = text(
    "UPDATE task t SET last_event_id = v.seq, closed = v.last, status = coalesce(v.status, t.status), "
    "message = coalesce(v.message, t.message), error = coalesce(v.error, t.error), "
    "error_code = coalesce(v.error_code, t.error_code), current = coalesce(v.current, t.current), "
    "total = coalesce(v.total, t.total), result = coalesce(v.result, t.result), "
    "stats = coalesce(v.stats, t.stats), "
    "vendor_task_id = coalesce(v.vendor_task_id, t.vendor_task_id), updated_at = clock_timestamp() "
    "FROM unnest(CAST(:ids AS text[]), CAST(:seqs AS bigint[]), CAST(:lasts AS boolean[]), CAST(:status AS text[]), "
    "CAST(:message AS text[]), CAST(:error AS text[]), CAST(:error_code AS text[]), CAST(:current AS integer[]), "
    "CAST(:total AS integer[]), CAST(:result AS text[]), CAST(:stats AS text[]), CAST(:vendor_task_id AS text[])) "
    "AS v(id, seq, last, status, message, error, error_code, current, total, result, stats, vendor_task_id) "
    "WHERE t.id = v.id"
)


@dataclass(slots=True)
class _Head:
    seq: int
    closed: bool
    writer: str | None
    status: str
    change: Change


@dataclass(slots=True)
class _Pending:
    line: Line
    done: asyncio.Future[int]
    seq: int = 0


class EventLog:
    """Append and close; `following` reads."""

    def __init__(self, engine: AsyncEngine, notices: Notices, shutdown: Shutdown) -> None:
        self._engine = engine
        self.following = Following(engine, shutdown)
        # Readers in this process get the rows handed over.
        self._origin = notices.origin
        notices.on(CHANNEL, self.following.heard)
        self._pending: list[_Pending] = []
        self._dirty = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["EventLog"]:
        async with (
            forever(self._flush_forever(), "eventlog.flush"),
            forever(self.following.fetch_forever(), "eventlog.fetch"),
        ):
            try:
                yield self
            finally:
                if waiting := [pending.done for pending in self._pending]:
                    await asyncio.wait(waiting, timeout=5)

    async def append(self, line: Line) -> int:
        """The event's number, once it is stored. Raises LogClosed after the ending, Superseded for an old writer."""
        pending = _Pending(line.masked(), asyncio.get_running_loop().create_future())
        self._pending.append(pending)
        self._dirty.set()
        return await pending.done

    async def _flush_forever(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(FLUSH)
            self._dirty.clear()
            batch, self._pending = self._pending, []
            await self._flush(batch)

    async def _flush(self, batch: list[_Pending]) -> None:
        in_doubt: str | None = None
        refused: list[tuple[_Pending, Exception]] = []
        while True:
            try:
                if in_doubt and await self._committed(in_doubt):
                    break
                in_doubt = None
                async with self._engine.begin() as connection:
                    heads, in_doubt = await _lock(connection, batch)
                    refused = await self._write(connection, batch, heads)
                break
            except UNREACHABLE as error:
                logger.warning("eventlog.waiting", extra={"reason": type(error).__name__, "events": len(batch)})
                await asyncio.sleep(_OUTAGE_PAUSE)
            except Exception as error:
                # Whatever it is: the flusher must outlive every line, and one line must not fail its neighbours.
                logger.exception("eventlog.failed")
                if len(batch) == 1:
                    refused = [(batch[0], error)]
                    batch[0].seq = 0
                    break
                for pending in batch:
                    await self._flush([pending])
                return
        self._settle(batch, refused)

    async def _committed(self, transaction: str) -> bool:
        """Whether the transaction whose commit was not answered took place; waits while the server works on it."""
        while True:
            try:
                async with self._engine.connect() as connection:
                    status = await connection.scalar(_TRANSACTION_STATUS, {"transaction": transaction})
            except UNREACHABLE:
                raise
            except DBAPIError:
                # A server that never saw it: it took over from the one that was asked.
                return False
            if status != "in progress":
                return bool(status == "committed")
            await asyncio.sleep(_IN_PROGRESS_PAUSE)

    def _settle(self, batch: list[_Pending], refused: list[tuple[_Pending, Exception]]) -> None:
        self.following.deliver(
            [(p.line.task_id, Event(p.seq, p.line.name, p.line.data, p.line.last)) for p in batch if p.seq > 0]
        )
        for pending, reason in refused:
            if not pending.done.done():
                pending.done.set_exception(reason)
        for pending in batch:
            if not pending.done.done():
                pending.done.set_result(abs(pending.seq))

    async def _write(
        self, connection: AsyncConnection, batch: list[_Pending], heads: dict[str, _Head]
    ) -> list[tuple[_Pending, Exception]]:
        """Store what may be stored under the locks of the heads; the rest with the reason why not."""
        known: dict[tuple[str, str], int] = {}
        if keyed := [(p.line.task_id, p.line.key) for p in batch if p.line.key is not None]:
            rows = await connection.execute(_KNOWN_KEYS, {"ids": [k[0] for k in keyed], "keys": [k[1] for k in keyed]})
            known = {(row.task_id, row.key): row.seq for row in rows}
        refused = []
        for pending in batch:
            pending.seq = 0
            if reason := _number(pending, heads.get(pending.line.task_id), known):
                refused.append((pending, reason))
        if stored := [pending for pending in batch if pending.seq > 0]:
            columns = {
                "ids": [p.line.task_id for p in stored],
                "seqs": [p.seq for p in stored],
                "names": [p.line.name for p in stored],
                "data": [p.line.data for p in stored],
                "keys": [p.line.key for p in stored],
                "lasts": [p.line.last for p in stored],
            }
            await connection.execute(_INSERT, columns)
            touched = {task_id: heads[task_id] for task_id in {p.line.task_id for p in stored}}
            columns = {field: [getattr(head.change, field) for head in touched.values()] for field in Change.__slots__}
            columns["ids"] = list(touched)
            columns["seqs"] = [head.seq for head in touched.values()]
            columns["lasts"] = [head.closed for head in touched.values()]
            await connection.execute(_UPDATE, columns)
            await notify(connection, CHANNEL, touched, self._origin)
        return refused


async def _lock(connection: AsyncConnection, batch: list[_Pending]) -> tuple[dict[str, _Head], str | None]:
    """The heads of the batch's tasks, locked, and the id of the transaction that holds them."""
    rows = (await connection.execute(_LOCK, {"ids": sorted({p.line.task_id for p in batch})})).all()
    heads = {row.id: _Head(row.last_event_id, row.closed, row.writer, row.status, Change()) for row in rows}
    return heads, rows[0].transaction if rows else None


def _number(pending: _Pending, head: _Head | None, known: dict[tuple[str, str], int]) -> Exception | None:
    """Give the line its number, or say why not. A known key keeps its old number, negated."""
    line = pending.line
    if head is None:
        return LogClosed(line.task_id)
    if line.writer is not None and head.writer != line.writer:
        return Superseded(line.task_id)
    if line.key is not None and (seq := known.get((line.task_id, line.key))):
        pending.seq = -seq
        return None
    if head.closed:
        return LogClosed(line.task_id)
    if line.only_if is not None and head.status != line.only_if:
        return StatusChanged(line.task_id)
    head.seq += 1
    head.closed = line.last
    head.status = line.change.status or head.status
    # Later lines of one commit win where they say something.
    newer = {field: value for field in Change.__slots__ if (value := getattr(line.change, field)) is not None}
    head.change = replace(head.change, **newer)
    pending.seq = head.seq
    if line.key is not None:
        known[line.task_id, line.key] = head.seq
    return None
