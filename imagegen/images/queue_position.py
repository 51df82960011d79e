"""Where a queued picture stands, and when it will probably start."""

import heapq
import math
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_FIRST_GUESS_SECONDS = 5.0

_PLACE = text(
    "SELECT a.slots, a.reduced_to, a.mean_seconds, (SELECT count(*) FROM slot o WHERE o.account = s.account "
    "AND o.granted_at IS NULL AND (o.priority, o.enqueued_at) <= (s.priority, s.enqueued_at)) AS position, "
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
    slots = min(row.slots, row.reduced_to or row.slots)
    seconds = starts_in(row.position, slots, row.mean_seconds or _FIRST_GUESS_SECONDS, row.running)
    return Place(row.position, math.ceil(max(seconds, row.held_back)))
