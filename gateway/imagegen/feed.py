"""Many pictures' events over few connections to imagegen; a broken connection goes on where it stopped."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.imagegen.client import Imagegen
from gateway.images import PictureEvent
from shared.errors import ScriptToFrameError

logger = logging.getLogger(__name__)

_GATHER_SECONDS = 0.02
_MOST_PER_CONNECTION = 500
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


@dataclass(slots=True, eq=False)
class Feed:
    """One who follows one picture; `seq` is the last event handed over."""

    image_id: str
    owner: str
    seq: int = 0
    ended: bool = False
    events: asyncio.Queue[PictureEvent | ScriptToFrameError] = field(default_factory=asyncio.Queue)
    carrier: asyncio.Task[None] | None = None

    def hand_over(self, event: PictureEvent) -> None:
        if event.seq <= self.seq or self.ended:
            return
        self.seq, self.ended = event.seq, event.last
        self.events.put_nowait(event)


class PictureFeeds:
    """All feeds of this process."""

    def __init__(self, imagegen: Imagegen) -> None:
        self._imagegen = imagegen
        self._new: list[Feed] = []
        self._gathering: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._carried: dict[asyncio.Task[None], set[Feed]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["PictureFeeds"]:
        try:
            yield self
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def events(self, image_id: str, owner: str) -> AsyncIterator[PictureEvent]:
        """All events to the last, waiting for imagegen while it is away. Raises what it says of the image."""
        feed = Feed(image_id, owner)
        self._new.append(feed)
        if self._gathering is None:
            self._gathering = self._spawn()
        try:
            while True:
                event = await feed.events.get()
                if isinstance(event, ScriptToFrameError):
                    raise event
                yield event
                if event.last:
                    return
        finally:
            self._let_go(feed)

    def _let_go(self, feed: Feed) -> None:
        feed.ended = True
        if feed in self._new:
            self._new.remove(feed)
        carrier = feed.carrier
        if carrier and all(other.ended for other in self._carried.get(carrier, ())):
            carrier.cancel()

    def _spawn(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self._gather(), name="picture.feeds")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _gather(self) -> None:
        """New feeds of a moment share a connection."""
        await asyncio.sleep(_GATHER_SECONDS)
        new, self._new, self._gathering = self._new, [], None
        for owner in {feed.owner for feed in new}:
            theirs = [feed for feed in new if feed.owner == owner]
            for group in _groups(theirs):
                self._carry_in_task(owner, group)

    def _carry_in_task(self, owner: str, group: dict[str, Feed]) -> None:
        task = asyncio.create_task(self._carry(owner, group), name="picture.feed")
        self._carried[task] = set(group.values())
        self._tasks.add(task)
        task.add_done_callback(self._carried_to_the_end)
        for feed in group.values():
            feed.carrier = task

    def _carried_to_the_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._carried.pop(task, None)

    async def _carry(self, owner: str, group: dict[str, Feed]) -> None:
        pause = _FIRST_PAUSE
        while wanted := {image_id: feed.seq for image_id, feed in group.items() if not feed.ended}:
            try:
                async for told in self._imagegen.lines("/internal/images/events", {"after": wanted}, owner):
                    pause = _FIRST_PAUSE
                    if told:
                        event = PictureEvent(told["seq"], told["name"] or "", told["data"], told["last"])
                        group[told["id"]].hand_over(event)
            except ScriptToFrameError as error:
                if pause == _FIRST_PAUSE:
                    logger.info("pictures.feed_lost", extra={"reason": error.message, "pictures": len(wanted)})
                if error.status < 500:
                    return _fail(group, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return None


def _fail(group: dict[str, Feed], error: ScriptToFrameError) -> None:
    for feed in group.values():
        feed.events.put_nowait(error)


def _groups(feeds: list[Feed]) -> list[dict[str, Feed]]:
    """Each picture at most once per connection."""
    groups: list[dict[str, Feed]] = []
    for feed in feeds:
        for group in groups:
            if feed.image_id not in group and len(group) < _MOST_PER_CONNECTION:
                group[feed.image_id] = feed
                break
        else:
            groups.append({feed.image_id: feed})
    return groups
