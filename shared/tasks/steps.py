"""A task's recorded steps: free ones that a replay need not repeat, and paid ones that nobody may repeat."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.engine import through_outages
from shared.errors import OutcomeUnknown
from shared.masking import mask
from shared.shutdown import Shutdown
from shared.wire import dump_text, loads

_INHERIT = text(
    "INSERT INTO step (task_id, name, nonce, outcome) SELECT :task_id, name, '', outcome FROM step "
    "WHERE outcome IS NOT NULL AND task_id = (SELECT old.id FROM task old JOIN task new ON new.id = :task_id "
    "WHERE old.created_at BETWEEN new.created_at - interval '1 day' AND new.created_at AND old.id <> new.id "
    "AND old.status = 'failed' AND old.kind = new.kind AND old.owner = new.owner AND old.request = new.request "
    "ORDER BY old.created_at DESC LIMIT 1) ON CONFLICT DO NOTHING"
)


class Steps:
    """One row per task and step name, written before a paid call is sent and completed by its outcome.

    `still_ours()` returns when it is certain that no other replica has taken this one's work over.
    """

    def __init__(self, engine: AsyncEngine, still_ours: Callable[[], Awaitable[None]], shutdown: Shutdown) -> None:
        self._engine = engine
        self._still_ours = still_ours
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._shutdown = shutdown

    async def drained(self, seconds: float) -> None:
        """Wait for the paid calls under way to be recorded; after the shutdown has begun there are no new ones."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)

    async def once(self, task_id: str, name: str, send: Callable[[], Awaitable[Any]]) -> Any:
        """The recorded outcome of `send()`, JSON in shape; sends only if no earlier life ever got this far.

        Raises OutcomeUnknown when an earlier life sent it and died before recording the answer. What `send` itself
        raises leaves the row without outcome, so it must return refusals as values and raise only when nobody knows.
        """
        if self._shutdown.begun:
            await asyncio.Event().wait()
        nonce = uuid4().hex
        self._busy += 1
        self._idle.clear()
        try:
            recorded = await through_outages(lambda: self._claim(task_id, name, nonce))
            if recorded.nonce != nonce:
                if recorded.outcome is None:
                    raise OutcomeUnknown
                return loads(recorded.outcome)
            await self._still_ours()
            outcome = await send()
            await through_outages(lambda: self._record(task_id, name, outcome))
            return outcome
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def checkpoint(self, task_id: str, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """The recorded outcome of `call()`, JSON in shape; calls when there is no record yet."""
        known = await through_outages(lambda: self._recorded(task_id, name))
        if known is not None:
            return loads(known)
        outcome = await call()
        await through_outages(lambda: self._record(task_id, name, outcome))
        return outcome

    async def inherit(self, task_id: str) -> None:
        """Record for a task what the last failed one of the same kind, owner and request had recorded in a day."""
        async with self._engine.begin() as connection:
            await connection.execute(_INHERIT, {"task_id": task_id})

    async def started(self, task_id: str, name: str) -> bool:
        """Whether the step has a row, with or without an outcome."""
        statement = text("SELECT EXISTS (SELECT FROM step WHERE task_id = :task_id AND name = :name)")
        async with self._engine.connect() as connection:
            return bool((await connection.execute(statement, {"task_id": task_id, "name": name})).scalar_one())

    async def _recorded(self, task_id: str, name: str) -> str | None:
        statement = text("SELECT outcome FROM step WHERE task_id = :task_id AND name = :name")
        async with self._engine.connect() as connection:
            return (await connection.execute(statement, {"task_id": task_id, "name": name})).scalar_one_or_none()

    async def _claim(self, task_id: str, name: str, nonce: str) -> Any:
        statement = text(
            "INSERT INTO step (task_id, name, nonce) VALUES (:task_id, :name, :nonce) "
            "ON CONFLICT (task_id, name) DO UPDATE SET name = excluded.name RETURNING nonce, outcome"
        )
        async with self._engine.begin() as connection:
            return (await connection.execute(statement, {"task_id": task_id, "name": name, "nonce": nonce})).one()

    async def _record(self, task_id: str, name: str, outcome: Any) -> None:
        statement = text(
            "INSERT INTO step (task_id, name, nonce, outcome) VALUES (:task_id, :name, '', :outcome) "
            "ON CONFLICT (task_id, name) DO UPDATE SET outcome = excluded.outcome"
        )
        values = {"task_id": task_id, "name": name, "outcome": mask(dump_text(outcome))}
        async with self._engine.begin() as connection:
            await connection.execute(statement, values)
