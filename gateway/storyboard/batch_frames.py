"""The frames of a batch, and what is told of each when it is done."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.images import PictureEvent, content_path
from shared.errors import GenerationTimeout, ScriptToFrameError
from shared.tasks.model import facts_of, told_of
from shared.wire import half_up, iso_time


@dataclass(frozen=True, slots=True)
class BatchFrame:
    """A valid frame: `position` of `total` from 1 on, its picture as it came, without its old imageUrl."""

    position: int
    total: int
    frame: dict[str, Any]

    @property
    def sequence(self) -> float | str:
        """The frame's own number or name; its position where it has none, or something that is neither."""
        given = self.frame.get("sequence")
        return given if given and isinstance(given, int | float | str) and given is not True else self.position

    @property
    def prompt(self) -> Any:
        return self.frame.get("prompt") or self.frame.get("jimengPrompt")

    def form(self, config: dict[str, Any] | None) -> dict[str, Any]:
        """What imagegen is asked for."""
        return {"prompt": self.prompt, "frame": self.frame, "config": config}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a frame ended. A picture of which only the bytes are known has its content path as its link."""

    image_url: str | None = None
    error: str | None = None
    task_id: str | None = None
    response_ms: int = 0
    at: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def content_url(self) -> str | None:
        """Where the image is for as long as its task is kept; the vendor's link dies after a day."""
        return content_path(self.task_id) if self.task_id and self.image_url else None

    def told(self, shot: BatchFrame, progress: int) -> dict[str, Any]:
        """The event of the stream."""
        shown = {
            "type": "frame_complete",
            "sequence": shot.sequence,
            "imageUrl": self.image_url,
            "contentUrl": self.content_url,
        }
        if self.error is not None:
            shown = {"type": "frame_error", "sequence": shot.sequence, "error": self.error} | self.facts
        shown |= {"progress": progress, "responseTime": self.response_ms, "current": shot.position}
        return shown | {"generatedAt": self.at} | ({"taskId": self.task_id} if self.task_id else {})

    def item(self, shot: BatchFrame) -> dict[str, Any]:
        """The entry of the JSON answer."""
        return {
            "sequence": shot.sequence,
            "imageUrl": self.image_url,
            "contentUrl": self.content_url,
            "error": self.error,
            "prompt": _text(shot.prompt),
            "chineseDescription": _text(shot.frame.get("chineseDescription") or shot.frame.get("displayDescription")),
            "frameType": _text(shot.frame.get("frameType")),
            "progress": half_up(100 * shot.position, shot.total),
            "generatedAt": self.at,
            "responseTime": self.response_ms,
            "taskId": self.task_id,
        } | self.facts


def _text(given: object) -> str | None:
    return given if isinstance(given, str) else None


def recalled(told: dict[str, Any]) -> tuple[int, Outcome]:
    """Position and outcome, read back from the event of the stream."""
    ids = told.get("imageUrl"), told.get("error"), told.get("taskId")
    return told["current"], Outcome(*ids, told["responseTime"], told["generatedAt"], facts_of(told))


def refused(error: ScriptToFrameError) -> Outcome:
    """The frame never became a picture task."""
    facts = {"errorCode": error.error_code} | told_of(error)
    return Outcome(error=error.message, at=iso_time(), facts=facts)


def ended(image_id: str, event: PictureEvent, submitted_at: float | None) -> Outcome:
    """What a picture's last event, or its running late, means for its frame."""
    moment = float(event.data.get("at") or datetime.now(UTC).timestamp())
    took = 0 if submitted_at is None else max(1, half_up((moment - submitted_at) * 1000))
    at = iso_time(datetime.fromtimestamp(moment, UTC))
    match event.name:
        case "succeeded":
            return Outcome(event.data.get("url") or content_path(image_id), None, image_id, took, at)
        case "overdue":
            facts = {"errorCode": GenerationTimeout.error_code}
            return Outcome(None, GenerationTimeout.text, image_id, took, at, facts)
    error = str(event.data.get("error") or "任务执行失败")
    return Outcome(None, error, image_id, took, at, facts_of(event.data))


def stats(outcomes: list[Outcome]) -> dict[str, int]:
    success = sum(outcome.error is None for outcome in outcomes)
    return {
        "total": len(outcomes),
        "success": success,
        "failed": len(outcomes) - success,
        "successRate": half_up(100 * success, len(outcomes)),
        "averageTime": half_up(sum(outcome.response_ms for outcome in outcomes), len(outcomes)),
    }
