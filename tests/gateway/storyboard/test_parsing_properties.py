"""What holds for any text whatever: no exception, numbers without gaps, the same under fences, line ends and blanks."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.storyboard.frames import END, START
from gateway.storyboard.parsing.reader import parse_frames
from tests.golden.storyboard_answers import KINDS, Damage

SCRAPS = [
    *(
        "### [1] 第1份-开始帧",
        "第二份（结束帧）",
        "**",
        "***",
        "---",
        "——",
        "```",
        "~~~",
        "\n",
        "\r\n",
        "\n\n",
        " ",
        "|",
        "#",
        "- ",
    ),
    *(
        "中文辅助描述：",
        "**Jimeng Prompt**: ",
        "Jimeng Prompt",
        "prompt:",
        "帧类型：结束帧",
        "雨夜",
        "A man --ar 16:9",
        "[",
        "]",
    ),
    *(
        '{"jimengPrompt": "',
        '"}',
        "[{",
        "第",
        "份",
        "【",
        "】",
        "\ufeff",
        "\x00",
        "\ud800",
        "9" * 5000,
        "１",
        "(",
        "：",
    ),
]
texts = st.text() | st.lists(st.sampled_from(SCRAPS) | st.text(max_size=5), max_size=40).map("".join)
damages = st.builds(Damage, *[st.integers(0, len(choices) - 1) for choices in KINDS])
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(texts)
def test_no_text_makes_the_parser_raise(text: str) -> None:
    frames = parse_frames(text)
    assert [frame.sequence for frame in frames] == list(range(1, len(frames) + 1))
    assert {frame.frame_type for frame in frames} <= {START, END}
    assert all(frame.scene_index > 0 and frame.jimeng_prompt for frame in frames)
    "".join(frame.jimeng_prompt + frame.chinese_description for frame in frames).encode()


@relaxed
@given(damages)
def test_line_ends_fences_and_blanks_change_nothing(damage: Damage) -> None:
    text = damage.answer()
    frames = parse_frames(text)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert len(frames) == 5
    assert parse_frames(plain.replace("\n", "\r\n")) == frames
    assert parse_frames("\ufeff" + plain) == frames
    assert parse_frames("\n".join(line + " \t" for line in plain.split("\n"))) == frames
    assert parse_frames(f"```markdown\n{plain}\n```") == frames


@pytest.mark.parametrize(
    "scrap",
    [
        "*",
        "#",
        "`",
        "-",
        "[",
        "{",
        '{"a":',
        "**jimeng prompt**",
        "[[{",
        "```\n~~~\n",
        "第1份-",
        "Jimeng Prompt: [",
        "--a",
        "(",
    ],
)
def test_a_megabyte_of_nonsense_takes_no_time_worth_mentioning(scrap: str) -> None:
    text = scrap * (1_000_000 // len(scrap))
    started = time.process_time()
    parse_frames(text)
    assert time.process_time() - started < 2
