"""The picture store: content-addressed objects, in files under DATA_DIR or in an object store."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

if TYPE_CHECKING:
    from obstore import GetResult


class StoreUnavailable(OSError):
    """The store cannot do it now: it is full, away, or refuses."""


class ImageStore(Protocol):
    """Where pictures are kept."""

    async def put(self, key: str, data: bytes) -> None:
        """Durable when it returns. Raises OSError."""

    async def probe(self, key: str, data: bytes) -> None:
        """Write and remove again. Raises OSError."""

    async def get(self, key: str) -> bytes: ...

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, piece by piece. Raises FileNotFoundError before the first."""

    async def delete(self, key: str) -> None: ...


class ObjectImageStore:
    """Any store that obstore speaks to."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, data: bytes) -> None:
        try:
            await obstore.put_async(self._store, key, data)
            if isinstance(self._store, LocalStore):
                await asyncio.to_thread(_sync_to_disk, Path(str(self._store.prefix)) / key)
        except BaseError as error:
            raise StoreUnavailable(type(error).__name__) from error

    async def probe(self, key: str, data: bytes) -> None:
        await self.put(key, data)
        await self.delete(key)

    async def get(self, key: str) -> bytes:
        result = await obstore.get_async(self._store, key)
        return bytes(await result.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        result = await obstore.get_async(self._store, key)
        return _pieces(result)

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return


async def _pieces(result: "GetResult") -> AsyncIterator[bytes]:
    async for chunk in result.stream(min_chunk_size=256 * 1024):
        yield bytes(chunk)


def _sync_to_disk(path: Path) -> None:
    """A rename is not durable before its folder is: a power cut must not leave a finished task without its image."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def open_store(url: str, data_dir: Path) -> ImageStore:
    """The store at `url` (`s3://…`, `gs://…`, `file://…`), or files under `data_dir/pictures`."""
    if url:
        return ObjectImageStore(from_url(url))
    folder = (data_dir / "pictures").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return ObjectImageStore(LocalStore(folder))
