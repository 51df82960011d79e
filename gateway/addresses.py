"""Configured LLM URLs in every spelling that people use, brought into the one that each client wants."""

from typing import Literal
from urllib.parse import urlsplit, urlunsplit

_ANTHROPIC_TAILS = ("/v1/messages", "/messages", "/v1")


def _plain(url: str) -> str:
    parts = urlsplit(url.strip())
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def claude_address(url: str) -> tuple[str, Literal["anthropic", "openai"]]:
    """The SDK's base URL and the dialect; for OpenAI the whole URL of the completions call."""
    base = _plain(url)
    if base.endswith("/chat/completions"):
        return base, "openai"
    stripped = True
    while stripped:
        stripped = False
        for tail in _ANTHROPIC_TAILS:
            if base.endswith(tail):
                base, stripped = base.removesuffix(tail).rstrip("/"), True
    return base, "anthropic"


def deepseek_base(url: str) -> str:
    """With `/v1`, however it was written."""
    base = _plain(url).removesuffix("/chat/completions").rstrip("/")
    return base if base.endswith(("/v1", "/beta")) else f"{base}/v1"
