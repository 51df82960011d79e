"""Pictures as the storyboard and the screenplay order them: a Protocol, joined with imagegen in wiring."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """One picture to be made on behalf of the task `parent`. The same `key` never orders it twice.

    `queued_at` (epoch seconds) is its place among the others that wait. `endless`: imagegen is known to run, and is
    waited for as long as it takes.
    """

    form: dict[str, Any]
    key: str
    owner: str
    parent: str
    queued_at: float
    endless: bool = True


@dataclass(frozen=True, slots=True)
class PictureEvent:
    """A line of a picture's log: submitting, submitted, refused, overdue, succeeded, failed, canceled."""

    seq: int
    name: str
    data: dict[str, Any]
    last: bool


class Pictures(Protocol):
    """Where pictures are made. Every call raises ScriptToFrameError, BackendUnavailable when nobody is there."""

    async def order(self, order: PictureOrder) -> str:
        """The picture's id."""

    def events(self, image_id: str, owner: str) -> AsyncIterator[PictureEvent]:
        """All events of a picture from the first one on, to its ending."""

    async def drop(self, image_ids: list[str], owner: str) -> None:
        """Take back what is not paid for yet, to be ordered again later."""


def content_path(image_id: str) -> str:
    """Where the picture itself is to be had, for as long as its task is kept."""
    return f"/api/images/{image_id}/content"
