"""The runner of images: wait for a slot, submit once, then poll, fetch and store for as long as the vendor has it."""

import asyncio
import logging
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from imagegen.images import endings
from imagegen.images.order import Order
from imagegen.images.references import StoredImageRefs
from imagegen.images.slots import Slots
from imagegen.images.storage_gate import StorageGate, StorageUnavailable
from imagegen.images.validation import NotAnImage, looks_like_text, stored_image_of
from imagegen.images.vendor import UNREACHABLE, Accepted, Busy, ImageVendor, Result
from shared.errors import (
    Canceled,
    ConfigurationError,
    GenerationTimeout,
    ImageGenerationError,
    OutcomeUnknown,
    Reason,
    ScriptToFrameError,
    VendorError,
)
from shared.outbound.retry import Transient
from shared.tasks.context import Work
from shared.tasks.model import Change, Status
from shared.tasks.store import Tasks

logger = logging.getLogger(__name__)

# Volcengine: "tasks can be queried for 12 hours"; a link of its answers lives as long.
_FORGOTTEN_BY_VENDOR_SECONDS = 12 * 3600.0
_UNKNOWN_HOLDS_SLOT_SECONDS = 10.0
# Longer than the clients' own timeouts between two bytes (30 s): it ends answers that trickle.
_VENDOR_CALL_SECONDS = 45.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
# Bytes that are no image and no page of text either: the vendor has made something else.
_TRIES_IN_ANSWER, _TRIES_OF_LINK = 3, 6


@dataclass(slots=True)
class _Paid:
    """An image that the vendor has taken. `age`: seconds since the submit, counted on while this process lives."""

    vendor_task_id: str
    raw: Any
    stored: dict[str, Any] | None
    age_at_start: float
    started: float = field(default_factory=time.monotonic)
    in_slot: bool = True
    overdue: bool = False
    troubles: int = 0

    @property
    def age(self) -> float:
        return self.age_at_start + time.monotonic() - self.started


class ImageWorkflow:
    """Runner of image tasks."""

    def __init__(
        self,
        vendors: dict[str, ImageVendor],
        slots: Slots,
        references: StoredImageRefs,
        tasks: Tasks,
        gate: StorageGate,
    ) -> None:
        self._vendors = vendors
        self._slots = slots
        self._references = references
        self._tasks = tasks
        self._gate = gate
        self._polled: Counter[str] = Counter()

    async def run(self, work: Work) -> None:
        order = order_of(work.task.request)
        vendor = self._vendors[order.provider]
        try:
            paid = await self._bought(work, order, vendor)
        except Canceled:
            # Its batch or request has ended: nobody is left who asked for it.
            await self._cancel(work, vendor)
            return
        task = await self._tasks.find(work.task.id)
        # A cancel that came while the order was on its way to the vendor.
        if task and task.cancel_requested and paid.vendor_task_id and await vendor.cancel(paid.vendor_task_id):
            await self._cancel(work, vendor)
            return
        if paid.stored:
            await self._slots.leave(work.task.id, vendor.account, paid.age)
            await endings.succeed(work, paid.stored, None)
            return
        self._polled[vendor.account] += 1
        try:
            stored, raw = await self._obtained(work, vendor, paid)
        finally:
            self._polled[vendor.account] -= 1
        await endings.succeed(work, stored, raw)

    async def _cancel(self, work: Work, vendor: ImageVendor) -> None:
        await work.log.append(endings.canceled(work.task.id))
        await self._slots.leave(work.task.id, vendor.account)

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        account = self._vendors[order_of(work.task.request).provider].account
        unknown = isinstance(error, OutcomeUnknown)
        if unknown:
            # The vendor may be busy with something that we have lost sight of.
            await self._slots.leave_later(work.task.id, account, _UNKNOWN_HOLDS_SLOT_SECONDS)
        await endings.fail(work, error)
        if not unknown:
            await self._slots.leave(work.task.id, account)

    async def _bought(self, work: Work, order: Order, vendor: ImageVendor) -> _Paid:
        """Submit as often as the vendor surely refuses, each time with a slot; a replay finds what was recorded."""
        refusals: Counter[bool] = Counter()
        while True:
            number = refusals.total() + 1
            replayed = await work.started(f"submit-{number}")
            if not replayed:
                slot = await self._slot(work, order, vendor.account)
                change = Change(status=Status.RUNNING)
                await work.say("submitting", {"worker_id": slot}, key=f"submitting-{number}", change=change)
            outcome = await work.once(f"submit-{number}", lambda: self._submitted(work, vendor, order))
            if refused := outcome.get("refused"):
                error = VendorError(refused["message"], **refused["extras"])
                error.error_code, error.status = refused["code"], refused["status"]
                raise error
            if "busy" not in outcome:
                break
            busy = Busy(**outcome["busy"])
            refusals[busy.code == UNREACHABLE] += 1
            if not replayed:
                pause = vendor.busy_pause(refusals[busy.code == UNREACHABLE], busy)
                logger.info("image.refused", extra={"task_id": work.task.id, "code": busy.code, "pause": pause.seconds})
                data = {
                    "code": busy.code,
                    "number": pause.number,
                    "wait_seconds": pause.seconds,
                    "to_end": pause.to_end,
                }
                await work.say("refused", data, key=f"refused-{number}", change=Change(status=Status.QUEUED))
                await self._slots.postpone(work.task.id, vendor.account, pause)
        vendor_task_id, at = outcome["vendor_task_id"], outcome["at"]
        logger.info("image.submitted", extra={"task_id": work.task.id, "vendor_task_id": vendor_task_id})
        data = {"vendor_task_id": vendor_task_id, "raw": outcome["raw"], "at": at}
        await work.say("submitted", data, key="submitted", change=Change(vendor_task_id=vendor_task_id or None))
        return _Paid(vendor_task_id, outcome["raw"], outcome.get("kept"), max(0.0, time.time() - at))

    async def _slot(self, work: Work, order: Order, account: str) -> int:
        """A slot, taken while images can be stored: nothing is bought that could not be kept."""
        while True:
            await self._gate.wait()
            await self._slots.enter(work.task.id, account, order.priority, order.queued_at)
            slot = await self._slots.taken(work.task.id)
            if self._gate.writable:
                return slot
            await self._slots.leave(work.task.id, account)

    async def _submitted(self, work: Work, vendor: ImageVendor, order: Order) -> dict[str, Any]:
        """The outcome in JSON's shape, as the step records it. Raises OutcomeUnknown only."""
        try:
            async with asyncio.timeout(_VENDOR_CALL_SECONDS):
                answer = await vendor.submit(order)
        except OutcomeUnknown:
            raise
        except TimeoutError as error:
            raise OutcomeUnknown from error
        except ScriptToFrameError as error:
            refused = {"code": error.error_code, "status": error.status, "message": error.message}
            return {"refused": refused | {"extras": error.extras | error.facts()}}
        match answer:
            case Busy() as busy:
                return {"busy": asdict(busy)}
            case Accepted(vendor_task_id, result, raw):
                kept = await self._kept_at_once(work, vendor, result, known_by_id=bool(vendor_task_id))
                return {"vendor_task_id": vendor_task_id, "at": time.time(), "raw": raw, "kept": kept}

    async def _kept_at_once(
        self, work: Work, vendor: ImageVendor, result: Result | None, *, known_by_id: bool
    ) -> dict[str, Any] | None:
        """An image that came with the submit's answer; None when it has to be asked for."""
        while result:
            try:
                return await self._kept(work, vendor, result)
            except (Transient, NotAnImage, StorageUnavailable) as error:
                if known_by_id:
                    return None
                # Nobody can be asked for it again: it is here or nowhere.
                if not isinstance(error, StorageUnavailable):
                    raise ImageGenerationError(reason=Reason.OUTPUT_NOT_A_PICTURE) from error
                await self._gate.wait()
        return None

    async def _obtained(self, work: Work, vendor: ImageVendor, paid: _Paid) -> tuple[dict[str, Any], Any]:
        """Poll until the vendor is done, then fetch and store.

        What goes wrong on the way is tried again, with a fresh link, for as long as the vendor has the image.
        """
        no_images = 0
        while paid.age < _FORGOTTEN_BY_VENDOR_SECONDS:
            await self._wait(work, vendor, paid)
            try:
                async with asyncio.timeout(_VENDOR_CALL_SECONDS):
                    result = await vendor.poll(paid.vendor_task_id)
                if result is not None:
                    return await self._delivered(work, vendor, paid, result), result.raw
                paid.troubles = 0
            except StorageUnavailable:
                await self._room(vendor, paid)
            except (Transient, TimeoutError, NotAnImage, ConfigurationError) as error:
                paid.troubles += 1
                told = {"task_id": work.task.id, "reason": str(error), "tries": paid.troubles}
                logger.warning("image.trouble", extra=told)
                if isinstance(error, NotAnImage) and error.tries:
                    no_images += 1
                    if no_images >= error.tries:
                        raise ImageGenerationError(reason=Reason.OUTPUT_NOT_A_PICTURE) from error
                if isinstance(error, Transient):
                    await asyncio.sleep(error.retry_after or 0)
        raise GenerationTimeout(taskId=work.task.id, reason=Reason.PICTURE_LOST)

    async def _wait(self, work: Work, vendor: ImageVendor, paid: _Paid) -> None:
        """Until the next query. The deadline ends answers, not the paid work."""
        if not paid.overdue and paid.age >= vendor.deadline:
            paid.overdue = True
            timeout = GenerationTimeout()
            change = Change(error=timeout.message, error_code=timeout.error_code)
            await work.say("overdue", {"error": timeout.message}, key="overdue", change=change)
        pause = vendor.pause(paid.age, self._polled[vendor.account]) if paid.in_slot else 0.0
        if paid.troubles:
            pause = max(pause, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(paid.troubles - 1, 10)))
        await asyncio.sleep(pause if paid.overdue else min(pause, max(vendor.deadline - paid.age, 0.05)))

    async def _room(self, vendor: ImageVendor, paid: _Paid) -> None:
        """Until images can be stored, or until the callers have to be told that it takes longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if paid.overdue else max(vendor.deadline - paid.age, 0)):
                await self._gate.wait()

    async def _delivered(self, work: Work, vendor: ImageVendor, paid: _Paid, result: Result) -> dict[str, Any]:
        """The slot is given back before the image is fetched: the vendor is done."""
        if paid.in_slot:
            paid.in_slot = False
            vendor.learn(paid.age)
            await self._slots.leave(work.task.id, vendor.account, paid.age)
        return await work.checkpoint("picture", lambda: self._kept(work, vendor, result))

    async def _kept(self, work: Work, vendor: ImageVendor, result: Result) -> dict[str, Any]:
        """How the image is stored. Raises Transient, NotAnImage, StorageUnavailable; final is nothing here."""
        data = result.data
        if data is None:
            if not result.url:
                raise ImageGenerationError
            data = await vendor.fetch(result.url)
        try:
            image = await stored_image_of(data)
        except NotAnImage as error:
            # A page of text behind a link is the delivery network's trouble, not the image's.
            link = _TRIES_OF_LINK if not looks_like_text(data) else None
            error.tries = _TRIES_IN_ANSWER if result.data else link
            raise
        try:
            await self._references.keep(work.task.id, data, image)
        except OSError as error:
            self._gate.close(type(error).__name__)
            raise StorageUnavailable from error
        return asdict(image) | {"url": None if result.data else result.url}


def order_of(request: dict[str, Any]) -> Order:
    return Order(**request)
