"""The values of the durable core: tasks, their events, what is appended, and how an append can be refused."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.errors import ScriptToFrameError
from shared.masking import mask
from shared.telemetry.request_id import request_id
from shared.wire import dump_text, well_formed

SCRIPT = "script_generation"
RUNNINGHUB = "runninghub_processing"
ANALYSIS = "intelligent_analysis"
BATCH = "batch_images"
IMAGE = "image"
_FACTS = ("errorCode", "reason", "vendor", "requestId")


class Status(StrEnum):
    """How a task stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


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
    stats: dict[str, int] | None
    last_event_id: int
    closed: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A numbered line of a task's log; `last` closes the log."""

    seq: int
    name: str | None
    data: str
    last: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What an event says about its task; None leaves a column as it is. `result` and `stats` are JSON text."""

    status: Status | None = None
    message: str | None = None
    error: str | None = None
    error_code: str | None = None
    current: int | None = None
    total: int | None = None
    result: str | None = None
    stats: str | None = None
    vendor_task_id: str | None = None

    def masked(self) -> "Change":
        """The same without any configured secret."""
        message, error, result = (text and mask(text) for text in (self.message, self.error, self.result))
        same = (message, error, result) == (self.message, self.error, self.result)
        return self if same else replace(self, message=message, error=error, result=result)


NO_CHANGE = Change()


@dataclass(frozen=True, slots=True)
class Line:
    """An event to append.

    `key`: at most one event of the task carries it. `writer`: refused when another took the task over.
    `only_if`: refused when the task has another status.
    """

    task_id: str
    name: str | None
    data: str
    key: str | None = None
    writer: str | None = None
    last: bool = False
    only_if: Status | None = None
    change: Change = NO_CHANGE

    def masked(self) -> "Line":
        """The same without any configured secret, as it is stored and read."""
        data, change = mask(self.data), self.change.masked()
        return self if data == self.data and change is self.change else replace(self, data=data, change=change)


class LogClosed(Exception):
    """The task has its ending; nothing can follow it."""


class StatusChanged(Exception):
    """The task no longer has the status that the event was meant for."""


class Superseded(LogClosed):
    """Another replica has taken the task over; this writer must stop."""


def ending(error: ScriptToFrameError, status: Status = Status.FAILED) -> Change:
    """The change that a failure makes to its task; what is told of it beside its text is the task's result."""
    clean = well_formed(error.message.replace("\x00", ""))
    return Change(status, clean, clean, error.error_code, result=dump_text(told_of(error) | error.extras))


def told_of(error: ScriptToFrameError) -> dict[str, Any]:
    """What an event or a task tells of an error beside its text and its code."""
    return error.facts() | {"requestId": request_id.get()}


def facts_of(told: dict[str, Any]) -> dict[str, Any]:
    """The same, read back from an event or a task's result."""
    return {name: told[name] for name in _FACTS if told.get(name)}
