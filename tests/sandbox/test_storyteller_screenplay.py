"""The script uses what the user asked for: genre, people, number of episodes, duration."""

import re

import pytest

from sandbox.story.episode import CHARACTERS_PER_MINUTE, minutes
from sandbox.story.telling import Turn, answer, tell

CHARACTERS = "张明,男,28\n乐乐 男 6\n林医生，女，35，法医"


def directory_question(total: int = 6, genre: str = "都市悬疑", characters: str = CHARACTERS) -> str:
    head = f"题材：{genre}\n每集时长：2分钟\n总集数：{total}\n"
    return f"{head}\n<characters>\n{characters}\n</characters>\n"


def episode_question(number: int, duration: str = "2分钟", context: str | None = None) -> str:
    told = answer(directory_question()) if context is None else context
    head = f"请写：第{number}集\n每集时长：{duration}\n总集数：6\n"
    return f"{head}<context>\n{told}\n</context>\n<previous>\n……\n</previous>\n"


def scenes_of(script: str) -> list[str]:
    return re.split(r"^场次\d+-\d+：", script, flags=re.MULTILINE)[1:]


def test_the_directory_has_title_table_and_every_episode() -> None:
    told = answer(directory_question(100))
    assert re.match(r"《.+》\n", told)
    assert "| 角色名称 | 身份定位 | 外貌特征（" in told
    assert [row.split("|")[1].strip() for row in told.splitlines() if row.startswith("| ")][1:] == [
        "张明",
        "乐乐",
        "林医生",
    ]
    assert "\n**短剧分集目录**\n" in told
    lines = re.findall(r"^第(\d+)集 (.+?)：.+$", told, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 101))
    assert len({title for _, title in lines}) == 100


def test_given_facts_stand_in_the_table() -> None:
    told = answer(directory_question())
    assert re.search(r"\| 张明 \|.*28岁，男", told)
    assert re.search(r"\| 林医生 \| （都市悬疑）法医 \|.*35岁，女", told)


@pytest.mark.parametrize("line", ["", "无名|少年", "  ", "{a},{b}", "A,B,C,D,E,F,G"])
def test_any_character_line_leaves_the_table_whole(line: str) -> None:
    table = [row for row in answer(directory_question(1, characters=line)).splitlines() if row.startswith("|")]
    assert {row.count("|") for row in table} == {7}


@pytest.mark.parametrize(
    ("genre", "place"), [("古装权谋", "侯府|宫|御书房"), ("末世科幻", "避难所|飞船|地铁"), ("修仙", "宗门|断崖|古庙")]
)
def test_the_genre_decides_the_world(genre: str, place: str) -> None:
    assert re.search(place, answer(directory_question(30, genre)))


def test_an_episode_is_in_canonical_form() -> None:
    context = answer(directory_question())
    title = re.match(r"《(.+?)》", context)
    heading = re.search(r"^第03集 (.+?)：", context, re.MULTILINE)
    assert title
    assert heading
    script = answer(episode_question(3))
    assert script.startswith(f"剧名：《{title[1]}》\n集数：第3集 {heading[1]}\n----")
    assert script.endswith("\n(完)\n")
    assert re.findall(r"^场次(\d+)-(\d+)：\S+ [日夜晨黄昏]+$", script, re.MULTILINE) == [
        ("3", str(at)) for at in range(1, len(scenes_of(script)) + 1)
    ]


def test_every_scene_can_be_drawn_and_is_played_by_the_given_people() -> None:
    for scene in scenes_of(answer(episode_question(2, "3分钟"))):
        assert re.search(r"^#\S.+", scene, re.MULTILINE)
        assert re.search(r"^△ ", scene, re.MULTILINE)
        assert re.search(r"^\*\*出场人物：\*\*(张明|乐乐|林医生)；(张明|乐乐|林医生)$", scene, re.MULTILINE)
        assert re.search(r"^(张明|乐乐|林医生)\n\(.+\)\n\S+", scene, re.MULTILINE)


@pytest.mark.parametrize("duration", ["2分钟", "1-3分钟", "3分钟", "10分钟"])
def test_the_duration_decides_the_length(duration: str) -> None:
    script = answer(episode_question(1, duration))
    wanted = minutes(duration) * CHARACTERS_PER_MINUTE
    assert 0.9 * wanted <= len(re.sub(r"\s", "", script)) <= 1.9 * wanted
    assert 2 <= len(scenes_of(script)) <= 5


@pytest.mark.parametrize(
    ("duration", "expected"), [("3分钟", 3), ("1-3分钟", 2), ("90秒", 1.5), ("很短", 2), ("9999分钟", 60)]
)
def test_durations_are_read(duration: str, expected: float) -> None:
    assert minutes(duration) == expected


def test_episodes_differ_and_repeat_exactly() -> None:
    scripts = [answer(episode_question(number)) for number in range(1, 7)]
    assert len({script.split("\n", 5)[5] for script in scripts}) == 6
    assert answer(episode_question(4)) == scripts[3]


def test_a_context_without_table_still_gives_a_script() -> None:
    assert answer(episode_question(7, context="从前有座山。")).endswith("(完)\n")


def test_a_continuation_is_the_exact_remainder() -> None:
    question = episode_question(2)
    whole = answer(question)
    for at in (1, 20, len(whole) // 2, len(whole) - 1):
        turns = [Turn("user", question), Turn("assistant", whole[:at]), Turn("user", "继续")]
        assert tell(turns).rest == whole[at:]


def test_a_second_continuation_counts_both_answers() -> None:
    question = episode_question(2)
    whole = answer(question)
    said = [Turn("assistant", whole[:50]), Turn("user", "继续"), Turn("assistant", whole[50:90]), Turn("user", "继续")]
    assert tell([Turn("user", question), *said]).rest == whole[90:]


def test_a_changed_beginning_is_continued_from_its_tail() -> None:
    question = episode_question(2)
    whole = answer(question)
    turns = [Turn("user", question), Turn("assistant", "好的：\n" + whole[:300]), Turn("user", "继续")]
    assert tell(turns).rest == whole[300:]


def test_an_overlap_repeats_the_last_characters() -> None:
    question = episode_question(2)
    whole = answer(question)
    telling = tell([Turn("user", question), Turn("assistant", whole[:300]), Turn("user", "继续")])
    assert telling.repeating(30) == whole[270:]
