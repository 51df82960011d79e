"""Cut an answer as a model's stream does."""

from sandbox.story.dice import Dice

CHARACTERS_PER_TOKEN = 1.5


def pieces(text: str) -> list[str]:
    """Deltas of 2 to 6 characters, the same for the same text."""
    dice = Dice("pieces", text[:100], len(text))
    cut, at = [], 0
    while at < len(text):
        size = dice.number(2, 6)
        cut.append(text[at : at + size])
        at += size
    return cut


def tokens(text: str) -> int:
    return -(-len(text) * 2 // 3)


def limited(text: str, max_tokens: int) -> str:
    """As much of the text as so many tokens hold."""
    return text[: int(max_tokens * CHARACTERS_PER_TOKEN)]
