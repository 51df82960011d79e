"""How deep the JSON of a body may nest, found out while it is being read and without holding it."""

import codecs
import re
from itertools import accumulate

from starlette.exceptions import HTTPException

# Also matches a string that the chunk's end leaves open, so that one pass is enough whatever the text is.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_INSIDE = b"!"


class NestingTooDeep(HTTPException):
    """An HTTPException, because FastAPI turns any other exception of the body's reading into a 400."""

    def __init__(self, deepest: int) -> None:
        super().__init__(422, f"请求参数无效: body: JSON嵌套超过{deepest}层")


class NotUtf8(HTTPException):
    """Python's parser would take UTF-16 and lone surrogates for JSON as well."""

    def __init__(self) -> None:
        super().__init__(422, "请求参数无效: body: 不是有效的UTF-8")


class Nesting:
    """Follows the brackets outside of strings, chunk by chunk."""

    def __init__(self, deepest: int) -> None:
        self._deepest = deepest
        self._depth = 0
        self._in_string = False
        self._carried = b""
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def feed(self, chunk: bytes) -> None:
        """Raises NestingTooDeep, NotUtf8."""
        try:
            self._utf8.decode(chunk)
        except UnicodeDecodeError as error:
            raise NotUtf8 from error
        data = (b'"' if self._in_string else b"") + self._carried + chunk
        odd = (len(data) - len(data.rstrip(b"\\"))) % 2
        self._carried = b"\\" * odd
        data = data[: len(data) - odd]
        # A quote and a mark behind the chunk: the mark survives only when the chunk ends inside a string.
        outside = _STRING.sub(b"", data + b'"' + _INSIDE)
        self._in_string = outside.endswith(_INSIDE)
        if brackets := outside.translate(None, delete=_NO_BRACKETS):
            self._walk(brackets)

    def _walk(self, brackets: bytes) -> None:
        depths = list(accumulate(map(_STEP.__getitem__, brackets), initial=self._depth))
        if max(depths) > self._deepest:
            raise NestingTooDeep(self._deepest)
        self._depth = depths[-1]
