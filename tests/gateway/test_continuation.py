"""A continued script has no repetition and no gap at the joint, whatever pieces it comes in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.text.continuation import OverlapTrimmer, join_without_overlap

CASES = [
    ("雨夜，张明站在街头", "，抬头看着窗。", "雨夜，张明站在街头，抬头看着窗。"),
    ("雨夜，张明站在街头", "张明站在街头，抬头", "雨夜，张明站在街头，抬头"),
    ("雨夜，张明站在街头", "街头的灯灭了", "雨夜，张明站在街头街头的灯灭了"),
    ("走了\n△", "△门开了", "走了\n△门开了"),
    ("走了\n#", "#雨夜", "走了\n#雨夜"),
    ("走了\n#", "# 标题", "走了\n# 标题"),
    ("走了\n场次1", "场次1-2：街", "走了\n场次1-2：街"),
    ("走了\n----", "----\n门", "走了\n--------\n门"),
    ("哈哈哈哈", "哈哈哈哈哈", "哈哈哈哈哈哈哈哈哈"),
    ("茶馆\n----\n**", "-\n**出场人物", "茶馆\n----\n**出场人物"),
    ("茶馆\n---", "\n----\n△", "茶馆\n----\n△"),
    ("(疲惫)\n", "惫)\n走了", "(疲惫)\n走了"),
    ("他说\n好", "\n好\n走", "他说\n好\n好\n走"),
    ("他说\n\n", "\n接着", "他说\n\n\n接着"),
    ("他冷笑着走了", "他冷笑着走了\n门开了", "他冷笑着走了\n门开了"),
    ("他冷笑着走了\n", "他冷笑着走了\n门开了", "他冷笑着走了\n门开了"),
    ("他冷笑着走了\n\n", "他冷笑着走了\n门开了", "他冷笑着走了\n\n门开了"),
    ("△ 门开了\n张明\n你来", "张明\n你来了", "△ 门开了\n张明\n你来了"),
    ("他冷笑着", "好的，继续：\n\n走了", "他冷笑着走了"),
    ("他冷笑着", "（接上文）\n走了", "他冷笑着走了"),
    ("他冷笑着", "继续：\n走了", "他冷笑着走了"),
    ("他冷笑着", "Sure, here is the continuation:\n\n走了", "他冷笑着走了"),
    ("他冷笑着走", "好的，我将从断开处继续写：\n他冷笑着走了", "他冷笑着走了"),
    ("他走了。", "好的，继续：\n\n△门开", "他走了。\n△门开"),
    ("张明\n", "好的，我们继续。\n走了", "张明\n好的，我们继续。\n走了"),
    ("张明\n", "好的", "张明\n好的"),
    ("张明\n", "", "张明\n"),
    ("", "好的，继续：\n甲", "好的，继续：\n甲"),
]


@pytest.mark.parametrize(("so_far", "continuation", "joined"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_joint(so_far: str, continuation: str, joined: str, size: int) -> None:
    trimmer = OverlapTrimmer(so_far)
    pieces = [trimmer.feed(continuation[at : at + size]) for at in range(0, len(continuation), size)]
    assert so_far + "".join(pieces) + trimmer.finish() == joined
    assert join_without_overlap(so_far, continuation) == joined


def test_after_the_joint_every_piece_passes_at_once() -> None:
    trimmer = OverlapTrimmer("雨夜，张明站在街头")
    assert trimmer.feed("，他") == "，他"
    assert [trimmer.feed(piece) for piece in ("说", "：", "好的，继续：\n")] == ["说", "：", "好的，继续：\n"]
    assert trimmer.finish() == ""


def test_the_first_sign_passes_at_once_when_it_repeats_nothing() -> None:
    assert OverlapTrimmer("雨夜，张明站在街头").feed("窗") == "窗"


def test_a_repetition_of_400_signs_is_left_out() -> None:
    so_far = "".join(chr(0x4E00 + number) for number in range(600))
    assert join_without_overlap(so_far, so_far[-400:] + "新") == so_far + "新"


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(1, 9))
def test_nothing_new_is_ever_lost(so_far: str, news: str, size: int) -> None:
    trimmer = OverlapTrimmer(so_far)
    given_back = "".join(trimmer.feed(news[at : at + size]) for at in range(0, len(news), size)) + trimmer.finish()
    assert given_back == join_without_overlap(so_far, news)[len(so_far) :]
    assert news.endswith(given_back)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(4, 60))
def test_any_cut_with_any_repetition_gives_the_whole(cut: int, repeated: int) -> None:
    whole = "".join(chr(0x4E00 + 7 * number) for number in range(400)) + "\n"
    cut += repeated
    assert join_without_overlap(whole[:cut], whole[cut - repeated :]) == whole
