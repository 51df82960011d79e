"""The workflow *painting*: wait for a slot, submit once, poll, fetch, store."""

import asyncio
import logging
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from imagegen.images.order import Order
from imagegen.images.references import StoredImageRefs
from imagegen.images.slots import Slots, Wait
from imagegen.images.validation import NotAnImage, content_type_of
from shared.errors import (
    Canceled,
    GenerationTimeout,
    ImageGenerationError,
    OutcomeUnknown,
    ScriptToFrameError,
    VendorError,
)
from shared.outbound.retry import Transient, retry_transient
from shared.tasks.context import Work
from shared.tasks.model import Change, Status, ending, told_of
from shared.tasks.store import Tasks
from shared.wire import dump_text

logger = logging.getLogger(__name__)

UNREACHABLE = "unreachable"
FETCH_WAITS = (0.5, 1.0, 2.0, 4.0)
_FORGOTTEN_BY_VENDOR_SECONDS = 12 * 3600.0
_UNKNOWN_HOLDS_SLOT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Result:
    """A finished picture at the vendor: its bytes, or where they are. `raw` is the vendor's own answer, for B4."""

    data: bytes | None = None
    url: str | None = None
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The vendor has taken the order: surely paid from here on."""

    vendor_task_id: str
    result: Result | None = None
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Busy:
    """An explicit "not now", surely not paid. `wait` is the vendor's or the rule's pause; None: the rule decides."""

    code: str
    message: str
    retry_after: float | None = None


class ImageVendor(Protocol):
    """A picture vendor. Calls raise Transient for what may pass, ScriptToFrameError for what is final."""

    account: str

    def check_configured(self) -> bool:
        """Whether it is the sandbox. Raises ConfigurationError."""

    async def submit(self, order: Order) -> Accepted | Busy:
        """Buy. Raises OutcomeUnknown when nobody knows whether it was taken."""

    async def poll(self, vendor_task_id: str) -> Result | None:
        """The result, or None while it is being made."""

    async def fetch(self, url: str) -> bytes:
        """A result's bytes."""

    async def cancel(self, vendor_task_id: str) -> bool:
        """Whether the vendor confirmed the cancel."""

    def pause(self, elapsed: float, polled: int) -> float:
        """Seconds until the next query, `elapsed` seconds after the submit, while so many pictures are polled."""

    def learn(self, seconds: float) -> None:
        """How long the vendor took for a picture."""

    def busy_pause(self, refusals: int, busy: Busy) -> "Pause":
        """How to wait after the `refusals`-th refusal of its kind. Raises when it is to be given up."""

    @property
    def deadline(self) -> float:
        """Seconds after the submit at which an answer is no longer waited for."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds without a slot; `to_end`: then at the end of the queue. `slow_down`: the account takes less for now.

    `number` counts the pauses before the next `to_end`.
    """

    seconds: float
    to_end: bool = False
    slow_down: float = 0
    number: int = 0


class ImageWorkflow:
    """Runner of picture tasks."""

    def __init__(
        self, vendors: dict[str, ImageVendor], slots: Slots, references: StoredImageRefs, tasks: Tasks
    ) -> None:
        self._vendors = vendors
        self._slots = slots
        self._shelf = references
        self._tasks = tasks
        self._polled: Counter[str] = Counter()

    async def run(self, work: Work) -> None:
        order = order_of(work.task.request)
        vendor = self._vendors[order.provider]
        accepted, submitted_at = await self._submitted(work, order, vendor)
        if await self._canceled(work, vendor, accepted.vendor_task_id):
            return
        self._polled[vendor.account] += 1
        try:
            result = accepted.result or await self._result(work, vendor, accepted.vendor_task_id, submitted_at)
        finally:
            self._polled[vendor.account] -= 1
        took = time.time() - submitted_at
        await self._slots.leave(work.task.id, vendor.account, took)
        vendor.learn(took)
        kept = await work.checkpoint("picture", lambda: self._kept(work, vendor, result))
        change = Change(status=Status.COMPLETED, result=dump_text(kept | {"raw": result.raw}))
        data = {"url": kept["url"], "contentType": kept["content_type"], "raw": result.raw, "at": time.time()}
        await work.end("succeeded", data, change)

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        vendor = self._vendors[order_of(work.task.request).provider]
        if type(error) is ScriptToFrameError:
            error = ImageGenerationError(f"图片生成失败: {error.message}")
            error.status = 200
        if isinstance(error, OutcomeUnknown):
            await self._slots.leave_later(work.task.id, vendor.account, _UNKNOWN_HOLDS_SLOT_SECONDS)
        told = told_of(error)
        result = dump_text({"http_status": error.status} | told | error.extras)
        data = {"error": error.message, "errorCode": error.error_code, "raw": error.extras, "at": time.time()}
        await work.end("failed", data | told, replace(ending(error), result=result))
        if not isinstance(error, OutcomeUnknown):
            await self._slots.leave(work.task.id, vendor.account)

    async def _submitted(self, work: Work, order: Order, vendor: ImageVendor) -> tuple[Accepted, float]:
        refusals: Counter[bool] = Counter()
        while True:
            number = refusals.total() + 1
            replayed = await work.started(f"submit-{number}")
            if not replayed:
                await self._wait_for_slot(work, order, vendor.account, number)
            outcome = await work.once(f"submit-{number}", lambda: self._submit(work, vendor, order))
            if "refused" in outcome:
                raise _refusal(outcome["refused"])
            if "busy" not in outcome:
                return await self._accepted(work, outcome)
            busy = Busy(**outcome["busy"])
            refusals[busy.code == UNREACHABLE] += 1
            if not replayed:
                pause = vendor.busy_pause(refusals[busy.code == UNREACHABLE], busy)
                await self._wait_after(work, vendor.account, number, busy, pause)

    async def _wait_for_slot(self, work: Work, order: Order, account: str, number: int) -> None:
        await self._slots.enter(work.task.id, account, order.priority, order.queued_at)
        slot = await self._slots.taken(work.task.id)
        change = Change(status=Status.RUNNING)
        await work.say("submitting", {"worker_id": slot}, key=f"submitting-{number}", change=change)

    async def _submit(self, work: Work, vendor: ImageVendor, order: Order) -> dict[str, Any]:
        """The outcome in JSON's shape, as the step records it. Raises OutcomeUnknown only."""
        try:
            answer = await vendor.submit(order)
        except OutcomeUnknown:
            raise
        except ScriptToFrameError as error:
            refused = {"code": error.error_code, "status": error.status, "message": error.message}
            return {"refused": refused | {"extras": error.extras | error.facts()}}
        match answer:
            case Busy() as busy:
                return {"busy": asdict(busy)}
            case Accepted(vendor_task_id, result, raw):
                kept = await self._kept(work, vendor, result) if result else None
                return {"vendor_task_id": vendor_task_id, "at": time.time(), "raw": raw, "kept": kept}

    async def _accepted(self, work: Work, outcome: dict[str, Any]) -> tuple[Accepted, float]:
        vendor_task_id = outcome["vendor_task_id"]
        logger.info("image.submitted", extra={"task_id": work.task.id, "vendor_task_id": vendor_task_id})
        data = {"vendor_task_id": vendor_task_id, "raw": outcome["raw"], "at": outcome["at"]}
        await work.say("submitted", data, key="submitted", change=Change(vendor_task_id=vendor_task_id or None))
        result = None
        if kept := outcome.get("kept"):
            await work.checkpoint("picture", lambda: _value(kept))
            result = Result()
        return Accepted(vendor_task_id, result, outcome["raw"]), outcome["at"]

    async def _wait_after(self, work: Work, account: str, number: int, busy: Busy, pause: Pause) -> None:
        logger.info("image.refused", extra={"task_id": work.task.id, "code": busy.code, "seconds": pause.seconds})
        data = {"code": busy.code, "number": pause.number, "wait_seconds": pause.seconds, "to_end": pause.to_end}
        await work.say("refused", data, key=f"refused-{number}", change=Change(status=Status.QUEUED))
        await self._slots.postpone(work.task.id, account, Wait(pause.seconds, pause.to_end, pause.slow_down))

    async def _canceled(self, work: Work, vendor: ImageVendor, vendor_task_id: str) -> bool:
        """A cancel that came while the order was on its way to the vendor."""
        task = await self._tasks.find(work.task.id)
        if not (task and task.cancel_requested and vendor_task_id and await vendor.cancel(vendor_task_id)):
            return False
        error = Canceled()
        await work.end("canceled", {"error": error.message}, ending(error, Status.CANCELED))
        await self._slots.leave(work.task.id, vendor.account)
        return True

    async def _result(self, work: Work, vendor: ImageVendor, vendor_task_id: str, submitted_at: float) -> Result:
        """Poll until the vendor is done. The deadline ends answers, not the paid work."""
        overdue = False
        while (elapsed := time.time() - submitted_at) < _FORGOTTEN_BY_VENDOR_SECONDS:
            if not overdue and elapsed >= vendor.deadline:
                overdue = True
                timeout = GenerationTimeout()
                change = Change(error=timeout.message, error_code=timeout.error_code)
                await work.say("overdue", {"error": timeout.message}, key="overdue", change=change)
            pause = vendor.pause(elapsed, self._polled[vendor.account])
            await asyncio.sleep(pause if overdue else min(pause, max(vendor.deadline - elapsed, 0.05)))
            try:
                if result := await vendor.poll(vendor_task_id):
                    return result
            except Transient as passing:
                logger.info("image.poll_failed", extra={"task_id": work.task.id, "reason": str(passing)})
                await asyncio.sleep(passing.retry_after or 0)
        raise GenerationTimeout(taskId=work.task.id)

    async def _kept(self, work: Work, vendor: ImageVendor, result: Result) -> dict[str, Any]:
        data = result.data
        if data is None:
            if not result.url:
                raise ImageGenerationError
            url = result.url
            data = await retry_transient(lambda: vendor.fetch(url), FETCH_WAITS)
        try:
            content_type = await content_type_of(data)
        except NotAnImage as error:
            logger.warning("image.not_a_picture", extra={"reason": str(error)})
            raise ImageGenerationError from error
        stored = await self._shelf.keep(work.task.id, data, content_type)
        return asdict(stored) | {"url": None if result.data else result.url}


def _refusal(refused: dict[str, Any]) -> ScriptToFrameError:
    error = VendorError(refused["message"], **refused["extras"])
    error.error_code, error.status = refused["code"], refused["status"]
    return error


async def _value(value: Any) -> Any:
    return value


def order_of(request: dict[str, Any]) -> Order:
    return Order(**request)
