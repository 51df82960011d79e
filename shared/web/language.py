"""In which language a caller wants error texts: Chinese, the contract's, unless `Accept-Language` prefers English."""

from contextvars import ContextVar
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.english import in_english

_TEXTS = ("error", "detail", "message", "failedStep", "title")
_english: ContextVar[bool] = ContextVar("english", default=False)


class LanguageMiddleware:
    """Pure ASGI; what it finds holds for the rest of the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        token = _english.set(prefers_english(Headers(scope=scope).get("accept-language", "")))
        try:
            await self.app(scope, receive, send)
        finally:
            _english.reset(token)


def prefers_english(header: str) -> bool:
    """Whether English stands before Chinese in an Accept-Language header; without either it is Chinese."""
    best = {"en": 0.0, "zh": 0.0}
    for part in header.lower().split(","):
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        language = tag.partition("-")[0]
        if language in best:
            best[language] = max(best[language], _quality(parameters))
    return best["en"] > best["zh"]


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def in_callers_language(told: dict[str, Any]) -> dict[str, Any]:
    """An error, or a task that failed, with its texts as the current caller wants them."""
    if not _english.get():
        return told
    texts = {name: in_english(told[name]) for name in _TEXTS if isinstance(told.get(name), str)}
    return told | texts


def wants_english() -> bool:
    return _english.get()
