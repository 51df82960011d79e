"""The events of a stream, split as bytes: a character or line cut anywhere arrives whole.

Relays also send JSON without `data:` before it, line by line or as one body: that counts as events, too.
"""

from shared.wire import loads

LONGEST_LINE = 4 * 1024 * 1024
_FIELDS = (b"event:", b"id:", b"retry:", b":")


class EventLines:
    """Gives what stands after `data:`, and JSON objects that stand without it."""

    def __init__(self) -> None:
        self._rest = b""
        self._stray = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Raises ValueError for a line without end."""
        # A lone CR never ends a line of JSON: inside strings it is escaped.
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) + len(self._stray) > LONGEST_LINE:
            raise ValueError("line too long")
        return [data for line in lines if (data := self._data(line))]

    def finish(self) -> list[bytes]:
        """What was there at the end of the body."""
        last, self._rest = self._data(self._rest), b""
        body = self._stray.strip()
        whole = body if body and not last and _is_object(body) else None
        return [data for data in (last, whole) if data]

    @property
    def stray(self) -> bytes:
        """What belongs to no event: a page, or words."""
        return self._stray

    def _data(self, line: bytes) -> bytes | None:
        if line.startswith(b"data:"):
            return line[5:].strip()
        line = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not line or line.startswith(_FIELDS):
            return None
        if not self._stray and line.startswith(b"{") and _is_object(line):
            return line
        self._stray += line + b"\n"
        return None


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(loads(text), dict)
    except ValueError:
        return False
