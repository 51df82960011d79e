"""Configured LLM URLs in every spelling that people use, brought into the one that each client wants."""

import re
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

COMPLETIONS = "/chat/completions"
_ANTHROPIC_TAILS = ("/v1/messages", "/messages", "/v1")
# `/v1`, `/api/v3`, `/api/paas/v4`, `/v1beta/openai`, and DeepSeek's `/beta`: whoever names a version means it.
_VERSIONED = re.compile(r"/(?:v[0-9]+(?:\.[0-9]+)?[a-z0-9]*(?:/|$)|beta$)", re.IGNORECASE)


def _plain(url: str) -> str:
    parts = urlsplit(url.strip())
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def claude_address(url: str) -> tuple[str, Literal["anthropic", "openai"]]:
    """The SDK's base URL and the dialect; for OpenAI the whole URL of the completions call, used as it is."""
    base = _plain(url)
    if base.endswith(COMPLETIONS):
        query = urlsplit(url.strip()).query
        return f"{base}?{query}" if query else base, "openai"
    stripped = True
    while stripped:
        stripped = False
        for tail in _ANTHROPIC_TAILS:
            if base.endswith(tail):
                base, stripped = base.removesuffix(tail).rstrip("/"), True
    return base, "anthropic"


def deepseek_base(url: str) -> str:
    """What `/chat/completions` and `/models` are put behind: `/v1` is added where no version is named."""
    plain = _plain(url)
    base = plain.removesuffix(COMPLETIONS).rstrip("/")
    return base if base != plain or _VERSIONED.search(urlsplit(base).path) else f"{base}/v1"
