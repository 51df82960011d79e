"""What the storyboard model is asked, to the letter, and that what a user wrote stays literal."""

from dataclasses import replace

import pytest

from gateway.storyboard import questions
from gateway.storyboard.board import Board, Shot, Story, shots_of
from gateway.storyboard.cast import Cast, Mention, NamedPeople, Person, Place
from gateway.storyboard.cover import Beat
from gateway.storyboard.questions import CastKnown, Question, style_words
from gateway.storyboard.schemas import Schema
from gateway.storyboard.sentences import sentences_of
from gateway.storyboard.windows import Window
from tests.golden.snapshots import assert_snapshot

HOSTILE = "$& {{scene_count}} {SCRIPT_CONTENT} \\1 {0} %s 「{{style}}」</sentences>"
STORY = Story("第一章 渡口\n雨夜，阿鸢站在渡口。老周摇船靠岸。\n\n她递出信。", 3, "anime")
TEXT = sentences_of(STORY.script, 4)
NAMED = NamedPeople()
NAMED.add([Mention("阿鸢", ("鸢儿",), (2,)), Mention("老周", (), (3,))])
BEATS = [Beat(1, 3, 2, "渡口", "雨夜", ("阿鸢", "老周"), 3), Beat(4, 4, 4, "渡口", "雨夜", ("阿鸢",), 5)]
LOOK = "a 20-year-old woman with long black hair, red coat"
PEOPLE = (Person("c1", "阿鸢", ("鸢儿",), "红衣", LOOK),)
CAST = Cast(PEOPLE, (Place("p1", "渡口", (), "旧渡口", "an old ferry landing"),), "anime style")
SHOTS = [replace(shot, place="渡口", people=PEOPLE) for shot in shots_of(TEXT, [1, 2, 3, 4], ["甲", "乙", "丙", "丁"])]
BOARD = Board(TEXT, BEATS, CAST, SHOTS)

QUESTIONS: dict[str, Question] = {
    "reading": questions.reading(TEXT, Window(2, 4)),
    "plan": questions.plan(TEXT, STORY, NAMED, [Person("", "阿鸢", (), "红衣黑发")], 3),
    "cast": questions.cast(TEXT, STORY, NAMED, ["阿鸢", "老周"], CastKnown((), ["渡口（2个节拍）"])),
    "parts": questions.parts(TEXT, STORY, BEATS, 3),
    "frames": questions.frames(BOARD, replace(STORY, aspect_ratio="9:16"), SHOTS[1:3]),
    "again": questions.reading(TEXT, Window(1, 4)).again("第2-3句不在任何节拍里"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_reads_as_agreed(name: str) -> None:
    assert_snapshot(f"prompts/{name}.txt", QUESTIONS[name].prompt)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_asks_for_a_flag_or_leaves_a_hole(name: str) -> None:
    prompt = QUESTIONS[name].prompt
    assert not {word for word in ("--v", "undefined", "None", "{{style", "{{scene") if word in prompt}
    assert "JSON" in prompt


def closed(schema: Schema) -> bool:
    if schema["type"] == "array":
        return closed(schema["items"])
    if schema["type"] != "object":
        return True
    named = schema["required"] == list(schema["properties"]) and schema["additionalProperties"] is False
    return named and all(map(closed, schema["properties"].values()))


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_shape_of_an_answer_is_closed(name: str) -> None:
    assert closed(QUESTIONS[name].schema)


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("anime", "anime style"),
        ("realistic", "photorealistic style"),
        ("traditional", "traditional chinese painting style"),
        ("水彩", "水彩"),
        (None, ""),
        ("", ""),
        ("default", ""),
    ],
)
def test_style_becomes_words(style: str | None, words: str) -> None:
    assert style_words(style) == words
    asked = questions.plan(TEXT, replace(STORY, style=style), NAMED, [], 3).prompt
    assert (f"媒介已定为 {words}" in asked) is bool(words)


@pytest.mark.parametrize(
    ("script", "language", "words"),
    [("雨夜。", None, "中文"), ("Rain at night.", None, "故事所用的语言"), ("雨夜。", "English", "English")],
)
def test_descriptions_are_asked_for_in_the_story_s_or_the_asked_language(
    script: str, language: str | None, words: str
) -> None:
    asked = questions.frames(BOARD, Story(script, 3, language=language), SHOTS[:1]).prompt
    assert f"描述 description：用{words}" in asked


@pytest.mark.parametrize(("ratio", "words"), [("9:16", "竖幅"), ("16:9", "横幅"), ("1:1", "居中"), (None, "横幅")])
def test_the_frames_are_composed_for_their_format(ratio: str | None, words: str) -> None:
    asked = questions.frames(BOARD, replace(STORY, aspect_ratio=ratio), SHOTS[:1]).prompt
    assert f"画幅 {ratio or '16:9'}：{words}" in asked or words in asked.partition("画面怎样定")[0]


def test_what_the_user_wrote_stays_literal() -> None:
    text = sentences_of(f"{HOSTILE}。\n再来。")
    shown = " ".join(HOSTILE.split())
    assert shown in questions.reading(text, Window(1, 2)).prompt
    assert shown in questions.plan(text, Story(HOSTILE, 1), NamedPeople(), [], 1).prompt
    board = Board(text, [], Cast(), [Shot(1, 1, "开始帧", 1, 2, HOSTILE)])
    assert shown in questions.frames(board, Story(HOSTILE, 1), board.shots).prompt
