"""A script as a document to keep."""

from gateway.screenplay.export import ScriptPart, as_markdown, as_plain_text
from gateway.screenplay.parsing.scene_prompts import extract

PARTS = [
    ScriptPart(
        1,
        "剧名：《重逢》\n集数：第1集\n------\n场次1-1：茶馆 夜\n------\n"
        "**出场人物：**甲\n#全景，茶馆 #8B0000\n甲\n你好\n(完)",
    ),
    ScriptPart(0, "《重逢》\n\n| 角色名称 | 身份 |\n|---|---|\n| 甲 | 侦探 |\n\n**短剧分集目录**\n第01集 雨夜\n"),
]


def test_markdown_has_headings_tables_and_quoted_prompts() -> None:
    text = as_markdown(PARTS)
    assert text.startswith(
        "# 《重逢》\n\n## 角色与目录\n\n《重逢》\n\n| 角色名称 | 身份 |\n|---|---|\n| 甲 | 侦探 |\n\n"
    )
    assert "\n\n## 第1集\n\n剧名：《重逢》\n\n集数：第1集\n\n### 场次1-1：茶馆 夜\n\n" in text
    assert "\n\n> **画面提示词**：全景，茶馆 #8B0000\n\n甲\n\n你好\n\n(完)\n" in text


def test_picture_prompts_are_found_in_the_exported_markdown() -> None:
    assert extract(as_markdown(PARTS)) == extract(PARTS[0].content)


def test_plain_text_has_no_markdown() -> None:
    assert as_plain_text(PARTS) == (
        "《重逢》\n\n角色名称 | 身份\n甲 | 侦探\n\n短剧分集目录\n第01集 雨夜\n\n\n"
        "剧名：《重逢》\n集数：第1集\n------\n场次1-1：茶馆 夜\n------\n"
        "出场人物：甲\n【画面】全景，茶馆 #8B0000\n甲\n你好\n(完)\n"
    )


def test_a_script_without_a_title_and_empty_parts_are_no_hindrance() -> None:
    assert as_markdown([ScriptPart(0, " \n"), ScriptPart(2, "甲")]) == "# 剧本\n\n## 第2集\n\n甲\n"
    assert as_plain_text([]) == "\n"
