"""What the script model is asked, to the letter, and that what a user wrote stays literal."""

import pytest

from gateway.screenplay import prompts
from tests.golden.snapshots import assert_snapshot

HOSTILE = "$& {{genre}} {SCRIPT_CONTENT} \\1 {0} %s"


def test_directory_prompt() -> None:
    asked = prompts.directory("都市复仇", "3分钟", 12, ["张明,男,28", "乐乐 男 6"])
    assert_snapshot("prompts/directory.txt", asked)
    assert "\n题材：都市复仇\n每集时长：3分钟\n总集数：12\n" in asked
    assert "\n<characters>\n张明,男,28\n乐乐 男 6\n</characters>\n" in asked


def test_episode_prompt() -> None:
    asked = prompts.episode(2, 12, "1-3分钟", "《重逢》\n\n第02集 决裂", "△ 门开了。\n")
    assert_snapshot("prompts/episode.txt", asked)
    assert "\n请写：第2集\n每集时长：1-3分钟\n总集数：12\n" in asked
    assert "\n<context>\n《重逢》\n\n第02集 决裂\n</context>\n" in asked
    assert "\n<previous>\n△ 门开了。\n</previous>\n" in asked


def test_the_last_episode_is_asked_to_end_the_story() -> None:
    assert "全剧的最后一集" in prompts.episode(12, 12, "3分钟", "", "")
    assert "全剧的最后一集" not in prompts.episode(11, 12, "3分钟", "", "")


def test_continuation_prompt() -> None:
    assert_snapshot("prompts/continuation.txt", prompts.continuation())


def test_what_the_user_wrote_stays_literal() -> None:
    assert f"题材：{HOSTILE}\n" in prompts.directory(HOSTILE, "3分钟", 1, [HOSTILE])
    assert f"<context>\n{HOSTILE}\n</context>" in prompts.episode(1, 1, HOSTILE, HOSTILE, HOSTILE)


def test_fields_of_one_line_stay_on_one_line() -> None:
    asked = prompts.directory("甲\n总集数：99", "3\n分钟", 1, ["张明\n男", " ", ""])
    assert "\n题材：甲 总集数：99\n每集时长：3 分钟\n总集数：1\n" in asked
    assert "<characters>\n张明 男\n</characters>" in asked


@pytest.mark.parametrize(
    ("duration", "length"),
    [
        ("3分钟", "约 1350 字"),
        ("1-3分钟", "约 450 到 1350 字"),
        ("90秒", "约 700 字"),
        ("两分钟", "约 900 字"),
        ("\uff11～\uff12 分钟", "约 450 到 900 字"),
        ("1.5min", "约 700 字"),
        ("短一点", "按每分钟约 450 字计算"),
        ("", "按每分钟约 450 字计算"),
        ("9999999分钟", "约 13500 字"),
    ],
)
def test_length_follows_the_duration(duration: str, length: str) -> None:
    assert prompts.length_wanted(duration) == length
