"""What a script is written with: a language model that streams its answer, and the two ways in which it fails."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shared.errors import LLMError


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class Interrupted(LLMError):
    """The answer stopped before its end: it can be asked for again, or gone on with from what is there.

    `wait`: seconds that the vendor wants to be left alone. `cut_by_length`: the model had more to say.
    """

    def __init__(self, message: str, wait: float = 0.0, *, cut_by_length: bool = False, **told: Any) -> None:
        super().__init__(message, **told)
        self.wait = wait
        self.cut_by_length = cut_by_length


class ScriptModel(Protocol):
    """A model that writes long texts."""

    def check_configured(self) -> bool:
        """Whether it is the sandbox. Raises ConfigurationError."""

    async def alive(self) -> None:
        """A call that costs nothing. Raises ConfigurationError, LLMError."""

    def write(self, turns: Sequence[Turn]) -> AsyncGenerator[str, None]:
        """The pieces of the answer; ends only when the answer is whole. Raises Interrupted, or LLMError for good.

        An empty piece is a sign of life without text: the model thinks.
        """
