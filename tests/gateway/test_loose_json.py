"""JSON as models write it is read; JSON that broke off gives what was complete."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.text.loose_json import read_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
ANSWER = {"frames": [{"frame": 1, "prompt": "a cat, {{c1}}"}, {"frame": 2, "prompt": "他说：“走”"}], "end": 9}
TEXT = json.dumps(ANSWER, ensure_ascii=False)


@given(JSON)
def test_json_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps(value)).value == value


@settings(max_examples=300)
@given(st.text() | st.text(alphabet="{}[]\"'“”,:：\\ \n1u<think>/"))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    read_json(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 50_000, '"' * 200_000, '{"' + '" ' * 100_000, "{'a'" + "," * 200_000, '{"a":]' * 50_000],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    read_json(text)


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{TEXT}\n```",
        f"好的，结果如下：\n{TEXT}\n希望对你有帮助！",
        f'<think>先试试 {{"frames": []}}</think>{TEXT}',
        f"thinking aloud</think>\n{TEXT}",
        TEXT.replace("}]", "},]"),
        TEXT.replace("“走”", '"走"'),
        TEXT.replace("a cat, ", "a cat,\u0020"),
        json.dumps(ANSWER, indent=2, ensure_ascii=False).replace('"frame"', "frame"),
    ],
    ids=["fence", "small talk", "thoughts", "half a thought", "comma", "inner quotes", "plain", "bare keys"],
)
def test_habits_of_models_are_read(text: str) -> None:
    found = read_json(text)
    assert [frame["frame"] for frame in found.value["frames"]] == [1, 2]
    assert not found.cut


@pytest.mark.parametrize("at", range(20, len(TEXT) - 1))
def test_an_answer_cut_anywhere_gives_its_complete_records(at: int) -> None:
    found = read_json(TEXT[:at])
    assert found.cut
    frames = found.value.get("frames", [])
    assert frames == ANSWER["frames"][: len(frames)]  # type: ignore[index]


def test_a_text_without_json_gives_nothing() -> None:
    assert read_json("抱歉，我无法处理。").value is None
    assert read_json("").value is None
