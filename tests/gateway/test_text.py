"""Widths, numerals, fences and rules of model-written lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.lines import (
    bullet_length,
    decoration_length,
    fold,
    is_fence,
    is_rule,
    joined,
    lines_of,
    number,
    undecorated,
)


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        *[
            ("12", 12),
            ("\uff11\uff12", 12),
            ("十二", 12),
            ("一二", 12),
            ("十", 10),
            ("二十", 20),
            ("二十一", 21),
            ("两", 2),
        ],
        *[("一百零三", 103), ("一百", 100), ("廿一", 21), ("壹拾贰", 12), ("007", 7), ("三〇", 30), ("一千零一", 1001)],
        *[("", None), ("甲", None), ("十甲", None), ("9" * 5000, None), ("1234567", None), ("-1", None), ("²", None)],
    ],
)
def test_numerals(numeral: str, value: int | None) -> None:
    assert number(numeral) == value


@given(st.text())
def test_folding_keeps_every_position(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert 0 <= bullet_length(fold(text)) <= decoration_length(fold(text)) <= len(text)


@given(st.text())
def test_lines_hold_no_line_ends_and_can_be_stored(text: str) -> None:
    lines = lines_of(text)
    assert not {"\n", "\r", "\x00", "\ufeff"} & set("".join(lines))
    "".join(lines).encode()


@pytest.mark.parametrize("line", ["```", "```markdown", "  ~~~", "````", "> ```json", '```python title="x"'])
def test_fences(line: str) -> None:
    assert is_fence(line)


@pytest.mark.parametrize("line", ["", "``", "`a`", "```a```", "a ```", "```" + "long text " * 9])
def test_no_fences(line: str) -> None:
    assert not is_fence(line)


@pytest.mark.parametrize("line", ["---", "***", "___", "===", "- - -", "——", "  ----- ", "━━━"])
def test_rules(line: str) -> None:
    assert is_rule(line)


@pytest.mark.parametrize("line", ["", "--", "—", "-*-", "--- a", "|---|"])
def test_no_rules(line: str) -> None:
    assert not is_rule(line)


@pytest.mark.parametrize("line", ["甲", "- 甲", "## 甲", "**甲**", "1. **甲**", "> - 甲", "### **1. 甲**", "`甲`"])
def test_decoration_comes_off(line: str) -> None:
    assert undecorated(line) == "甲"


def test_lines_of_one_paragraph_are_joined_by_a_blank_between_words_only() -> None:
    assert joined(["A man,", " in rain ", "", "雨夜", "，街头"]) == "A man, in rain 雨夜，街头"
