"""Prompt templates: text files beside the code, their placeholders filled in one pass.

What fills a placeholder is never looked at again, so a user's `{{script}}` or `$&` stays what it is.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_PLACEHOLDER = re.compile(r"\{\{([a-z_]{1,40})\}\}")


@cache
def template(package: str, name: str) -> str:
    """The text of `prompts/{name}.md` in a package."""
    return files(package).joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


def fill(text: str, values: Mapping[str, str | int | None]) -> str:
    """The template with its values; a value that is None leaves nothing behind, an unnamed one raises KeyError."""

    def value(match: re.Match[str]) -> str:
        found = values[match.group(1)]
        return "" if found is None else str(found)

    return _PLACEHOLDER.sub(value, text)
