"""Event streams split as bytes."""

from collections.abc import AsyncIterator

import pytest

from gateway.llm.sse_lines import data_lines

pytestmark = pytest.mark.anyio

STREAM = ': 注释\ndata: {"t":"雨夜🌧"}\r\n\r\nevent: x\ndata:{"t":"第1集：场次"}\n\ndata: [DONE]'.encode()
LINES = ['{"t":"雨夜🌧"}'.encode(), '{"t":"第1集：场次"}'.encode(), b"[DONE]"]


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _lines(*chunks: bytes) -> list[bytes]:
    return [line async for line in data_lines(_chunks(*chunks))]


async def test_a_stream_cut_at_any_byte_gives_the_same_lines() -> None:
    for at in range(len(STREAM) + 1):
        assert await _lines(STREAM[:at], STREAM[at:]) == LINES


@pytest.mark.parametrize("size", [1, 2, 3, 5, 101])
async def test_a_stream_in_pieces_of_any_size_gives_the_same_lines(size: int) -> None:
    assert await _lines(*(STREAM[at : at + size] for at in range(0, len(STREAM), size))) == LINES


async def test_a_line_separator_of_unicode_does_not_split_a_line() -> None:
    assert await _lines('data: {"t":"甲\u2028乙\x85丙"}\n\n'.encode()) == ['{"t":"甲\u2028乙\x85丙"}'.encode()]


async def test_a_line_without_end_does_not_fill_the_memory() -> None:
    with pytest.raises(ValueError, match="too long"):
        await _lines(*[b"data: " + b"x" * 2_000_000] * 4)
