"""The vendor accounts' slots, over all processes: a task holds one from submit until the vendor is done.

A slot belongs to a task, not to a process, so it survives crashes. Grants happen in the database the moment a slot
is free, and wake the waiting process by NOTIFY. Every change locks the account's row first: one order, no deadlock.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from imagegen.images.queue_position import HELD, in_turn
from imagegen.images.vendor import Pause
from shared.concurrency import forever
from shared.database.engine import UNREACHABLE, through_outages
from shared.database.notify import Notices, notify
from shared.errors import Canceled

logger = logging.getLogger(__name__)

CHANNEL = "slot"
_WEIGHT_OF_NEWEST = 0.2
_RECOVERY_SECONDS = 3.0
_CHANGES_TOGETHER = 100

_ACCOUNT = text(
    "SELECT slots, reduced_to, extract(epoch FROM reduced_until - clock_timestamp()) AS reduced_for "
    "FROM account WHERE name = :name FOR UPDATE"
)
_REDUCE = text(
    "UPDATE account SET reduced_to = :reduced_to, "
    "reduced_until = clock_timestamp() + make_interval(secs => :seconds) WHERE name = :name"
)
# Slots whose time has come, and those of tasks whose process died before it could give them back.
_LEFT_BEHIND = text(
    "DELETE FROM slot s WHERE account = :name AND (s.release_at < clock_timestamp() "
    "OR (s.release_at IS NULL AND EXISTS (SELECT FROM task t WHERE t.id = s.task_id AND t.closed)))"
)
_HELD = text("SELECT number FROM slot WHERE account = :name AND granted_at IS NOT NULL")
# Granted only to images that a living replica works on and whose batch or request goes on. Scalar subqueries keep the
# planner from joining, which would read all tasks: who may not have the slot is passed over last.
_NEXT = text(
    f"{HELD} SELECT w.task_id FROM ({in_turn('AND s.not_before <= clock_timestamp()')} OFFSET 0) w "
    "WHERE (SELECT true FROM replica r WHERE r.id = split_part(w.writer, ' ', 1)) "
    "AND (SELECT p.closed OR p.cancel_requested FROM task p WHERE p.id = w.parent) IS NOT TRUE LIMIT :free"
)
_NEWS = text(
    "SELECT s.task_id, s.number FROM slot s WHERE s.task_id = ANY(CAST(:ids AS text[])) AND (s.granted_at IS NOT NULL "
    "OR EXISTS (SELECT FROM task t JOIN task p ON p.id = t.parent WHERE t.id = s.task_id "
    "AND (p.closed OR p.cancel_requested)))"
)
_GRANT = text(
    "UPDATE slot s SET granted_at = clock_timestamp(), number = g.number "
    "FROM unnest(CAST(:ids AS text[]), CAST(:numbers AS integer[])) AS g (task_id, number) "
    "WHERE s.task_id = g.task_id"
)


_LEARN = text(
    "UPDATE account SET mean_seconds = CASE WHEN mean_seconds = 0 THEN :seconds "
    "ELSE mean_seconds * (1 - :weight) + :seconds * :weight END WHERE name = :name"
)


# Claimed images: those with a slot first, then in the order in which slots are granted.
CLAIM_ORDER = (
    "(SELECT s.granted_at FROM slot s WHERE s.task_id = t.id) NULLS LAST, "
    "(SELECT s.priority FROM slot s WHERE s.task_id = t.id) NULLS LAST, "
    "(SELECT s.enqueued_at FROM slot s WHERE s.task_id = t.id) NULLS LAST"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """Statements on an account's slots."""

    statements: tuple[tuple[TextClause, dict[str, Any]], ...]
    slow_down: float


class Slots:
    """`limits` names each account's slots."""

    def __init__(self, engine: AsyncEngine, notices: Notices, limits: dict[str, int]) -> None:
        self._engine = engine
        self._limits = limits
        self._waiting: dict[str, asyncio.Event] = {}
        self._changes: defaultdict[str, dict[_Change, None]] = defaultdict(dict)
        self._changing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._recheck = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()
        notices.on(CHANNEL, self._heard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Slots"]:
        await through_outages(self._open_accounts)
        async with forever(self._keep(), "slots"):
            try:
                yield self
            finally:
                for timer in self._timers:
                    timer.cancel()

    async def _open_accounts(self) -> None:
        statement = text(
            "INSERT INTO account (name, slots) VALUES (:name, :slots) "
            "ON CONFLICT (name) DO UPDATE SET slots = excluded.slots"
        )
        async with self._engine.begin() as connection:
            for name, slots in self._limits.items():
                await connection.execute(statement, {"name": name, "slots": slots})

    def _heard(self, task_ids: list[str]) -> None:
        if not task_ids:
            self._recheck.set()
        for task_id in task_ids:
            if waiting := self._waiting.get(task_id):
                waiting.set()

    async def _keep(self) -> None:
        """Whatever notice got lost, whoever died: look again every now and then."""
        while True:
            await self._recheck.wait()
            self._recheck.clear()
            with suppress(*UNREACHABLE, DBAPIError):
                for account in await self._in_use():
                    await self._change(account, (_LEFT_BEHIND, {"name": account}))
                if news := await self._news_of(list(self._waiting)):
                    self._heard(list(news))

    async def _in_use(self) -> list[str]:
        """The accounts for which tasks wait or run, or that have slots to get back."""
        statement = text("SELECT account FROM slot UNION SELECT name FROM account WHERE reduced_to < slots")
        async with self._engine.connect() as connection:
            return list(await connection.scalars(statement))

    async def enter(self, task_id: str, account: str, priority: int, queued_at: float | None = None) -> None:
        """Queue for a slot, now or as of `queued_at` (epoch seconds); does nothing for a task that is there already."""
        statement = text(
            "INSERT INTO slot (task_id, account, priority, enqueued_at) VALUES (:task_id, :account, :priority, "
            "least(clock_timestamp(), to_timestamp(CAST(:queued_at AS double precision)))) "
            "ON CONFLICT (task_id) DO NOTHING"
        )
        values = {"task_id": task_id, "account": account, "priority": priority, "queued_at": queued_at}
        await through_outages(lambda: self._change(account, (statement, values)))

    async def taken(self, task_id: str) -> int:
        """Wait for the task's slot; its number, from 1 on. Raises Canceled when nobody is left who asked for it."""
        waiting = self._waiting.setdefault(task_id, asyncio.Event())
        try:
            while task_id not in (news := await through_outages(lambda: self._news_of([task_id]))):
                await waiting.wait()
                waiting.clear()
        finally:
            self._waiting.pop(task_id, None)
        if news[task_id] is None:
            raise Canceled
        return news[task_id] or 0

    async def _news_of(self, task_ids: list[str]) -> dict[str, int | None]:
        """Those that need not wait any longer: with the number of their slot, or None where their parent has ended."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_NEWS, {"ids": task_ids})
            return {row.task_id: row.number for row in rows}

    async def leave(self, task_id: str, account: str, seconds: float | None = None) -> None:
        """Give the slot back; `seconds` is how long the vendor took, for the estimates."""
        statements = [(text("DELETE FROM slot WHERE task_id = :task_id"), {"task_id": task_id})]
        if seconds is not None:
            learned: dict[str, Any] = {"name": account, "seconds": seconds, "weight": _WEIGHT_OF_NEWEST}
            statements.append((_LEARN, learned))
        await through_outages(lambda: self._change(account, *statements))

    async def leave_later(self, task_id: str, account: str, seconds: float) -> None:
        """Give the slot back after a while: the vendor may be busy with something we have lost sight of."""
        statement = text(
            "UPDATE slot SET release_at = clock_timestamp() + make_interval(secs => :seconds) WHERE task_id = :task_id"
        )
        values = {"task_id": task_id, "seconds": seconds}
        await through_outages(lambda: self._change(account, (statement, values)))
        self._grant_in(account, seconds)

    async def postpone(self, task_id: str, account: str, pause: Pause) -> None:
        """Give the slot back and queue again later. With `slow_down` the account takes one task fewer than now."""
        statement = text(
            "UPDATE slot SET granted_at = NULL, number = NULL, "
            "not_before = clock_timestamp() + make_interval(secs => :seconds), "
            "enqueued_at = CASE WHEN :to_end THEN clock_timestamp() ELSE enqueued_at END WHERE task_id = :task_id"
        )
        values = {"task_id": task_id, "seconds": pause.seconds, "to_end": pause.to_end}
        await through_outages(lambda: self._change(account, (statement, values), slow_down=pause.slow_down))
        self._grant_in(account, pause.seconds)

    async def size(self, account: str) -> int:
        """How many tasks wait or run."""
        statement = text("SELECT count(*) FROM slot WHERE account = :account")
        async with self._engine.connect() as connection:
            return int((await connection.execute(statement, {"account": account})).scalar_one())

    def _grant_in(self, account: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds + 0.01, self._recheck.set)
        self._timers.add(timer)
        loop.call_later(seconds + 0.02, self._timers.discard, timer)
        logger.debug("slots.timer", extra={"account": account, "seconds": seconds})

    async def _change(self, account: str, *statements: tuple[TextClause, dict[str, Any]], slow_down: float = 0) -> None:
        """Changes that come while one is under way are made together, in the next transaction."""
        own, waiting = _Change(statements, slow_down), self._changes[account]
        waiting[own] = None
        try:
            async with self._changing[account]:
                if own in waiting:
                    together = list(islice(waiting, _CHANGES_TOGETHER))
                    try:
                        await self._make(account, together)
                    except UNREACHABLE:
                        raise
                    except DBAPIError:
                        # One that the database cannot take must not fail its neighbours.
                        await self._make(account, [own])
                        together = [own]
                    for made in together:
                        waiting.pop(made, None)
        finally:
            waiting.pop(own, None)

    async def _make(self, account: str, changes: list[_Change]) -> None:
        async with self._engine.begin() as connection:
            row = (await connection.execute(_ACCOUNT, {"name": account})).one()
            for change in changes:
                if change.slow_down:
                    await _reduce(connection, account, change.slow_down)
                    row = (await connection.execute(_ACCOUNT, {"name": account})).one()
                for statement, values in change.statements:
                    await connection.execute(statement, values)
            await _grant_free(connection, account, row)


async def _reduce(connection: AsyncConnection, account: str, seconds: float) -> None:
    held = len((await connection.execute(_HELD, {"name": account})).all())
    await connection.execute(_REDUCE, {"name": account, "reduced_to": max(1, held - 1), "seconds": seconds})


async def _limit(connection: AsyncConnection, account: str, row: Row[Any]) -> int:
    """The account's slots; after a reduction one more every few seconds until all are back."""
    if row.reduced_to is None or row.reduced_to >= row.slots:
        return int(row.slots)
    if row.reduced_for > 0:
        return int(row.reduced_to)
    more = row.reduced_to + 1
    await connection.execute(_REDUCE, {"name": account, "reduced_to": more, "seconds": _RECOVERY_SECONDS})
    return int(more)


async def _grant_free(connection: AsyncConnection, account: str, row: Row[Any]) -> None:
    """Grant free slots to those who wait, by priority and age; the account's row is locked."""
    limit = await _limit(connection, account, row)
    held = {held.number for held in await connection.execute(_HELD, {"name": account})}
    if (free := limit - len(held)) <= 0:
        return
    numbers = [number for number in range(1, row.slots + len(held) + 1) if number not in held]
    if granted := list(await connection.scalars(_NEXT, {"name": account, "free": free})):
        await connection.execute(_GRANT, {"ids": granted, "numbers": numbers[: len(granted)]})
        await notify(connection, CHANNEL, granted)
