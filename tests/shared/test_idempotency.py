"""Idempotency-Key: the same key and body lead to the same task."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import IdempotencyKeyReused, InvalidParameter
from shared.tasks.accept import Accepted, IdempotencyKey, checked, fingerprint
from shared.tasks.model import ANALYSIS, NewTask
from tests.lives import Life

pytestmark = pytest.mark.anyio


def key(name: str, body: Any = None, endpoint: str = "analyse") -> IdempotencyKey:
    return IdempotencyKey(endpoint, name, fingerprint(body, {}))


async def accept(life: Life, known: IdempotencyKey | None, owner: str = "") -> Accepted:
    return await life.registry.accept(NewTask(str(uuid4()), ANALYSIS, {}, owner), known)


async def test_many_at_once_make_one_task(life: Life, other: Life) -> None:
    same = key(str(uuid4()))
    found = await asyncio.gather(*(accept(one, same) for one in (life, other) for _ in range(6)))
    assert len({registered.task_id for registered in found}) == 1
    assert [registered.created for registered in found].count(True) == 1
    assert await life.registry.lookup("", same) == found[0].task_id


async def test_another_body_is_refused(life: Life) -> None:
    name = str(uuid4())
    await accept(life, key(name, {"a": 1}))
    with pytest.raises(IdempotencyKeyReused):
        await accept(life, key(name, {"a": 2}))
    with pytest.raises(IdempotencyKeyReused):
        await life.registry.lookup("", key(name, {"a": 2}))


async def test_endpoints_and_owners_are_apart(life: Life) -> None:
    name = str(uuid4())
    first = await accept(life, key(name))
    second = await accept(life, key(name, endpoint="other"))
    third = await accept(life, key(name), owner="b" * 24)
    assert len({first.task_id, second.task_id, third.task_id}) == 3
    assert await life.registry.lookup("c" * 24, key(name)) is None


async def test_without_a_key_every_request_is_new(life: Life) -> None:
    first, second = await accept(life, None), await accept(life, None)
    assert (first.created, second.created) == (True, True)
    assert first.task_id != second.task_id


async def test_a_request_stopped_before_its_work_leaves_its_key_free(life: Life) -> None:
    name = str(uuid4())
    first = await accept(life, key(name))
    await life.registry.free_key(first.task_id)
    assert await life.registry.lookup("", key(name)) is None
    again = await accept(life, key(name, "another body"))
    assert again.created
    assert await life.tasks.find(first.task_id) is not None, "what was tried can still be seen"


@pytest.mark.parametrize("bad", ["", "k" * 256, "a\x00b"])
async def test_a_key_out_of_bounds_is_refused(bad: str) -> None:
    with pytest.raises(InvalidParameter):
        checked(bad)


async def test_a_key_of_255_characters_is_taken(life: Life) -> None:
    assert (await accept(life, key(checked("键" * 219 + str(uuid4()))))).created


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def turned(value: Any) -> Any:
    """The same JSON with its keys in another order."""
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_the_order_of_keys_does_not_matter(body: Any) -> None:
    assert fingerprint(body, {"a": "1", "b": "2"}) == fingerprint(turned(body), {"b": "2", "a": "1"})


@pytest.mark.parametrize(
    ("one", "two"),
    [({"a": 1}, {"a": "1"}), ([1, 2], [2, 1]), ({"a": None}, {}), ("", None), ({"a": [1]}, {"a": 1}), (0, False)],
)
def test_other_json_is_another_request(one: Any, two: Any) -> None:
    assert fingerprint(one, {}) != fingerprint(two, {})


def test_another_query_is_another_request() -> None:
    assert fingerprint({}, {"stream": "true"}) != fingerprint({}, {})
