"""Every variation of a directory answer that the contract names, and what later episodes are told of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.screenplay.parsing.outline import context_from

HEADER = "| 角色名称 | 身份定位 | 外貌特征（脸型、服装） | 性格特征 | 当前目标与动机 | 冲突点/爽点 |"
TABLE = f"{HEADER}\n|---|---|---|---|---|---|\n| 张明 | 总裁 | 短发 | 冷 | 复仇 | 打脸 |"
DIRECTORY = "第01集 重逢：雨夜相认\n第02集 决裂：当众翻脸"
ANSWER = f"《重生之巅峰》\n\n{TABLE}\n\n**短剧分集目录**\n\n{DIRECTORY}\n"


def test_canonical_answer_gives_title_table_and_directory() -> None:
    context = context_from(ANSWER)
    assert context.title == "《重生之巅峰》"
    assert "\n".join(context.table) == TABLE
    assert "\n".join(context.directory) == DIRECTORY
    assert context.as_text() == f"《重生之巅峰》\n\n{TABLE}\n\n{DIRECTORY}"


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace(" ", ""),
        HEADER.replace("角色名称", "**角色名称**"),
        HEADER.replace("|", "｜"),
        HEADER.strip("| "),
        HEADER.replace("角色名称", "姓名"),
    ],
)
def test_table_is_found_however_its_header_is_set(header: str) -> None:
    context = context_from(ANSWER.replace(HEADER, header))
    assert len(context.table) == 3
    assert context.table[2] == "| 张明 | 总裁 | 短发 | 冷 | 复仇 | 打脸 |"


def test_table_at_the_very_end_without_line_break() -> None:
    context = context_from(f"《x》\n**短剧分集目录**\n{DIRECTORY}\n{TABLE}")
    assert "\n".join(context.table) == TABLE
    assert len(context.directory) == 2


def test_first_title_is_taken() -> None:
    assert context_from("《甲》又名《乙》\n" + TABLE).title == "《甲》"


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("**第01集 重逢**", "第01集 重逢"),
        ("**第01集** 重逢", "第01集 重逢"),
        ("- 第1集：重逢", "第1集：重逢"),
        ("第一集 重逢", "第一集 重逢"),
        ("第 1 集 重逢", "第 1 集 重逢"),
        ("### 第1集 重逢", "第1集 重逢"),
        ("1. 第01集 重逢", "第01集 重逢"),
        ("第１集　重逢", "第１集　重逢"),
        ("第一百零一集 终局", "第一百零一集 终局"),
        ("第80集团圆", "第80集团圆"),
    ],
)
def test_directory_lines_are_found_however_they_are_set(line: str, taken: str) -> None:
    assert context_from(f"{TABLE}\n\n**分集目录**\n{line}\n").directory == (taken,)


def test_directory_written_as_a_table_gives_its_rows() -> None:
    rows = "| 第01集 | 重逢 |\n| 第02集 | 决裂 |"
    context = context_from(f"{TABLE}\n\n**短剧分集目录**\n| 集数 | 内容 |\n|---|---|\n{rows}")
    assert "\n".join(context.directory) == rows
    assert "\n".join(context.table) == TABLE


def test_directory_table_that_only_counts_gives_its_rows() -> None:
    context = context_from(f"{TABLE}\n\n## 分集目录\n| 集数 | 内容 |\n|---|---|\n| 1 | 重逢 |\n| 2 | 决裂 |")
    assert context.directory[-2:] == ("| 1 | 重逢 |", "| 2 | 决裂 |")


@pytest.mark.parametrize(
    "heading", ["## 分集目录", "**短剧分集目录**：", "【分集目录】", "分集目录", "二、短剧分集目录"]
)
def test_directory_heading_in_any_form(heading: str) -> None:
    context = context_from(f"第9集不算\n{TABLE}\n\n{heading}\n\n{DIRECTORY}")
    assert "\n".join(context.directory) == DIRECTORY


def test_numbered_list_below_the_directory_heading() -> None:
    assert context_from("## 分集目录\n1. 重逢\n2. 决裂").directory == ("1. 重逢", "2. 决裂")


@pytest.mark.parametrize("change", ["```\n{}\n```", "```markdown\n{}```", "\ufeff{}", "{}   \n\n"])
def test_fences_marks_and_blanks_change_nothing(change: str) -> None:
    assert context_from(change.format(ANSWER)) == context_from(ANSWER)
    assert context_from(ANSWER.replace("\n", "\r\n")) == context_from(ANSWER)


def test_a_hundred_long_lines_are_all_taken() -> None:
    lines = [f"第{number:02}集 标题：{'很长的梗概' * 12}" for number in range(1, 101)]
    context = context_from(f"{TABLE}\n\n**短剧分集目录**\n" + "\n".join(lines))
    assert context.directory == tuple(lines)


def test_without_table_and_directory_the_first_5000_characters_are_told() -> None:
    assert context_from("《甲》" + "很" * 6000).as_text() == "《甲》" + "很" * 4997


def test_an_army_is_not_an_episode() -> None:
    assert context_from(f"{TABLE}\n第3集团军赶到了").directory == ()


@settings(deadline=None)
@given(
    st.text()
    | st.lists(st.sampled_from(["|", "角色名称", "\n", "第", "1", "集", "分集目录", "《", "》", "-"])).map("".join)
)
def test_no_text_makes_it_raise(text: str) -> None:
    context_from(text).as_text()
