"""The messages of a chat request, of either dialect, as turns."""

from collections.abc import Iterable

from sandbox.story.telling import Turn


class MalformedMessageError(ValueError):
    """A message is not an object with a role and a text; says where."""


def turns_of(messages: object) -> list[Turn]:
    if not isinstance(messages, list):
        raise MalformedMessageError("messages: Input should be a valid list")
    return [_turn(at, message) for at, message in enumerate(messages)]


def joined(turns: Iterable[Turn]) -> str:
    """All that was said to the model, as faults and the ledger see it."""
    return "\n\n".join(turn.text for turn in turns if turn.role != "assistant")


def _turn(at: int, message: object) -> Turn:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise MalformedMessageError(f"messages.{at}.role: Field required")
    return Turn(message["role"], _text(at, message.get("content")))


def _text(at: int, content: object) -> str:
    match content:
        case str():
            return content
        case list():
            return "".join(_block(at, block) for block in content)
    raise MalformedMessageError(f"messages.{at}.content: Field required")


def _block(at: int, block: object) -> str:
    match block:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": str()}:
            return ""
    raise MalformedMessageError(f"messages.{at}.content: Input should be a valid dictionary")
