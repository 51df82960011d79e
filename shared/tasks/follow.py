"""The event log's reading side: replay what is stored, then live; memory per reader is bounded."""

import asyncio
import json
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.engine import UNREACHABLE
from shared.shutdown import Shutdown
from shared.tasks.model import Event

logger = logging.getLogger(__name__)

PAGE = 500
_HELD = 500

# LATERAL keeps every task on the primary key; a plain join was planned as a sequential scan at 500,000 rows.
_NEWS = text(
    "SELECT w.key AS task_id, e.seq, e.name, e.data, e.last FROM json_each_text(CAST(:wanted AS json)) w "
    "CROSS JOIN LATERAL (SELECT seq, name, data, last FROM event WHERE task_id = w.key "
    f"AND seq > CAST(w.value AS bigint) ORDER BY seq LIMIT {PAGE}) e"
)


class Reader:
    """One who follows a task from `position` on. What does not fit into memory is fetched again later."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.behind = True
        self.missed = False
        self.held: deque[Event] = deque()
        self.wake = asyncio.Event()

    def offer(self, event: Event) -> None:
        if self.behind:
            self.missed = True
        elif event.seq == self.position + 1 and len(self.held) < _HELD:
            self.position = event.seq
            self.held.append(event)
        elif event.seq > self.position:
            self.behind = True
        self.wake.set()


class Watch:
    """One who waits for the ending only."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.behind = False
        self.closed = asyncio.Event()

    def offer(self, event: Event) -> None:
        self.position = max(self.position, event.seq)
        if event.last:
            self.closed.set()


class Following:
    """All readers of this process."""

    def __init__(self, engine: AsyncEngine, shutdown: Shutdown) -> None:
        self._engine = engine
        self._shutdown = shutdown
        shutdown.on_begin(self._wake_readers)
        self._followers: defaultdict[str, set[Reader | Watch]] = defaultdict(set)
        self._stale: set[str] = set()
        self._wake = asyncio.Event()

    def _wake_readers(self) -> None:
        """This process stops: every reader's iteration ends, so that it can go on elsewhere."""
        for followers in self._followers.values():
            for reader in followers:
                if isinstance(reader, Reader):
                    reader.wake.set()

    @property
    def stopping(self) -> bool:
        """Whether iterations end because this process stops."""
        return self._shutdown.begun

    def __len__(self) -> int:
        return sum(len(followers) for followers in self._followers.values())

    async def events(self, task_id: str, after: int = 0, *, through_shutdown: bool = False) -> AsyncIterator[Event]:
        """Every event with a number above `after`, until the last one or until this process stops.

        Runners read through a shutdown: to them an iteration that ends says something about the task.
        """
        reader = Reader(after)
        with self._joined(task_id, reader):
            while through_shutdown or not self._shutdown.begun:
                if reader.behind and not reader.held:
                    await self._catch_up(task_id, reader)
                while reader.held:
                    event = reader.held.popleft()
                    yield event
                    if event.last:
                        return
                if not reader.behind:
                    await reader.wake.wait()
                    reader.wake.clear()

    async def until_last(self, task_id: str) -> None:
        """Wait until the task has its ending."""
        async for _ in self.events(task_id):
            pass

    async def stored(self, task_id: str, after: int = 0) -> list[Event]:
        """All events that are stored now, beyond `after`."""
        events: list[Event] = []
        while True:
            page = [event for _, event in await self._fetch({task_id: events[-1].seq if events else after})]
            events += page
            if len(page) < PAGE:
                return events

    @contextmanager
    def watching(self, task_id: str, position: int) -> Iterator[asyncio.Event]:
        """An asyncio.Event that is set when the task gets its ending after `position`."""
        watch = Watch(position)
        with self._joined(task_id, watch):
            self.heard([task_id])
            yield watch.closed

    @contextmanager
    def _joined(self, task_id: str, follower: Reader | Watch) -> Iterator[None]:
        self._followers[task_id].add(follower)
        try:
            yield
        finally:
            self._followers[task_id].discard(follower)
            if not self._followers[task_id]:
                del self._followers[task_id]

    async def _catch_up(self, task_id: str, reader: Reader) -> None:
        reader.missed = False
        try:
            page = await self._fetch({task_id: reader.position})
        except (*UNREACHABLE, DBAPIError):
            await asyncio.sleep(0.25)
            return
        for _, event in page:
            reader.position = event.seq
            reader.held.append(event)
        reader.behind = len(page) >= PAGE or reader.missed

    def heard(self, names: list[str]) -> None:
        """Some of these tasks have news; an empty list means all of them."""
        followed = self._followers.keys()
        self._stale |= followed & set(names) if names else set(followed)
        if self._stale:
            self._wake.set()

    async def fetch_forever(self) -> None:
        """Fetch what other replicas wrote, for all followed tasks in one statement."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            stale, self._stale = self._stale, set()
            wanted = {task_id: position for task_id in stale if (position := self._position(task_id)) is not None}
            if wanted:
                await self._fetch_news(wanted)

    def _position(self, task_id: str) -> int | None:
        positions = [f.position for f in self._followers.get(task_id, ()) if not f.behind]
        return min(positions, default=None)

    async def _fetch_news(self, wanted: dict[str, int]) -> None:
        try:
            news = await self._fetch(wanted)
            self.deliver(news)
            if len(news) >= PAGE:
                self.heard(list(wanted))
        except (*UNREACHABLE, DBAPIError) as error:
            logger.warning("eventlog.unreadable", extra={"reason": type(error).__name__})
            await asyncio.sleep(0.5)
            self.heard(list(wanted))

    async def _fetch(self, wanted: dict[str, int]) -> list[tuple[str, Event]]:
        async with self._engine.connect() as connection:
            rows = await connection.execute(_NEWS, {"wanted": json.dumps(wanted)})
            return [(row.task_id, Event(row.seq, row.name, row.data, row.last)) for row in rows]

    def deliver(self, news: Iterable[tuple[str, Event]]) -> None:
        """Hand events over to this process's readers."""
        for task_id, event in news:
            for follower in tuple(self._followers.get(task_id, ())):
                follower.offer(event)
