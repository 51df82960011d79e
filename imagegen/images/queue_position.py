"""Where a queued picture stands, and when it will probably start."""

import heapq
import math
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from imagegen.images.order import BATCH, INTERACTIVE

_FIRST_GUESS_SECONDS = 5.0

HELD = (
    "WITH held AS MATERIALIZED (SELECT t.owner, t.parent FROM slot s JOIN task t ON t.id = s.task_id "
    "WHERE s.account = :name AND s.granted_at IS NOT NULL)"
)


def in_turn(condition: str = "") -> str:
    """A query for the waiting images of the account `:name`, next one first; it needs HELD before it.

    Who has waited a minute gains a class, so that batches do not starve. Within a class owners share, then an owner's
    batches and single images, then age decides. OFFSET 0 keeps the planner from reading all tasks.
    """
    return (
        "SELECT q.*, (SELECT count(*) FROM held h WHERE h.owner = q.owner) "
        "+ row_number() OVER (PARTITION BY q.class, q.owner ORDER BY q.of_parent, q.enqueued_at) AS of_owner FROM ("
        "SELECT s.task_id, s.enqueued_at, t.owner, t.writer, t.parent, greatest(0, s.priority "
        f"- {BATCH - INTERACTIVE} * floor(extract(epoch FROM clock_timestamp() - s.enqueued_at) / 60)) AS class, "
        "(SELECT count(*) FROM held h WHERE h.owner = t.owner AND h.parent IS NOT DISTINCT FROM t.parent) "
        "+ row_number() OVER (PARTITION BY t.owner, t.parent, s.priority ORDER BY s.enqueued_at) AS of_parent "
        "FROM slot s CROSS JOIN LATERAL "
        "(SELECT owner, parent, writer, closed FROM task WHERE id = s.task_id OFFSET 0) t "
        f"WHERE s.account = :name AND s.granted_at IS NULL AND NOT t.closed {condition}) q "
        "ORDER BY class, of_owner, enqueued_at"
    )


_POSITION = text(
    f"{HELD} SELECT position FROM (SELECT w.task_id, row_number() OVER (ORDER BY w.class, w.of_owner, w.enqueued_at) "
    f"AS position FROM ({in_turn()}) w) p WHERE task_id = :task_id"
)
_PLACE = text(
    "SELECT a.name, a.slots, a.reduced_to, a.mean_seconds, "
    "extract(epoch FROM s.not_before - clock_timestamp()) AS held_back, "
    "ARRAY(SELECT extract(epoch FROM clock_timestamp() - o.granted_at)::float FROM slot o "
    "WHERE o.account = s.account AND o.granted_at IS NOT NULL) AS running "
    "FROM slot s JOIN account a ON a.name = s.account WHERE s.task_id = :task_id AND s.granted_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a queued task stands: 1 is next. `eta_seconds` until it starts, estimated from measured times."""

    position: int
    eta_seconds: int


def starts_in(position: int, slots: int, mean: float, running: list[float]) -> float:
    """Seconds until the task at `position` gets a slot, when tasks take `mean` and have run for `running` seconds."""
    # A task that already takes longer than usual may end at any moment; half the usual again is a fair guess.
    ends = [mean - elapsed if elapsed < mean else mean / 2 for elapsed in running]
    ends += [0.0] * (slots - len(running))
    heapq.heapify(ends)
    start = 0.0
    for _ in range(position):
        start = heapq.heappop(ends)
        heapq.heappush(ends, start + mean)
    return start


async def place_in_queue(engine: AsyncEngine, task_id: str) -> Place | None:
    """The queue position of a task that waits; None when it does not."""
    async with engine.connect() as connection:
        row = (await connection.execute(_PLACE, {"task_id": task_id})).one_or_none()
        if row is None:
            return None
        position = await connection.scalar(_POSITION, {"name": row.name, "task_id": task_id})
    if position is None:
        return None
    slots = min(row.slots, row.reduced_to or row.slots)
    seconds = starts_in(position, slots, row.mean_seconds or _FIRST_GUESS_SECONDS, row.running)
    return Place(position, math.ceil(max(seconds, row.held_back)))
