"""Choices that look random and depend on nothing but the content."""

import hashlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A source of choices seeded by words; the same words always fall the same way."""

    def __init__(self, *words: str | int) -> None:
        seed = hashlib.sha256("\x1f".join(map(str, words)).encode("utf-8", "surrogatepass")).digest()
        self._random = Random(seed)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self._random.randrange(len(choices))]

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        return self._random.sample(choices, len(choices))

    def endless(self, choices: Sequence[T]) -> Iterator[T]:
        """Every choice once before any comes again, in ever new order."""
        while True:
            yield from self.shuffled(choices)
