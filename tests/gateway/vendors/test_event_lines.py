"""Event streams split as bytes."""

import pytest

from gateway.llm.event_lines import EventLines

STREAM = ': 注释\ndata: {"t":"雨夜🌧"}\r\n\r\nevent: x\ndata:{"t":"第1集：场次"}\n\n{"bare":1}\ndata: [DONE]'.encode()
LINES = ['{"t":"雨夜🌧"}'.encode(), '{"t":"第1集：场次"}'.encode(), b'{"bare":1}', b"[DONE]"]


def _lines(*chunks: bytes) -> list[bytes]:
    reader = EventLines()
    return [line for chunk in chunks for line in reader.feed(chunk)] + reader.finish()


def test_a_stream_cut_at_any_byte_gives_the_same_lines() -> None:
    for at in range(len(STREAM) + 1):
        assert _lines(STREAM[:at], STREAM[at:]) == LINES


@pytest.mark.parametrize("size", [1, 2, 3, 5, 101])
def test_a_stream_in_pieces_of_any_size_gives_the_same_lines(size: int) -> None:
    assert _lines(*(STREAM[at : at + size] for at in range(0, len(STREAM), size))) == LINES


def test_a_line_separator_of_unicode_does_not_split_a_line() -> None:
    assert _lines('data: {"t":"甲\u2028乙\x85丙"}\n\n'.encode()) == ['{"t":"甲\u2028乙\x85丙"}'.encode()]


def test_a_body_of_json_over_several_lines_is_one_event() -> None:
    assert _lines(b'{\n "error": {\n  "message": "no"\n }\n}\n') == [b'{\n"error": {\n"message": "no"\n}\n}']


def test_a_page_is_no_event() -> None:
    reader = EventLines()
    assert reader.feed(b"<!DOCTYPE html>\n<h1>502</h1>\n") + reader.finish() == []
    assert reader.stray == b"<!DOCTYPE html>\n<h1>502</h1>\n"


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    with pytest.raises(ValueError, match="too long"):
        _lines(*[b"data: " + b"x" * 2_000_000] * 4)
