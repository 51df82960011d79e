"""Whatever a model names, every sentence belongs to exactly one part and one beat."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.storyboard.cover import (
    Beat,
    beats_in_order,
    covered,
    cut_at_headings,
    plain_beats,
    uncovered,
    weighted_starts,
)
from gateway.storyboard.sentences import sentences_of

TEXT = sentences_of("第一章\n" + "".join(f"第{number}天，雨还在下。" for number in range(1, 60)))
ANY = st.integers(-5, 80)


def beat(first: int, last: int, decisive: int = 0) -> Beat:
    return Beat(first, last, decisive or first)


@given(st.lists(ANY, max_size=80), st.integers(1, 60))
def test_parts_cover_every_sentence_once_whatever_was_named(starts: list[int], parts: int) -> None:
    found = covered(starts, TEXT, parts)
    ranges = list(pairwise([*found.firsts, len(TEXT) + 1]))
    assert len(ranges) == parts
    assert [n for start, end in ranges for n in range(start, end)] == list(range(1, len(TEXT) + 1))
    # A heading belongs to what follows it: a part named from behind its heading begins with the heading.
    meant = [TEXT.anchored(start) if 1 <= start <= len(TEXT) else start for start in starts]
    if found.firsts != meant:
        assert found.mended


@given(st.lists(st.builds(Beat, ANY, ANY, ANY), max_size=40), st.integers(1, 30), st.integers(0, 29))
@settings(max_examples=300)
def test_beats_cover_their_window_once_whatever_was_named(beats: list[Beat], first: int, more: int) -> None:
    last = first + more
    found, mended = beats_in_order(beats, first, last)
    numbers = [n for each in found for n in range(each.first, each.last + 1)]
    assert numbers in ([], list(range(first, last + 1)))
    assert all(each.first <= each.decisive <= each.last for each in found)
    if [(each.first, each.last) for each in found] != [(each.first, each.last) for each in beats]:
        assert mended or not found


@given(st.lists(st.builds(Beat, ANY, ANY, ANY), max_size=40))
def test_gaps_and_beats_together_are_everything(beats: list[Beat]) -> None:
    named = {n for each in beats for n in range(each.first, each.last + 1)}
    missing = {n for start, end in uncovered(beats, 1, 40) for n in range(start, end + 1)}
    assert missing == set(range(1, 41)) - named


@pytest.mark.parametrize(
    ("starts", "firsts", "mended"),
    [
        ([1, 20, 40], [1, 20, 40], []),
        ([1, 40, 20], [1, 20, 40], ["次序颠倒"]),
        ([1, 20, 20, 40], [1, 20, 40], ["编号重复"]),
        ([1, 20, 40, 400], [1, 20, 40], ["编号超出范围"]),
        ([5, 20, 40], [1, 20, 40], ["第一份没有从头开始"]),
        ([1, 20, 22, 40], [1, 22, 40], ["份数太多"]),
    ],
)
def test_damaged_borders_are_mended_and_told(starts: list[int], firsts: list[int], mended: list[str]) -> None:
    found = covered(starts, TEXT, 3)
    assert (found.firsts, found.mended) == (firsts, mended)


def test_borders_that_are_missing_are_set_in_the_longest_part() -> None:
    found = covered([1, 50], TEXT, 3)
    assert (found.firsts[0], found.firsts[2], found.mended) == (1, 50, ["份数太少"])
    assert 20 < found.firsts[1] < 30


def test_a_heading_belongs_to_what_follows_it() -> None:
    text = sentences_of("他走了。\n第二章 归来\n她来了。\n")
    assert covered([1, 3], text, 2).firsts == [1, 2]


@pytest.mark.parametrize(
    ("beats", "ranges", "mended"),
    [
        ([beat(1, 5), beat(6, 9)], [(1, 5), (6, 9)], []),
        ([beat(6, 9), beat(1, 5)], [(1, 5), (6, 9)], ["次序颠倒"]),
        ([beat(1, 5), beat(1, 5), beat(6, 9)], [(1, 5), (6, 9)], ["重复"]),
        ([beat(1, 3), beat(6, 9)], [(1, 5), (6, 9)], ["遗漏"]),
        ([beat(1, 6), beat(5, 9)], [(1, 6), (7, 9)], ["重叠"]),
        ([beat(1, 5), beat(6, 99)], [(1, 9)], ["编号超出范围", "遗漏"]),
    ],
)
def test_damaged_beats_are_mended_and_told(beats: list[Beat], ranges: list[tuple[int, int]], mended: list[str]) -> None:
    found, told = beats_in_order(beats, 1, 9)
    assert ([(each.first, each.last) for each in found], told) == (ranges, mended)


def test_sentences_that_nobody_read_become_beats_by_length() -> None:
    found = plain_beats(TEXT, 3, 50, 40)
    assert [n for each in found for n in range(each.first, each.last + 1)] == list(range(3, 51))


def test_parts_by_weight_begin_at_decisive_sentences() -> None:
    beats = [Beat(1, 20, 10), Beat(21, 40, 33), Beat(41, 60, 45)]
    assert weighted_starts(beats, 3) == [1, 33, 45]


def test_a_heading_inside_a_beat_begins_another() -> None:
    text = sentences_of("他走了。\n第二章 归来\n她来了。\n雨停了。\n")
    found = cut_at_headings([Beat(1, 4, 4)], text)
    assert [(each.first, each.last, each.decisive) for each in found] == [(1, 1, 1), (2, 4, 4)]
