"""Scene headings as the trade writes them, and prompts under labels of many kinds."""

import pytest

from gateway.screenplay.export import ScriptPart
from gateway.screenplay.parsing.scene_prompts import extract
from gateway.screenplay.store import extracted

HEADINGS = [
    ("3-1 茶馆 夜 内", "3-2 后院 日 外"),
    ("**3-1 茶馆 内 夜**", "**3-2 后院 外 日**"),
    ("### 3-1 内 茶馆 夜", "### 3-2 外 后院 日"),
    ("3.1 茶馆 夜 内", "3.2 后院 夜 外"),
    ("场3-1 茶馆", "场3-2 后院"),
    ("场次3-1:茶馆 夜", "场次3-2:后院 夜"),
    ("场次:3-1", "场次:3-2"),
    ("【场景一】", "【场景二】"),
    ("第一幕", "第二幕"),
    ("第3集第1场", "第3集第2场"),
    ("Scene 1", "Scene 2"),
    ("場次3-1:茶館 夜", "場次3-2:後院 夜"),
    ("INT. TEA HOUSE - NIGHT", "EXT. YARD - NIGHT"),
]
PROMPTS = [
    "#{}",
    "【画面提示词】{}",
    "【画面】{}",
    "画面:{}",
    "[画面提示词]{}",
    "提示词:{}",
    "Prompt: {}",
    "画面提示詞:{}",
]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize(("first", "second"), HEADINGS)
def test_prompts_stand_under_their_scene(first: str, second: str, prompt: str) -> None:
    one, two = prompt.format("中景,茶馆"), prompt.format("远景,后院")
    text = f"集数:第3集 重逢\n{first}\n△ 门开了。\n{one}\n\n{second}\n△ 雨停了。\n{two}\n(完)"
    (episode,) = extract(text, 3)
    assert [(scene.id, [told.text for told in scene.prompts]) for scene in episode.scenes] == [
        ("3-1", ["#中景,茶馆"]),
        ("3-2", ["#远景,后院"]),
    ]


def test_a_part_knows_its_episode_whatever_its_text_says() -> None:
    parts = [ScriptPart(2, "集数:第2集\n场次2-1:甲\n#一"), ScriptPart(3, "集数:第2集\n场次2-1:乙\n#二")]
    assert [(told.episode, told.scenes[0].id) for told in extracted(parts)] == [(2, "2-1"), (3, "3-1")]


def test_an_english_episode_heading_is_no_picture() -> None:
    assert extract("# Episode 3: Reunion\n场次3-1:甲\n#一", 3)[0].scenes[0].prompts[0].text == "#一"
