"""Characters that a relay has cut in two: each half of a surrogate pair escaped in a JSON string of its own."""

from shared.wire import well_formed


class HalfJoiner:
    """Takes a text piece by piece; a half at the end of a piece waits for the next, what stays alone becomes U+FFFD."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        if piece.isascii() and not self._half:
            return piece
        text, self._half = self._half + piece, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return well_formed(text)

    def finish(self) -> str:
        half, self._half = self._half, ""
        return well_formed(half)
