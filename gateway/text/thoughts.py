"""A model's thoughts (`<think>…</think>`, `<thinking>…`) cut out of its text, whole or piece by piece.

Some servers put the opening tag into the prompt: then only the closing one is in the text, all before it is thought.
"""

import re

_TAG = re.compile(r"<(/?)think(?:ing)?\s*>", re.IGNORECASE)
_BEGINNINGS = frozenset(
    name[:length] for name in ("<think>", "<thinking>", "</think>", "</thinking>") for length in range(1, len(name))
)
_LONGEST_TAG = len("</thinking>")


class ThoughtFilter:
    """Takes an answer piece by piece and gives back what is no thought."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._cut = False
        self._told = False
        self.disowned = False

    def feed(self, piece: str) -> str:
        """The visible text. `disowned` is set when all that was given back so far turned out to be thought."""
        self._held += piece
        self.disowned = False
        shown = ""
        at = 0
        for tag in _TAG.finditer(self._held):
            before, at = self._held[at : tag.start()], tag.end()
            if not self._thinking:
                shown += before
            if tag[1] and not self._thinking:
                self.disowned, self._told, shown = self.disowned or self._told, False, ""
            self._thinking, self._cut = not tag[1], True
        self._held = self._held[at:]
        return self._visible(shown + self._settled())

    def finish(self) -> str:
        """What is still held back; the answer is over."""
        rest, self._held = self._held, ""
        return "" if self._thinking else self._visible(rest)

    def _settled(self) -> str:
        """All that cannot become a tag any more."""
        at = self._held.rfind("<", -_LONGEST_TAG)
        keep = at if at >= 0 and self._held[at:].lower() in _BEGINNINGS else len(self._held)
        settled, self._held = self._held[:keep], self._held[keep:]
        return "" if self._thinking else settled

    def _visible(self, text: str) -> str:
        """Blank lines between a thought and the beginning of the text are nobody's."""
        shown = text.lstrip("\r\n") if self._cut and not self._told else text
        self._told = self._told or bool(shown)
        return shown


def without_thoughts(text: str) -> str:
    """The same for a whole text."""
    thoughts = ThoughtFilter()
    return thoughts.feed(text) + thoughts.finish()
