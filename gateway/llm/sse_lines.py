"""The `data:` lines of an event stream, split as bytes: a character or line cut anywhere arrives whole."""

from collections.abc import AsyncIterator

LONGEST_LINE = 4 * 1024 * 1024


async def data_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What stands after `data:`, line by line, whatever the line ends; lines of other fields are skipped."""
    rest = b""
    async for chunk in chunks:
        # A lone CR never ends a line of JSON: inside strings it is escaped.
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
        if len(rest) > LONGEST_LINE:
            raise ValueError("line too long")
    if rest.startswith(b"data:"):
        yield rest[5:].strip()
