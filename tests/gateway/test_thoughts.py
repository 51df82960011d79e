"""Thoughts are cut out of a text, and half characters joined, whatever pieces they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.halves import HalfJoiner
from gateway.text.thoughts import ThoughtFilter, without_thoughts

CASES = [
    ("<think>\n先规划\n</think>\n\n剧名", "剧名"),
    ("<thinking>x</thinking>剧名", "剧名"),
    ("<THINK >x</Think>剧名", "剧名"),
    ("先规划\n</think>\n剧名", "剧名"),
    ("剧名<think>x</think>：雨", "剧名：雨"),
    ("甲<think>乙</think>丙</think>丁", "丁"),
    ("剧名<think>没有说完", "剧名"),
    ("<think></think>", ""),
    ("a < b，<th 没有", "a < b，<th 没有"),
    ("<b>粗</b></thinker>", "<b>粗</b></thinker>"),
    ("\n\n剧名", "\n\n剧名"),
    ("", ""),
]


def _piecewise(text: str, size: int) -> str:
    thoughts, shown = ThoughtFilter(), ""
    for at in range(0, len(text), size):
        visible = thoughts.feed(text[at : at + size])
        shown = visible if thoughts.disowned else shown + visible
    return shown + thoughts.finish()


@pytest.mark.parametrize(("text", "visible"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_what_is_thought_is_cut_out(text: str, visible: str, size: int) -> None:
    assert _piecewise(text, size) == visible
    assert without_thoughts(text) == visible


@given(st.text(alphabet="<>/think g剧\n", max_size=60), st.integers(1, 9))
def test_pieces_of_any_size_give_the_same_text_without_a_tag(text: str, size: int) -> None:
    visible = _piecewise(text, size)
    assert visible == without_thoughts(text)
    assert without_thoughts("<think>" + text.replace("<", "") + "</think>" + "尾") == "尾"


@given(st.text(max_size=40), st.integers(1, 5))
def test_a_text_cut_between_the_halves_of_its_characters_is_joined(text: str, size: int) -> None:
    halves = [chr(int.from_bytes(pair, "little")) for pair in _units(text.encode("utf-16-le"))]
    joiner = HalfJoiner()
    pieces = ["".join(halves[at : at + size]) for at in range(0, len(halves), size)]
    assert "".join(map(joiner.feed, pieces)) + joiner.finish() == text


def _units(data: bytes) -> list[bytes]:
    return [data[at : at + 2] for at in range(0, len(data), 2)]


def test_a_half_that_stays_alone_becomes_the_replacement_character() -> None:
    joiner = HalfJoiner()
    assert [*map(joiner.feed, ["甲\ud83d", "乙", "\ude00", "\ud83d"]), joiner.finish()] == [
        "甲",
        "\ufffd乙",
        "\ufffd",
        "",
        "\ufffd",
    ]
