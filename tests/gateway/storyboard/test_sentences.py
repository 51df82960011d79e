"""A story is split into numbered sentences without losing a byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.storyboard.sentences import Border, Sentences, sentences_of


def pieces(story: str, at_least: int = 1) -> list[str]:
    found = sentences_of(story, at_least)
    return [found.text(number, number) for number in range(1, len(found) + 1)]


@settings(deadline=None, max_examples=300)
@given(st.text(min_size=1), st.integers(1, 20))
def test_joined_sentences_are_the_story(story: str, at_least: int) -> None:
    assert "".join(pieces(story, at_least)) == story


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="甲乙。！？…，、“”\"'. \n\t\r第一章1-2aB\u200d👨\ufe0f", min_size=1), st.integers(1, 20))
def test_joined_sentences_are_the_story_in_the_alphabet_of_stories(story: str, at_least: int) -> None:
    found = sentences_of(story, at_least)
    assert "".join(pieces(story, at_least)) == story
    assert len(found.borders) == len(found)
    assert all(
        found.at(offset) == number
        for number in range(1, len(found) + 1)
        for offset in range(*found.span(number, number))
    )


@pytest.mark.parametrize(
    "story",
    [
        "." * 200_000,
        " " * 200_000 + "x",
        "，" * 200_000,
        "a" * 200_000,
        "\n" * 200_000,
        "\u200d" * 200_000,
        "“" * 200_000,
        "甲。" * 100_000,
        "a.b" * 60_000,
        "第" * 200_000,
        "\n \n x" * 40_000,
    ],
    ids=lambda story: repr(story[:6]),
)
def test_no_text_takes_more_than_linear_time(story: str) -> None:
    assert sentences_of(story).ends[-1] == len(story)


def test_sentences_end_where_a_reader_pauses() -> None:
    assert pieces("“你来了。”他说。雨停了……Mr. Li left. It was 3.5 km!") == [
        "“你来了。”",
        "他说。",
        "雨停了……",
        "Mr. Li left. ",
        "It was 3.5 km!",
    ]


def test_the_author_s_marks_are_borders() -> None:
    found = sentences_of("第一章 雨夜\n她来了。\n\n三年后，他走了。\n2-3 码头 夜 外\n船开了。")
    assert found.borders == [Border.HEADING, Border.NONE, Border.BLANK_LINE, Border.HEADING, Border.NONE]
    assert [found.anchored(number) for number in range(1, 6)] == [1, 1, 3, 4, 4]


def test_a_line_broken_by_an_editor_is_no_end() -> None:
    assert pieces("She walked into\nthe room, slowly,\nand sat.") == ["She walked into\nthe room, slowly,\nand sat."]


def test_a_story_too_short_for_its_parts_is_cut_finer() -> None:
    assert pieces("雨夜，她推开门，笑了。", 3) == ["雨夜，", "她推开门，", "笑了。"]
    assert pieces("甲乙丙", 3) == ["甲", "乙", "丙"]
    assert pieces("👨‍👩‍👧‍👦👍🏽", 2) == ["👨‍👩‍👧‍👦", "👍🏽"]


def test_a_text_without_any_full_stop_is_cut_at_its_commas() -> None:
    found = pieces("他走了很久很久也没有回头，" * 60)
    assert max(map(len, found)) <= 250
    assert all(piece.endswith("，") for piece in found)


def test_ranges_are_given_in_characters() -> None:
    found = Sentences("甲。乙。丙。", [2, 4, 6], [Border.NONE] * 3)
    assert found.span(2, 3) == (2, 6)
    assert found.span(4, 3) == (6, 6)
