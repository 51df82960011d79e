"""Whether images can be stored: nothing is bought while they cannot, and what is paid for waits until they can."""

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from imagegen.images.store import ImageStore
from shared.concurrency import forever
from shared.errors import Reason, ScriptToFrameError

logger = logging.getLogger(__name__)

# An image of Jimeng has up to 20 MB; some of them at once, and room for the database beside them.
LEAST_FREE_BYTES = 200 * 1024 * 1024
_PROBE_SECONDS = 1.0
_PROBE = b"a probe of the image store"


class StorageUnavailable(ScriptToFrameError):
    status, error_code, text = 503, "STORAGE_FULL", "图片存储已满或不可用"

    def __init__(self) -> None:
        super().__init__(reason=Reason.STORAGE_FULL)


def free_bytes_of(folder: Path) -> Callable[[], int]:
    return lambda: shutil.disk_usage(folder).free


class StorageGate:
    """Closed by a failed write or a full disk, opened by a successful probe. `free_bytes`: None for an object store."""

    def __init__(self, store: ImageStore, free_bytes: Callable[[], int] | None) -> None:
        self._store = store
        self._free_bytes = free_bytes
        self._open = asyncio.Event()
        self._open.set()
        self._looked = 0.0

    @property
    def writable(self) -> bool:
        return self._open.is_set()

    def obstacle(self) -> ScriptToFrameError | None:
        """Why this process is not ready to take work."""
        return None if self.writable else StorageUnavailable()

    def close(self, reason: str) -> None:
        """A write has failed."""
        if self._open.is_set():
            logger.error("storage.unavailable", extra={"reason": reason})
            self._open.clear()

    async def wait(self) -> None:
        """Until images can be stored."""
        if self._open.is_set() and time.monotonic() - self._looked > _PROBE_SECONDS:
            self._looked = time.monotonic()
            await self._look_at_disk()
        await self._open.wait()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["StorageGate"]:
        async with forever(self._probe_forever(), "storage.probe"):
            yield self

    async def _look_at_disk(self) -> bool:
        if self._free_bytes is None:
            return True
        try:
            free = await asyncio.to_thread(self._free_bytes)
        except OSError as error:
            self.close(type(error).__name__)
            return False
        if free < LEAST_FREE_BYTES:
            self.close(f"{free} bytes free")
            return False
        return True

    async def _probe_forever(self) -> None:
        while True:
            await asyncio.sleep(_PROBE_SECONDS)
            if not await self._look_at_disk() or self._open.is_set():
                continue
            try:
                key = f"probe/{uuid4().hex}"
                await self._store.probe(key, _PROBE)
            except Exception as error:  # whatever a store raises, it cannot be written to
                logger.info("storage.still_unavailable", extra={"reason": type(error).__name__})
            else:
                logger.info("storage.available")
                self._open.set()
