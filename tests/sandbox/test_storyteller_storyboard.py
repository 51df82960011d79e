"""The storyboard answers are made from the given story, whole and in order, whatever it is."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.storyboard.answers import frames_of, looks_of, parts_of, reading_of
from gateway.storyboard.cover import Beat
from sandbox.story import storyboard
from sandbox.story.damage import VARIATIONS, damaged, numeral
from sandbox.story.harm import HARMS, harmed
from sandbox.story.telling import answer
from tests.sandbox.storyboards import (
    LOOKS,
    STORY,
    frame_question,
    numbered,
    parts_question,
    plan_question,
    read_question,
)


def told(question: str) -> Any:
    return json.loads(answer(question))


@settings(deadline=None)
@given(st.text(min_size=1).filter(str.strip))
def test_every_sentence_of_any_story_is_in_one_beat(story: str) -> None:
    beats = reading_of(answer(read_question(story))).beats
    covered = [number for beat in beats for number in range(beat.first, beat.last + 1)]
    assert covered == list(range(1, len(numbered(story)) + 1))
    assert all(beat.first <= beat.decisive <= beat.last for beat in beats)


def test_only_the_asked_range_is_read() -> None:
    assert [(beat["first"], beat["last"]) for beat in told(read_question(STORY, 3, 5))["beats"]] == [(3, 5)]


def test_who_is_there_is_named_with_the_sentences_that_say_so() -> None:
    people = {person["name"]: person["described"] for person in told(read_question())["people"]}
    text = numbered()
    assert set(people) == {"林晚", "顾言"}
    assert all(name in text.line(number) for name, numbers in people.items() for number in numbers)


@settings(deadline=None)
@given(st.text(alphabet="甲乙，。！\n “”</sentences>#第1份*", min_size=1).filter(str.strip), st.integers(1, 30))
def test_a_plan_has_as_many_parts_as_were_asked_for(story: str, parts: int) -> None:
    planned = parts_of(answer(plan_question(story, parts)))
    assert len(planned.starts) == parts
    assert planned.starts == sorted(planned.starts)


def test_a_plan_gives_everybody_one_look_and_the_board_one_style() -> None:
    looks = looks_of(answer(plan_question(STORY, 3)))
    assert {person.name for person in looks.people} == set(LOOKS)
    assert all(person.look_english.startswith("a ") and person.look for person in looks.people)
    assert looks == looks_of(answer(plan_question(STORY, 2)))
    assert "film still" in looks.style
    assert "film still" not in looks_of(answer(plan_question(STORY, 3, "anime"))).style


def test_parts_of_a_long_story_begin_at_decisive_sentences() -> None:
    beats = [Beat(first, first + 1, first + 1) for first in range(1, len(numbered()), 2)]
    planned = parts_of(answer(parts_question(STORY, 2, beats)))
    assert planned.starts[0] == 1
    assert planned.starts[1] in {beat.decisive for beat in beats}


def test_frames_show_the_words_of_their_part_and_people_as_placeholders() -> None:
    text = numbered().story.replace("\n", "")
    for frame in told(frame_question())["frames"]:
        moment = re.split(r"[，。]", frame["description"])[1]
        assert moment in text
        assert not set(LOOKS) & set(re.findall("林晚|顾言", frame["prompt"]))
        assert re.findall(r"\{\{(c\d)\}\}", frame["prompt"]) == frame["people"]


def test_a_frame_is_the_same_alone_and_among_others() -> None:
    among = told(frame_question())["frames"]
    assert [told(frame_question(only=number))["frames"][0] for number in (1, 2, 3, 4)] == among


def test_frames_of_a_model_of_its_own_mind_are_canonical() -> None:
    question = frame_question(parts=2)
    text = storyboard.canonical(storyboard.pictures(question), storyboard.feature_list(question))
    assert text.startswith("## 角色特征\n\n- 林晚：")
    assert re.findall(r"^### \[(\d)\] 第(\d)份-(..帧)$", text, re.MULTILINE) == [
        ("1", "1", "开始帧"),
        ("2", "2", "开始帧"),
        ("3", "2", "结束帧"),
    ]
    assert len(re.findall(r"^\*\*Jimeng Prompt\*\*：.* --ar 16:9$", text, re.MULTILINE)) == 3


def test_each_form_of_an_answer_is_different_and_still_holds_every_description() -> None:
    question = frame_question(parts=4)
    frames, features = storyboard.pictures(question), storyboard.feature_list(question)
    answers = [damaged(frames, features, number) for number in range(len(VARIATIONS))]
    assert len(set(answers)) == len(VARIATIONS)
    assert all(frame.chinese in text for text in answers for frame in frames)


@pytest.mark.parametrize("kind", HARMS)
def test_every_harm_changes_the_frames(kind: str) -> None:
    whole = told(frame_question())
    spoiled = harmed(whole, kind, None)
    assert whole == told(frame_question()), "the answer itself is left alone"
    assert (spoiled == whole) is (kind == "rewrite"), "frames hold no words in the place of numbers"


def test_a_dropped_frame_is_one_of_the_middle() -> None:
    spoiled = harmed(told(frame_question()), "missing_frames", 2)
    assert [frame.number for frame in frames_of(json.dumps(spoiled))] == [1, 4]


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (100, "一百"), (101, "一百零一")]
)
def test_chinese_numerals(number: int, words: str) -> None:
    assert numeral(number) == words
