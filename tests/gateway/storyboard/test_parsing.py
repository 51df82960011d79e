"""Every variation of a storyboard answer that the contract names, and what it must give."""

import pytest

from gateway.storyboard.frames import END, START, Frame
from gateway.storyboard.parsing.reader import parse_frames

RAIN = Frame(1, 1, START, "雨夜", "A man in rain --ar 16:9")


def section(heading: str = "### [1] 第1份-开始帧", labels: str = "") -> str:
    return f"{heading}\n{labels or '**中文辅助描述**: 雨夜' + chr(10) + '**Jimeng Prompt**: A man in rain --ar 16:9'}"


def places(text: str) -> list[tuple[int, int, str]]:
    return [(frame.sequence, *frame.place) for frame in parse_frames(text)]


def test_canonical_answer_gives_all_its_frames() -> None:
    text = (
        "角色特征：\n- 林晚：beige coat\n\n---\n"
        + "\n---\n".join(
            section(heading) for heading in ("### [1] 第1份-开始帧", "### [2] 第2份-开始帧", "### [3] 第2份-结束帧")
        )
        + "\n---\n"
    )
    assert places(text) == [(1, 1, START), (2, 2, START), (3, 2, END)]
    assert parse_frames(text)[0] == RAIN


@pytest.mark.parametrize(
    "labels",
    [
        "**中文辅助描述**：雨夜\n**Jimeng Prompt**：A man in rain --ar 16:9",
        "**中文辅助描述：** 雨夜\n**Jimeng Prompt：** A man in rain --ar 16:9",
        "中文辅助描述: 雨夜\nJimeng Prompt: A man in rain --ar 16:9",
        "- **中文辅助描述**：雨夜\n- **Jimeng Prompt**：A man in rain --ar 16:9",
        "**中文辅助描述**：雨夜\n**Jimeng Prompt**：\nA man in rain --ar 16:9",
        "**中文辅助描述**：雨夜\n**Jimeng Prompt**：\n\n```\nA man in rain --ar 16:9\n```\n这一帧的说明",
        "**中文辅助描述**：雨夜\n**Jimeng Prompt**：```\nA man in rain --ar 16:9\n```",
        "**中文辅助描述**：雨夜\n**Jimeng Prompt**：```A man in rain --ar 16:9```",
        "**中文辅助描述**：雨夜\n**Jimeng Prompt**：A man\nin rain\n--ar 16:9",
        "**中文描述**：雨夜\n**即梦提示词**：A man in rain --ar 16:9",
        "中文描述：雨夜\njimeng prompt: A man in rain --ar 16:9",
        "**中文辅助描述**：[雨夜]\n**Jimeng Prompt**：[A man in rain --ar 16:9]",
        "**中文辅助描述**：【雨夜】\n**Jimeng Prompt**：[A man in rain] --ar 16:9",
        "**Jimeng Prompt**: A man in rain --ar 16:9\n**中文辅助描述**: 雨夜",
        "**中文辅助描述**：雨夜 **Jimeng Prompt**：A man in rain --ar 16:9",
        "**中文辅助描述**：雨夜\n**Jimeng Prompt**：A man in rain --ar 16:9\n**Negative Prompt**：text",
        "**中文辅助描述**：雨夜\n**镜头**：近景\n**Jimeng Prompt**：A man in rain --ar 16:9",
        "**描述**：雨夜\n**Prompt**：A man in rain --ar 16:9",
        "\uff2aimeng \uff30rompt：A man in rain --ar 16:9\n中文辅助描述：雨夜",
        "雨夜\nA man in rain --ar 16:9",
        "🎬 **中文辅助描述**：雨夜\n✨ Jimeng Prompt: A man in rain --ar 16:9",
        "① 中文辅助描述：雨夜\n② 即梦提示词 / Jimeng Prompt：A man in rain --ar 16:9",
        "中文辅助描述：雨夜\n即梦提示词（Jimeng Prompt）：A man in rain --ar 16:9",
    ],
)
def test_labels_are_found_however_they_are_set(labels: str) -> None:
    assert parse_frames(section(labels=labels)) == [RAIN]


@pytest.mark.parametrize(
    ("heading", "scene", "frame_type"),
    [
        ("### [2] 第3份 - 结束帧", 3, END),
        ("### [2] 第3份 — 结束帧", 3, END),
        ("### [2] 第2份（结束帧）", 2, END),
        ("### [2] 第2份-[结束帧]", 2, END),
        ("## [2] 第2份-开始帧", 2, START),
        ("**[3] 第3份-结束帧**", 3, END),
        ("### [一] 第十二份-结束帧", 12, END),
        ("### [1] 第二十一份-开始帧", 21, START),
        ("### [１] 第１２份－结束帧", 12, END),
        ("### [4] 第4份-中间帧", 4, START),
        ("### [4] 第4份-过渡帧", 4, START),
        ("### [4] 第4份", 4, START),
        ("### 4. 第4份：结束帧", 4, END),
        ("第4份-结束帧", 4, END),
        ("### 🎬 第4份-结束帧", 4, END),
        ("### Part 4 - End Frame", 4, END),
        ("## 第4份\n**帧类型**：结束帧", 4, END),
        ("## 第4份\n### 结束帧", 4, END),
        ("### [5] 第4份-结束帧\n---", 4, END),
    ],
)
def test_headings_tell_part_and_type(heading: str, scene: int, frame_type: str) -> None:
    assert places(section(heading)) == [(1, scene, frame_type)]


def test_start_and_end_of_the_last_part_in_one_section_are_two_frames() -> None:
    text = section("### [1] 第1份-开始帧") + "\n" + section("### [2] 第1份-结束帧")
    assert places(text) == [(1, 1, START), (2, 1, END)]


def test_end_frame_below_its_part_without_number_belongs_to_that_part() -> None:
    text = "## 第3份\n" + section("#### 开始帧") + "\n" + section("#### 结束帧")
    assert places(text) == [(1, 3, START), (2, 3, END)]


@pytest.mark.parametrize("fence", ["```markdown", "```", "~~~", "````md"])
def test_whole_answer_in_a_fence_starts_at_one(fence: str) -> None:
    close = fence.rstrip("markdown")
    assert places(f"{fence}\n{section()}\n\n---\n\n{section('### [2] 第2份-开始帧')}\n{close}") == [
        (1, 1, START),
        (2, 2, START),
    ]


def test_missing_headings_count_by_position() -> None:
    labels = section(heading="")
    assert places(f"{labels}\n---\n{labels.replace('man', 'boy')}\n\n{labels.replace('man', 'cat')}") == [
        (1, 1, START),
        (2, 2, START),
        (3, 3, START),
    ]


@pytest.mark.parametrize(
    "preamble",
    [
        "角色特征：\n- 林晚：28岁，提示词：要统一\n",
        "| 角色 | 特征 |\n|---|---|\n| 林晚 | 风衣 |\n",
        "### 角色特征\n**林晚**：28岁\n\n描述：两个人\n",
        "第1份到第3份的人物保持一致。\n",
    ],
)
def test_preamble_is_not_a_frame(preamble: str) -> None:
    assert parse_frames(preamble + "\n" + section()) == [RAIN]


def test_dashes_inside_a_prompt_separate_nothing() -> None:
    text = section(labels="中文辅助描述：雨 --- 夜\nJimeng Prompt: rain --- night --ar 16:9")
    assert [frame.jimeng_prompt for frame in parse_frames(text)] == ["rain --- night --ar 16:9"]


@pytest.mark.parametrize("rule", ["***", "___", "——", "————", "- - -", "===", "＊＊＊", "---"])
def test_rules_separate(rule: str) -> None:
    text = f"{section()}\n{rule}\n中文辅助描述：甲\nJimeng Prompt: B"
    assert [frame.jimeng_prompt for frame in parse_frames(text)] == [RAIN.jimeng_prompt, "B"]


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n", "  \n", "\u2028"])
def test_line_ends_and_byte_order_mark_do_not_matter(line_end: str) -> None:
    assert parse_frames("\ufeff" + section().replace("\n", line_end)) == [RAIN]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("[[A] and [B]]", "[A] and [B]"),
        ("[A] and [B]", "[A] and [B]"),
        ("A [red] dress", "A [red] dress"),
        ('"A man"', "A man"),
        ('"A" and "B"', '"A" and "B"'),
        ("`A man`", "A man"),
        ("**A man**", "A man"),
        ("A **bold** man", "A **bold** man"),
        ("#FF0000 dress", "#FF0000 dress"),
        ("a\x00b\ud800c", "abc"),
    ],
)
def test_only_what_surrounds_a_prompt_is_stripped(value: str, text: str) -> None:
    assert parse_frames(section(labels=f"Jimeng Prompt: {value}"))[0].jimeng_prompt == text


def test_closing_words_do_not_join_the_last_prompt() -> None:
    assert parse_frames(section() + "\n\n希望对你有帮助！\n如需修改请告诉我。") == [RAIN]


def test_table_answer_gives_its_rows() -> None:
    text = (
        "| 序号 | 份 | 帧类型 | 中文辅助描述 | Jimeng Prompt |\n|---|---|---|---|---|\n"
        "| 1 | 第1份 | 开始帧 | 雨夜 | A man in rain --ar 16:9 |\n| 2 | 1 | 结束帧 | 晨 | B |"
    )
    assert parse_frames(text) == [RAIN, Frame(2, 1, END, "晨", "B")]


@pytest.mark.parametrize("scene", ['"第2份"', "2", '"2"', '"二"', '"[2]"'])
def test_json_scene_may_be_words_or_number(scene: str) -> None:
    text = f'[{{"scene": {scene}, "frame_type": "结束帧", "jimeng_prompt": "B", "description": "雨"}}]'
    assert parse_frames(text) == [Frame(1, 2, END, "雨", "B")]


def test_a_frame_without_prompt_is_left_for_the_repair_question() -> None:
    assert places(section() + "\n---\n### [2] 第2份-开始帧\n**中文辅助描述**：断") == [(1, 1, START)]


def test_a_frame_told_twice_counts_once() -> None:
    assert places(section() + "\n---\n" + section()) == [(1, 1, START)]


def test_two_frames_of_one_part_are_both_kept() -> None:
    other = section("### [2] 第1份-中间帧").replace("man", "cat")
    assert places(section() + "\n---\n" + other) == [(1, 1, START), (2, 1, START)]


@pytest.mark.parametrize("text", ["", "\n\n", "抱歉，我不能帮助你。", "###", "---", "[]", "{}", "null", "```", "第1份"])
def test_nothing_to_find_gives_nothing(text: str) -> None:
    assert parse_frames(text) == []
