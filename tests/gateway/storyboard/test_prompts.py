"""What the storyboard model is asked, to the letter, and that what a user wrote stays literal."""

import pytest

from gateway.storyboard import prompts
from tests.golden.snapshots import assert_snapshot

HOSTILE = "$& {{scene_count}} {SCRIPT_CONTENT} \\1 {0} %s 「{{style}}」"


def test_segmentation_prompt() -> None:
    asked = prompts.segmentation("雨夜，林晚回到老街。", 5)
    assert_snapshot("prompts/segmentation.txt", asked)
    assert "分成 5 份" in asked
    assert "\n<story>\n雨夜，林晚回到老街。\n</story>\n" in asked


def test_key_frames_prompt() -> None:
    asked = prompts.key_frames("## 第1份\n**完整剧情原文**：甲", 5)
    assert_snapshot("prompts/key_frames.txt", asked)
    assert "\n<segments>\n## 第1份\n**完整剧情原文**：甲\n</segments>\n" in asked
    assert "一共 6 帧" in asked


def test_picture_prompts_prompt() -> None:
    asked = prompts.picture_prompts("## 第1份-开始帧\n**画面描述**：甲", "anime")
    assert_snapshot("prompts/picture_prompts.txt", asked)
    assert "\n画风：anime style\n" in asked
    assert "\n<frames>\n## 第1份-开始帧\n**画面描述**：甲\n</frames>\n" in asked


def test_repair_prompt() -> None:
    asked = prompts.repair("甲", "manga", [(2, "开始帧"), (3, "结束帧")])
    assert_snapshot("prompts/repair.txt", asked)
    assert "\n<missing>\n第2份-开始帧\n第3份-结束帧\n</missing>\n" in asked


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("anime", "anime style"),
        ("realistic", "photorealistic style"),
        ("cyberpunk", "cyberpunk style"),
        ("traditional", "traditional chinese painting style"),
        ("manga", "manga style"),
        ("korean", "korean webtoon style"),
        ("3d", "3d render style"),
        ("chibi", "chibi style"),
        ("水彩", "水彩"),
    ],
)
def test_style_becomes_words(style: str, words: str) -> None:
    assert f"\n画风：{words}\n" in prompts.picture_prompts("甲", style)
    assert f"\n画风：{words}\n" in prompts.repair("甲", style, [(1, "开始帧")])


@pytest.mark.parametrize("style", [None, "", " ", "default"])
def test_no_style_leaves_no_style_words(style: str | None) -> None:
    asked = prompts.picture_prompts("甲", style) + prompts.repair("甲", style, [])
    assert not {word for word in ("画风", "undefined", "None", "default", "{{") if word in asked}


def test_what_the_user_wrote_stays_literal() -> None:
    assert f"<story>\n{HOSTILE}\n</story>" in prompts.segmentation(HOSTILE, 3)
    assert f"<segments>\n{HOSTILE}\n</segments>" in prompts.key_frames(HOSTILE, 3)
    assert f"<frames>\n{HOSTILE}\n</frames>" in prompts.picture_prompts(HOSTILE, HOSTILE)
