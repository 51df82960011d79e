"""JSON bodies are parsed strictly, and what a caller sends can be read back."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from shared.image_request import MOST_UNUSED_BYTES, bounded
from shared.web.json_body import parsed

ANY_TEXT = st.text(st.characters(exclude_categories=()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=12,
)


def refusal(raw: bytes) -> str:
    with pytest.raises(HTTPException) as refused:
        parsed(raw)
    assert refused.value.status_code == 422
    return str(refused.value.detail)


@given(JSON)
def test_what_was_sent_is_read_lone_surrogates_too(value: Any) -> None:
    assert parsed(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[1,]", b"{'a':1}", b'{"a":1}x', b"[01]", b'["\x00"]', b'["a\nb"]', b"nul"]
)
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        parsed(raw)


@pytest.mark.parametrize("raw", [b'"\xed\xa0\x80"', b'"\xc3\x28"', b"\xff\xfe{\x00}\x00", '"中"'.encode("utf-16")])
def test_what_is_no_utf_8_is_refused(raw: bytes) -> None:
    assert refusal(raw) == "请求参数无效: body: 不是有效的UTF-8"


@pytest.mark.parametrize("before", [b"", b'"\\ud800",'])
@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_nested_too_deeply_is_refused(before: bytes, opened: bytes, closed: bytes) -> None:
    fits = b"[" + before + opened * 90 + b"1" + closed * 90 + b"]"
    assert parsed(fits)
    assert "嵌套" in refusal(b"[" + before + opened * 100_000 + b"1" + closed * 100_000 + b"]")


def test_a_byte_order_mark_and_special_numbers_are_read() -> None:
    assert parsed(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    assert math.isnan(parsed(b"[NaN]")[0])


def test_of_a_frame_what_is_used_is_kept_and_the_rest_within_bounds() -> None:
    used = {"prompt": "雨" * 100_000, "sequence": 3, "frameType": "开始帧", "chineseDescription": "夜" * 100_000}
    small = {"id": "frame_3", "camera_angle": "俯拍"}
    large = {"imageUrl": "data:image/png;base64," + "A" * MOST_UNUSED_BYTES, "layers": [[0] * 50] * 2000}
    assert bounded(used | large | small) == used | small
    assert bounded({"sequence": {"deep": ["x" * MOST_UNUSED_BYTES]}}) == {}
    many = bounded({f"note {number}": "x" * 1000 for number in range(1000)})
    assert many
    assert len(json.dumps(many)) < 1.1 * MOST_UNUSED_BYTES
    assert bounded(None) is None
