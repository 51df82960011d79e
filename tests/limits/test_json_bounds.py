"""How deep a body may nest, whatever its chunks are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.json_bounds import Nesting, NestingTooDeep

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab"\\[]{}中!\n'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='k"\\[{'), inner, max_size=3),
    max_leaves=12,
)


def depth(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def fits(text: bytes, deepest: int, size: int) -> bool:
    nesting = Nesting(deepest)
    try:
        for start in range(0, len(text), size):
            nesting.feed(text[start : start + size])
    except NestingTooDeep:
        return False
    return True


@given(JSON, st.integers(1, 5), st.integers(1, 9), st.booleans())
def test_it_agrees_with_a_parser_at_every_chunk_size(value: Any, deepest: int, size: int, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped).encode()
    assert fits(text, deepest, size) is (depth(value) <= deepest)


@pytest.mark.parametrize("text", [b'"[[[[[[', b'"\\"[[[[[', b'{"a":"{{{{{{"}', b"[]" * 50, b'"' + b'\\"' * 30_000])
def test_brackets_in_strings_and_beside_each_other_do_not_count(text: bytes) -> None:
    assert fits(text, 3, 65_536)


@pytest.mark.parametrize("text", [b"[[[[", b'{"a":{"b":{"c":{}}}}', b'["\\\\",[[[', b"]]]][[[[[[[["])
def test_too_deep_is_too_deep(text: bytes) -> None:
    assert not fits(text, 3, 65_536)
