"""The picture store: content-addressed objects, in files under DATA_DIR or in an object store."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

if TYPE_CHECKING:
    from obstore import GetResult


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """`key` is its place in the store, derived from its content alone."""

    key: str
    content_type: str
    size: int
    sha256: str


class ImageStore(Protocol):
    """Where pictures are kept."""

    async def put(self, data: bytes, content_type: str) -> StoredPicture: ...

    async def get(self, key: str) -> bytes: ...

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, piece by piece. Raises FileNotFoundError before the first."""

    async def delete(self, key: str) -> None: ...


class ObjectPictureStore:
    """Any store that obstore speaks to."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, data: bytes, content_type: str) -> StoredPicture:
        place = place_of(data, content_type)
        await obstore.put_async(self._store, place.key, data)
        return place

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


def place_of(data: bytes, content_type: str) -> StoredPicture:
    """Where a picture with this content is kept."""
    digest = hashlib.sha256(data).hexdigest()
    key = f"{digest[:2]}/{digest[2:4]}/{digest}.{'jpg' if content_type == 'image/jpeg' else 'png'}"
    return StoredPicture(key, content_type, len(data), digest)


def open_store(url: str, data_dir: Path) -> ImageStore:
    """The store at `url` (`s3://…`, `gs://…`, `file://…`), or files under `data_dir/pictures`."""
    if url:
        return ObjectPictureStore(from_url(url))
    folder = (data_dir / "pictures").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return ObjectPictureStore(LocalStore(folder))
