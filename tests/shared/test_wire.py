"""JSON as it goes over the wire."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.wire import dump_line, dumps, half_up, iso_time, loads, well_formed

TEXT = st.text(st.characters(exclude_categories=[])) | st.text(st.sampled_from("\ud83d\ude00\u2028\u0085\x00\r\n雨"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_whatever_json_says_comes_back(value: Any) -> None:
    assert json.loads(dumps(value)) == json.loads(json.dumps(value))


@given(JSON)
def test_no_reader_can_split_a_line(value: Any) -> None:
    line = dump_line(value)
    assert len(line.splitlines()) == 1
    assert loads(line) == json.loads(json.dumps(value))


@given(TEXT)
def test_well_formed_text_can_be_encoded_and_keeps_what_was_well(text: str) -> None:
    clean = well_formed(text)
    clean.encode()
    if text.isprintable() and clean == text:
        assert well_formed(clean) == text
    assert well_formed("\ud83d\ude00" + clean) == "\U0001f600" + clean


def test_chinese_is_not_escaped() -> None:
    assert dumps({"文": "雨夜"}) == '{"文":"雨夜"}'.encode()


@pytest.mark.parametrize("bad", ["", "{", "nope", "{'a':1}", b"\xff"])
def test_what_is_not_json_is_a_value_error(bad: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 whichever parser speaks
        loads(bad)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(12.5, 1, 13), (25, 2, 13), (0.5, 1, 1), (1.5, 1, 2), (2.4, 1, 2), (100, 3, 33), (200, 3, 67), (5, 0, 0)],
)
def test_halves_go_up(numerator: float, denominator: float, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


def test_time_is_utc_with_milliseconds() -> None:
    moment = datetime(2025, 12, 24, 18, 0, 0, 1999, tzinfo=timezone(timedelta(hours=8)))
    assert iso_time(moment) == "2025-12-24T10:00:00.001Z"
    assert iso_time(datetime(2025, 1, 1, tzinfo=UTC)) == "2025-01-01T00:00:00.000Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", iso_time())
