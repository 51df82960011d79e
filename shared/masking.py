"""Configured secrets, masked by their value wherever text leaves: answers, events, logs, stored rows, metrics.

The registry is module-level, as a process has one configuration; it is filled once, at start.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

MASK = "***"
_SHORTEST = 6
# They stand in sample configurations, in names of ours and in sentences: to mask them would hide nothing.
_TRIVIAL = frozenset({"scripttoframe", "postgres", "password", "secret", "changeme", "sandbox"})
_SECRET_PARAMETER = re.compile(r"key|secret|token|password|passwd|signature|sig$", re.IGNORECASE)
_PICTURE = b";base64,"
_LONG = 20_000

_text: re.Pattern[str] | None = None
_bytes: re.Pattern[bytes] | None = None


def keep_secret(values: Iterable[str]) -> None:
    """From now on these values, and their Base64, URL-encoded and escaped forms, are masked; no others."""
    global _text, _bytes
    secrets = {value for value in values if len(value) >= _SHORTEST and value.lower() not in _TRIVIAL}
    forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
    expression = _any_of(forms)
    _text = re.compile(expression) if forms else None
    _bytes = re.compile(expression.encode()) if forms else None


def mask(text: str) -> str:
    """The text without any configured secret."""
    return _text.sub(MASK, text) if _text else text


def mask_bytes(body: bytes) -> bytes:
    """The same for UTF-8; pictures in JSON (`data:…;base64,…"`) are not looked through."""
    if _bytes is None:
        return body
    parts: list[bytes] = []
    start = end = 0
    while len(body) > _LONG and (at := body.find(_PICTURE, end)) >= 0:
        quote_at = body.find(b'"', at)
        end = len(body) if quote_at < 0 else quote_at
        if end - at > _LONG:
            parts += [_bytes.sub(MASK.encode(), body[start:at]), body[at:end]]
            start = end
    return b"".join([*parts, _bytes.sub(MASK.encode(), body[start:])])


def secrets_of_url(url: str) -> Iterator[str]:
    """The password and the secret parameters of a URL, as written and decoded."""
    try:
        parts = urlsplit(url)
        found = [parts.password or ""]
    except ValueError:
        return
    found += [value for name, value in parse_qsl(parts.query) if _SECRET_PARAMETER.search(name)]
    for value in filter(None, found):
        if unquote(value) not in {parts.username, parts.path.strip("/")}:
            yield value
            yield unquote(value)


def _any_of(forms: list[str]) -> str:
    """An expression for any of them, the longest first; grouped by how they begin, as `re` tries every branch."""
    groups: dict[str, list[str]] = {}
    for form in forms:
        groups.setdefault(form[:4], []).append(re.escape(form[4:]))
    return "|".join(f"{re.escape(begin)}(?:{'|'.join(rests)})" for begin, rests in groups.items())


def _forms(secret: str) -> Iterator[str]:
    yield secret
    for form in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield form
        yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), form)
    yield html.escape(secret)
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    yield from (escaped, json.dumps(secret)[1:-1], json.dumps(escaped, ensure_ascii=False)[1:-1])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(secret.encode()).decode()
        yield from (whole, whole.rstrip("="))
        # Inside of something longer it may begin at each of three places: `user:password`, for one.
        for before in range(3):
            within = encode(b"\0" * before + secret.encode()).decode().rstrip("=")
            yield within[-(-before * 8 // 6) : (before + len(secret.encode())) * 8 // 6]
