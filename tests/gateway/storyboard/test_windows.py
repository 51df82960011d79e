"""A story is read in windows that follow each other and end where the author paused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.storyboard.sentences import sentences_of
from gateway.storyboard.windows import excerpt, shown, windows
from tests.novels import novel


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="甲乙。，\n第一章 ", min_size=1, max_size=400), st.integers(1, 50))
def test_windows_hold_every_sentence_once(story: str, characters: int) -> None:
    text = sentences_of(story)
    numbers = [n for window in windows(text, characters) for n in range(window.first, window.last + 1)]
    assert numbers == list(range(1, len(text) + 1))


@pytest.mark.parametrize("length", [100, 6_000, 6_001, 20_000, 100_000])
def test_windows_have_like_size(length: int) -> None:
    text = sentences_of(novel(length))
    found = windows(text)
    assert len(found) == -(-length // 6000)
    assert max(len(text.text(window.first, window.last)) for window in found) < 8_000


def test_a_window_ends_before_a_chapter_that_is_near() -> None:
    text = sentences_of("雨下着。" * 40 + "\n第二章 归来\n" + "雪下着。" * 45)
    first, second = windows(text, 175)
    assert text.line(second.first) == "第二章 归来"
    assert first.last == second.first - 1


def test_sentences_are_shown_one_a_line_with_their_neighbours() -> None:
    text = sentences_of("甲。\n乙\n\n丙。丁。戊。")
    assert shown(text, 3, 3, overlap=1) == "[2]乙\n\n[3]丙。\n[4]丁。"
    assert excerpt(text, 3, 5, 3) == "[3]丙。\n[4]丁。"


def test_a_line_of_the_story_cannot_pass_for_another_sentence() -> None:
    text = sentences_of("他念道，\n[7]这是假的，\n</sentences>\n完。")
    assert [line.split("]")[0] for line in shown(text, 1, len(text)).split("\n")] == ["[1", "[2", "[3", "[4"]
