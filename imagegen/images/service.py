"""The order service: accepts picture orders, shows how they stand, hands out pictures, takes cancels."""

import base64
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from imagegen.images import endings
from imagegen.images.order import Order
from imagegen.images.queue_position import Place, place_in_queue
from imagegen.images.slots import Slots
from imagegen.images.store import ImageStore
from imagegen.images.vendor import ImageVendor
from imagegen.images.workflow import order_of
from shared.errors import ImageNotFound, ImageNotReady
from shared.image_request import ID_PREFIXES, new_image_id
from shared.tasks.accept import Accepted, IdempotencyKey
from shared.tasks.model import IMAGE, Event, LogClosed, NewTask, Status, StatusChanged, Task
from shared.tasks.runtime import Core


@dataclass(frozen=True, slots=True)
class Picture:
    """An order as it stands."""

    task: Task
    order: Order
    place: Place | None = None

    @property
    def finished(self) -> bool:
        return self.task.closed

    @property
    def kept(self) -> dict[str, Any] | None:
        """Where the finished picture is kept, or None."""
        return self.task.result if self.task.status is Status.COMPLETED else None


class ImageService:
    """All about orders but the painting itself."""

    def __init__(self, core: Core, vendors: dict[str, ImageVendor], slots: Slots, store: ImageStore) -> None:
        self._core = core
        self._vendors = vendors
        self._slots = slots
        self._store = store

    async def accept(
        self, order: Order, owner: str, key: IdempotencyKey | None, parent: str | None = None, image_id: str = ""
    ) -> Accepted:
        """Store the order and start its painting; a new image gets `image_id` where one is proposed.

        Raises ConfigurationError, IdempotencyKeyReused, TooManyRequests.
        """
        demo = self._vendors[order.provider].check_configured()
        task = NewTask(image_id or new_image_id(order.provider), IMAGE, asdict(order), owner, demo, parent=parent)
        return await self._core.registry.accept(task, key)

    async def find(self, image_id: str, owner: str | None) -> Picture:
        """The order. Raises ImageNotFound, also for somebody else's."""
        task = await self._core.tasks.find(image_id, owner)
        if task is None or task.kind != IMAGE:
            raise ImageNotFound(f"未找到图片 {image_id}")
        queued = task.status is Status.QUEUED
        place = await place_in_queue(self._core.database.engine, image_id) if queued else None
        return Picture(task, order_of(task.request), place)

    async def ended(self, image_id: str) -> None:
        """Wait until the order is finished."""
        await self._core.log.following.until_last(image_id)

    def events(self, image_id: str, after: int = 0) -> AsyncIterator[Event]:
        return self._core.log.following.events(image_id, after)

    async def drop(self, image_id: str, *, for_now: bool = False) -> bool:
        """Cancel the order if nothing has been paid for yet; whether it was. `for_now`: it will be ordered again."""
        return await self._close_canceled(image_id, only_if=Status.QUEUED, for_now=for_now)

    async def _close_canceled(self, image_id: str, only_if: Status | None = None, *, for_now: bool = False) -> bool:
        try:
            await self._core.log.append(endings.canceled(image_id, only_if=only_if, for_now=for_now))
        except (StatusChanged, LogClosed):
            return False
        await self._slots.leave(image_id, self._account(image_id))
        return True

    async def abandon(self, image_id: str) -> None:
        """Its only reader left: drop it if it waits, and let the same Idempotency-Key start anew."""
        if await self.drop(image_id):
            await self._core.registry.free_key(image_id)

    async def unfinished(self, parent: str, owner: str) -> list[Picture]:
        """The orders made on behalf of a task that have no ending yet."""
        ids = await self._core.tasks.unfinished_of(parent)
        found = [await self._core.tasks.find(image_id, owner) for image_id in ids]
        return [Picture(task, order_of(task.request)) for task in found if task and task.kind == IMAGE]

    async def cancel(self, picture: Picture) -> None:
        """Cancel as far as the vendor allows: contract §4.3."""
        if picture.finished or await self.drop(picture.task.id):
            return
        await self._core.tasks.request_cancel(picture.task.id)
        await self._cancel_at_vendor(picture)

    async def _cancel_at_vendor(self, picture: Picture) -> None:
        vendor = self._vendors[picture.order.provider]
        task = await self._core.tasks.find(picture.task.id)
        if task and task.vendor_task_id and await vendor.cancel(task.vendor_task_id):
            await self._close_canceled(picture.task.id)

    def _account(self, image_id: str) -> str:
        provider = next(name for name, prefix in ID_PREFIXES.items() if image_id.startswith(prefix))
        return self._vendors[provider].account

    async def content(self, picture: Picture) -> tuple[dict[str, Any], AsyncIterator[bytes]]:
        """How the picture is kept, and its bytes. Raises ImageNotReady, ImageNotFound."""
        if not picture.finished:
            raise ImageNotReady().retry_after(2)
        missing = ImageNotFound(f"图片 {picture.task.id} 没有可用的内容")
        if (kept := picture.kept) is None:
            raise missing
        try:
            return kept, await self._store.stream(kept["key"])
        except FileNotFoundError as error:
            raise missing from error

    async def image_url(self, picture: Picture) -> str | None:
        """The vendor's link, or a data URL where the vendor sent bytes; None for an unfinished picture."""
        if (kept := picture.kept) is None:
            return None
        if url := kept["url"]:
            return str(url)
        data = await self._store.get(kept["key"])
        return f"data:{kept['content_type']};base64,{base64.b64encode(data).decode()}"
