"""Find the tagged blocks and labelled lines in a prompt, whatever the user's own text holds."""

import re

_TAGS = (
    *("sentences", "people", "places", "names", "beats", "cast", "frames"),
    *("characters", "context", "previous"),
)
_OPENING = re.compile(rf"[ \t]*<({'|'.join(_TAGS)})>[ \t]*\r?$")


def blocks(prompt: str) -> dict[str, str]:
    """The outermost blocks by tag. A block reaches to the last closing line, so quoted tags stay inside it."""
    lines = prompt.split("\n")
    found: dict[str, str] = {}
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        end = _closing(lines, at, opening[1]) if opening and opening[1] not in found else None
        if opening and end is not None:
            found[opening[1]] = "\n".join(lines[at + 1 : end])
            at = end
        at += 1
    return found or _inline_blocks(prompt)


def _closing(lines: list[str], start: int, tag: str) -> int | None:
    ends = (at for at in range(len(lines) - 1, start, -1) if lines[at].strip() == f"</{tag}>")
    return next(ends, None)


def _inline_blocks(prompt: str) -> dict[str, str]:
    matches = re.finditer(rf"<({'|'.join(_TAGS)})>(.*)</\1>", prompt, re.DOTALL)
    return {match[1]: match[2].strip("\n") for match in matches}


def labelled(prompt: str, label: str) -> str:
    """The rest of the first line that starts with the label; empty when there is none."""
    match = re.search(rf"^[ \t]*{label}[ \t]*[：:][ \t]*(.*)$", prompt, re.MULTILINE)
    return match[1].strip() if match else ""


def count(text: str, default: int) -> int:
    """The first number in the text, at least 1."""
    match = re.search(r"\d+", text)
    return max(1, int(match[0])) if match else default
