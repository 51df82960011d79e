"""The references: which stored picture is removed with its task."""

from pathlib import Path
from uuid import uuid4

import pytest

from imagegen.images.references import StoredImageRefs
from imagegen.images.store import ImageStore, ObjectImageStore, open_store
from imagegen.images.validation import place_of
from tests.lives import Life

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return open_store("", tmp_path)


async def test_a_picture_goes_with_the_last_task_that_refers_to_it(life: Life, store: ImageStore) -> None:
    references, data = StoredImageRefs(life.engine, store), uuid4().bytes
    first, second = str(uuid4()), str(uuid4())
    kept = place_of(data, "image/png")
    await references.keep(first, data, kept)
    await references.keep(second, data, kept)
    await references.forget([first])
    assert await store.get(kept.key) == data
    await references.forget([second])
    with pytest.raises(FileNotFoundError):
        await store.get(kept.key)


async def test_what_could_not_be_removed_is_removed_the_next_time(
    life: Life, store: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    references, task_id = StoredImageRefs(life.engine, store), str(uuid4())
    kept = []
    for data in (uuid4().bytes for _ in range(3)):
        kept.append(place_of(data, "image/png"))
        await references.keep(task_id, data, kept[-1])

    async def broken(_self: ImageStore, _key: str) -> None:
        raise OSError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(ObjectImageStore, "delete", broken)
        with pytest.raises(OSError, match="away"):
            await references.forget([task_id])
    await references.forget([task_id])
    for picture in kept:
        with pytest.raises(FileNotFoundError):
            await store.get(picture.key)
