"""Every variation of an episode script that the contract names, and the picture prompts found in it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.screenplay.parsing.scene_prompts import extract, render, sendable

SCRIPT = """剧名：《重逢》
集数：第1集 雨夜
--------------------
场次1-1：老茶馆 夜
--------------------
**出场人物：**林晚；周叔
△ 门被风撞开。
#中景，林晚，米色风衣湿透，站在门口，暖黄吊灯
林晚
(压着火)
另外半张，在你这儿吧。
#特写，周叔的手停在茶杯上

场次1-2：后院 夜
--------------------
**出场人物：**林晚
#全景，后院，一盏灯
(完)
"""


def found(text: str) -> dict[str, list[str]]:
    """Scene id → prompts without their marker."""
    return {
        scene.id: [sendable(prompt.text) for prompt in scene.prompts]
        for episode in extract(text)
        for scene in episode.scenes
    }


def test_canonical_script_renders_as_readers_expect() -> None:
    (episode,) = extract(SCRIPT)
    assert render(episode) == (
        "第1集：\n场次1-1：\n#中景，林晚，米色风衣湿透，站在门口，暖黄吊灯\n#特写，周叔的手停在茶杯上\n\n"
        "场次1-2：\n#全景，后院，一盏灯\n"
    )


@pytest.mark.parametrize(
    ("line", "scene"),
    [
        ("场次1-1:办公室", "1-1"),
        ("**场次1-1：办公室**", "1-1"),
        ("### 场次1-1：办公室", "1-1"),
        ("# 场次1-1：办公室", "1-1"),
        ("场次 1-1", "1-1"),
        ("场次1—2：街", "1-2"),
        ("场次1–3：街", "1-3"),
        ("场次1－4：街", "1-4"),
        ("场次\uff11-\uff15：街", "1-5"),
        ("【场次1-1】办公室", "1-1"),
        ("场次01-02：街", "1-2"),
        ("场次二-一：街", "2-1"),
        ("场次3：街", "1-3"),
        ("第3场：街", "1-3"),
        ("第3场 办公室 夜", "1-3"),
        ("- 场次1-1：街", "1-1"),
        ("场景2-3：街", "2-3"),
    ],
)
def test_scene_markers_in_every_form(line: str, scene: str) -> None:
    assert found(f"{line}\n#甲") == {scene: ["甲"]}


@pytest.mark.parametrize(
    "line",
    [
        *("集数：第2集", "集数: 2", "**集数**：第2集 雨夜", "集数：第02集/共10集", "# 集数：第二集", "**集数：第2集**"),
        *("第二集", "第2集：雨夜", "## 第2集 雨夜", "**第2集**", "【第2集】", "# 第二集 雨夜", "**第2集雨夜**"),
    ],
)
def test_episode_markers_in_every_form(line: str) -> None:
    assert found(f"集数：第1集\n场次1-7：\n#甲\n{line}\n#乙\n场次3：街\n#丙") == {
        "1-7": ["甲"],
        "2-1": ["乙"],
        "2-3": ["丙"],
    }


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("# 甲", "甲"),
        ("＃甲", "甲"),
        ("**#甲**", "甲"),
        ("**#**甲", "甲"),
        ("#**甲**", "甲"),
        ("- #甲", "甲"),
        ("* #甲", "甲"),
        ("> #甲", "甲"),
        ("1. #甲", "甲"),
        ("\\#甲", "甲"),
        ("`#甲`", "甲"),
        ("  #甲", "甲"),
        ("#\n甲", "甲"),
        ("**画面提示词**：甲", "甲"),
        ("**画面提示词：** 甲", "甲"),
        ("- **画面描述词**:甲", "甲"),
        ("画面提示词：#甲", "甲"),
        ("**画面提示词**：\n甲", "甲"),
        ("**画面提示词**：\n#甲", "甲"),
        ("#近景，甲，\n红裙", "近景，甲，红裙"),
        ("#近景，甲站在窗前\n窗外是瓢泼大雨", "近景，甲站在窗前窗外是瓢泼大雨"),
        ("**#近景，甲站在窗前。\n红裙**", "近景，甲站在窗前。红裙"),
        ("#A man\nin the rain at night", "A man in the rain at night"),
        ("#FF0000 红裙", "FF0000 红裙"),
        ("#甲穿红裙 #FF0000，坐着", "甲穿红裙 #FF0000，坐着"),
        ("#甲穿红裙#FF0000，坐着", "甲穿红裙#FF0000，坐着"),
        ("# #FF0000 的红裙", "#FF0000 的红裙"),
    ],
)
def test_prompts_in_every_form(line: str, prompt: str) -> None:
    assert found(f"场次1-1：\n{line}\n△ 门开了\n#末") == {"1-1": [prompt, "末"]}


@pytest.mark.parametrize(
    "line",
    [
        *(
            "## 小标题",
            "### 小标题",
            "#热搜第一# 他冷笑",
            "#热搜第一#他冷笑",
            "第3集团军赶到了",
            "# 剧名：《x》",
            "# 集数：第1集",
        ),
        *(
            "#出场人物：甲",
            "# 《重逢》",
            "第2场比赛开始了",
            "张明：第2集我看过",
            "场次很多",
            "画面提示词",
            "他说#甲",
            "**画面提示词**：",
        ),
        *("# 角色表", "# 短剧分集目录", "------", "```"),
    ],
)
def test_lines_that_are_no_prompt_and_no_marker(line: str) -> None:
    assert found(f"集数：第1集\n场次1-1：\n#甲。\n{line}\n#乙") == {"1-1": ["甲。", "乙"]}


@pytest.mark.parametrize(
    "spoken", ["张明：你好", "张明\n(怒)\n你好", "张明\n你好", "张明（怒）：你好", "你怎么来了？", "△ 甲"]
)
def test_what_is_said_after_a_prompt_is_not_part_of_it(spoken: str) -> None:
    assert found(f"场次1-1：\n#甲\n{spoken}\n#乙") == {"1-1": ["甲", "乙"]}


@pytest.mark.parametrize("heading", ["**短剧分集目录**\n", "## 分集目录\n\n", ""])
def test_listed_episodes_that_were_not_written_do_not_appear(heading: str) -> None:
    listed = f"{heading}第01集 甲\n第02集 乙\n**第08集** 丙\n\n"
    assert found(listed + SCRIPT).keys() == {"1-1", "1-2"}
    assert found(listed + "#只有提示词") == {"1-1": ["只有提示词"]}


def test_prompt_before_any_scene_is_kept_under_scene_one() -> None:
    assert found("集数：第2集\n#甲\n场次2-1：\n#乙\n场次2-2：\n#丙") == {"2-1": ["甲", "乙"], "2-2": ["丙"]}
    assert found("#甲") == {"1-1": ["甲"]}


def test_scene_starts_anew_with_a_new_episode() -> None:
    assert found("场次1-5：\n#甲\n集数：第2集\n#乙") == {"1-5": ["甲"], "2-1": ["乙"]}


def test_scene_repeated_after_a_resume_counts_once() -> None:
    again = SCRIPT.replace("(完)\n", "")
    assert found(SCRIPT + "\n" + again) == found(SCRIPT)


def test_prompt_cut_off_before_a_resume_is_completed() -> None:
    text = "场次1-1：\n#甲\n#乙站在\n\n场次1-1：\n#甲\n#乙站在窗前\n#丙"
    assert found(text) == {"1-1": ["甲", "乙站在窗前", "丙"]}


def test_the_same_prompt_twice_in_one_scene_stays_twice() -> None:
    assert found("场次1-1：\n#甲\n△ 门\n#甲") == {"1-1": ["甲", "甲"]}


def test_empty_prompts_keep_their_number() -> None:
    (episode,) = extract("场次1-1：\n#甲\n#\n#乙")
    assert [(prompt.index, prompt.text) for prompt in episode.scenes[0].prompts] == [(0, "#甲"), (1, "#"), (2, "#乙")]
    assert sendable("#") == ""


def test_scenes_and_episodes_ascend_by_number() -> None:
    text = "场次2-1：\n#a\n场次1-10：\n#b\n场次1-9：\n#c\n场次10-1：\n#d"
    assert list(found(text)) == ["1-9", "1-10", "2-1", "10-1"]


@pytest.mark.parametrize("prompt", ["#甲", "＃甲", "# 甲 ", " #甲"])
def test_only_the_leading_marker_is_stripped_before_sending(prompt: str) -> None:
    assert sendable(prompt) == "甲"
    assert sendable(prompt.rstrip() + " #FF0000 #") == "甲 #FF0000 #"


@pytest.mark.parametrize("change", ["```\n{}\n```", "```markdown\n{}```", "\ufeff{}", "{}   \n\n"])
def test_fences_marks_and_blanks_change_nothing(change: str) -> None:
    assert extract(change.format(SCRIPT)) == extract(SCRIPT)
    assert extract(SCRIPT.replace("\n", "\r\n")) == extract(SCRIPT)


SCRAPS = [
    *(
        "场次1-1：",
        "场次二-三",
        "第2集",
        "集数：",
        "#",
        "＃",
        "**",
        "\n",
        "\n\n",
        "\r\n",
        "甲",
        "，",
        "乙站在窗前",
        "- ",
        "```",
    ),
    *("画面提示词：", "分集目录", "△", "(", "：", " ", "9" * 5000, "\x00", "\ufeff", "第3场：", "A man", "。", "剧名"),
]
texts = st.text() | st.lists(st.sampled_from(SCRAPS) | st.text(max_size=3), max_size=40).map("".join)
words = st.text("甲乙丙，。 #abF0*-", max_size=12)
scripts = st.lists(
    words.map("#{}".format)
    | st.sampled_from(["场次1-1：", "场次2-2：街", "集数：第2集", "", "△ 甲", "张明：好", "甲乙"])
).map("\n".join)


@settings(deadline=None)
@given(texts)
def test_no_text_makes_it_raise(text: str) -> None:
    for episode in extract(text):
        assert render(episode).startswith(f"第{episode.episode}集：\n场次{episode.episode}-")
        assert all(prompt.text.startswith("#") for scene in episode.scenes for prompt in scene.prompts)


@settings(deadline=None)
@given(scripts)
def test_rendered_prompts_are_extracted_again_as_they_are(script: str) -> None:
    episodes = extract(script)
    assert extract("\n".join(map(render, episodes))) == episodes


def test_a_hundred_episodes_of_a_megabyte_are_read_at_once() -> None:
    episode = (
        "集数：第{n}集\n场次{n}-1：街 夜\n"
        + "△ 他走了很远的路，一直没有回头看过一眼。\n#全景，长街，雨夜\n张明：好\n" * 100
    )
    text = "\n".join(episode.format(n=number) for number in range(1, 101))
    started = time.process_time()
    assert len(extract(text)) == 100
    assert time.process_time() - started < 3
