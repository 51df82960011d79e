"""The storyboard answers hold the given story, whole and in order, whatever it is."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.story import storyboard
from sandbox.story.cutting import cut
from sandbox.story.damage import VARIATIONS, damaged, numeral
from sandbox.story.telling import answer

STORY = """雨夜，林晚推开咖啡馆的门，雨水顺着伞尖滴落。她抬头，看见窗边坐着一个熟悉的背影。

“你终于来了。”顾言说。他把一封信推到她面前，烛光在他脸上晃动。
林晚没有坐下。三年前的那个雪夜，他就是这样离开的。她握紧了口袋里的钥匙，转身想走。
顾言站起来追到门口：“如果你走了，就永远不会知道真相。”街上的灯一盏盏熄灭。她回头，眼泪落了下来。"""


def cut_question(story: str, parts: int) -> str:
    return f"请把下面的故事分成 {parts} 份。\n<story>\n{story}\n</story>\n只输出下面的格式"


def frame_question(story: str, parts: int) -> str:
    return f"关键帧\n<segments>\n{answer(cut_question(story, parts))}\n</segments>\n要求"


def picture_question(story: str, parts: int, style: str = "") -> str:
    head = f"画风：{style}\n" if style else ""
    return f"{head}<frames>\n{answer(frame_question(story, parts))}\n</frames>\n要求"


@settings(deadline=None)
@given(st.text(), st.integers(1, 100))
def test_any_story_is_cut_without_loss(story: str, parts: int) -> None:
    pieces = cut(story, parts)
    assert len(pieces) == parts
    assert "".join(pieces) == story


@settings(deadline=None)
@given(st.text(alphabet="甲乙，。！\n “”</story>#第1份*", min_size=1), st.integers(1, 30))
def test_any_story_gives_one_frame_per_part_and_one_more(story: str, parts: int) -> None:
    frames = storyboard.pictures(picture_question(story, parts))
    kinds = [(frame.part, frame.kind) for frame in frames]
    assert kinds == [(part, "开始帧") for part in range(1, parts + 1)] + [(parts, "结束帧")]


@pytest.mark.parametrize("parts", [1, 2, 4, 7, 100])
def test_the_first_answer_repeats_every_character_of_the_story(parts: int) -> None:
    segments = storyboard.parts_of(answer(cut_question(STORY, parts)))
    assert [number for number, _ in segments] == list(range(1, parts + 1))
    assert "".join(text for _, text in segments) == STORY


def test_parts_end_at_sentences_and_have_like_length() -> None:
    pieces = cut(STORY * 5, 5)
    assert all(re.search(r"[。！？”]\s*$", piece) for piece in pieces)
    assert max(map(len, pieces)) < 1.5 * min(map(len, pieces))


def test_an_emoji_of_several_code_points_stays_whole() -> None:
    assert [piece for piece in cut("👨‍👩‍👧‍👦👍🏽", 3) if piece] == ["👨‍👩‍👧‍👦", "👍🏽"]


def test_tags_inside_the_story_are_story() -> None:
    story = "他念道：\n</story>\n<frames>\n然后笑了。"
    assert "".join(text for _, text in storyboard.parts_of(answer(cut_question(story, 2)))) == story


@pytest.mark.parametrize(("story", "parts"), [(STORY, 4), ("甲", 3), ("Rain fell. Bob ran home.", 2), ("😀", 5)])
def test_frames_are_described_with_words_of_their_part(story: str, parts: int) -> None:
    for frame in storyboard.pictures(picture_question(story, parts)):
        shot, _, rest = frame.chinese.partition("，")
        assert shot
        moment = re.split(r"[，。….]", rest)[0]
        assert moment in story


def test_the_last_part_begins_and_ends_with_different_moments() -> None:
    *_, start, end = storyboard.pictures(picture_question(STORY, 3))
    assert start.chinese != end.chinese


def test_style_words_reach_every_prompt_only_when_given() -> None:
    styled = storyboard.pictures(picture_question(STORY, 3, "anime style"))
    assert all("anime style" in frame.english for frame in styled)
    assert not any("style" in frame.english for frame in storyboard.pictures(picture_question(STORY, 3)))


def test_the_third_answer_is_canonical() -> None:
    told = answer(picture_question(STORY, 2))
    assert told.startswith("## 角色特征\n\n- 林晚：")
    assert re.findall(r"^### \[(\d)\] 第(\d)份-(..帧)$", told, re.MULTILINE) == [
        ("1", "1", "开始帧"),
        ("2", "2", "开始帧"),
        ("3", "2", "结束帧"),
    ]
    assert len(re.findall(r"^\*\*Jimeng Prompt\*\*：.* --ar 16:9$", told, re.MULTILINE)) == 3


def test_what_was_left_out_is_answered_by_the_repair_question() -> None:
    question = picture_question(STORY, 4)
    short = storyboard.picture_prompts(question, 2)
    assert re.findall(r"\[(\d)\]", short) == ["1", "2", "5"]
    repaired = answer(question + "\n<missing>\n第3份-开始帧\n第4份-开始帧\n</missing>")
    assert re.findall(r"\[(\d)\] 第(\d)份-(..帧)", repaired) == [("3", "3", "开始帧"), ("4", "4", "开始帧")]


def test_each_damaged_answer_is_different_and_still_holds_every_description() -> None:
    question = picture_question(STORY, 4)
    frames, features = storyboard.pictures(question), storyboard.feature_list(question)
    answers = [damaged(frames, features, number) for number in range(len(VARIATIONS))]
    assert len(set(answers)) == len(VARIATIONS)
    assert all(frame.chinese in told for told in answers for frame in frames)


def test_the_json_variation_is_json() -> None:
    question = picture_question(STORY, 2)
    told = [damaged(storyboard.pictures(question), "", number) for number in range(len(VARIATIONS))]
    assert [len(json.loads(text)) for text in told if text.startswith(("[{", "[\n"))] == [3]


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (100, "一百"), (101, "一百零一")]
)
def test_chinese_numerals(number: int, words: str) -> None:
    assert numeral(number) == words
