"""Whatever an app raises becomes the one error of contract §2.1."""

import logging
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.database.engine import UNREACHABLE
from shared.errors import BackendUnavailable, InvalidParameter, NotFound, PayloadTooLarge, ScriptToFrameError
from shared.web.error_reply import error_reply
from shared.web.rules_in_words import rule_in_words
from shared.wire import Json

logger = logging.getLogger(__name__)

# What a caller sent wrongly is shown back, but not by the megabyte.
_LONGEST_INPUT = 2000


class MethodNotAllowed(ScriptToFrameError):
    status, error_code, text = 405, "METHOD_NOT_ALLOWED", "Method not allowed"


def _field(location: tuple[Any, ...]) -> str:
    path = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(path) or "body"


def _detail(item: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's own, unless its input is huge."""
    dropped = {"url"} if _is_short(item.get("input")) else {"url", "input"}
    shown: dict[str, Any] = jsonable_encoder({name: value for name, value in item.items() if name not in dropped})
    return shown


def _is_short(value: Any) -> bool:
    """Whether a value is worth showing; one of megabytes is not even looked through."""
    inside: list[Any] = [value]
    room = _LONGEST_INPUT
    while inside and room >= 0:
        one = inside.pop()
        if isinstance(one, dict):
            one = [*islice(one, room + 1), *islice(one.values(), room + 1)]
        if isinstance(one, list):
            inside += one[: room + 1]
        room -= len(one) + 2 if isinstance(one, str | list) else 8
    return room >= 0


def _validation_error(error: RequestValidationError) -> InvalidParameter:
    details = [_detail(item) for item in error.errors()]
    reasons = "; ".join(f"{_field(tuple(item['loc']))}: {rule_in_words(item)}" for item in error.errors())
    return InvalidParameter(f"请求参数无效: {reasons}", detail=details)


def _http_error(error: HTTPException) -> ScriptToFrameError:
    match error.status_code:
        case 404:
            reply: ScriptToFrameError = NotFound()
        case 405:
            reply = MethodNotAllowed()
        case 413:
            reply = PayloadTooLarge()
        case 400:
            reply = InvalidParameter("请求参数无效: body: 不是有效的JSON")
        case 422:
            reply = InvalidParameter(str(error.detail))
        case 503:
            reply = BackendUnavailable(str(error.detail))
        case _:
            reply = ScriptToFrameError(str(error.detail))
            reply.status = error.status_code
    reply.headers |= dict(error.headers or {})
    return reply


def _allowed(request: Request) -> str:
    """All methods of the path; Starlette names those of its first route only."""
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.router.routes):
        if context.original_route.matches(request.scope)[0] is Match.PARTIAL:
            methods |= context.methods or set()
    return ", ".join(sorted(methods))


def install(app: FastAPI) -> None:
    """Every error of the app becomes the one JSON object."""

    @app.exception_handler(ScriptToFrameError)
    async def known(request: Request, error: ScriptToFrameError) -> Json:
        if error.status >= 500:
            logger.warning("request.failed", extra={"error": error.message, "error_code": error.error_code})
        return error_reply(error, request.scope)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Json:
        return error_reply(_validation_error(error), request.scope)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Json:
        reply = _http_error(error)
        if error.status_code == 405:
            reply.headers["Allow"] = _allowed(request) or reply.headers.get("Allow", "")
        return error_reply(reply, request.scope)

    async def database_away(request: Request, error: Exception) -> Json:
        logger.warning("request.database_away", extra={"reason": type(error).__name__})
        away = BackendUnavailable("数据库暂时不可用，请稍后重试").retry_after(2)
        return error_reply(away, request.scope)

    for unreachable in UNREACHABLE:
        app.add_exception_handler(unreachable, database_away)


class UnforeseenMiddleware:
    """The last net, inside the other middleware, so that its answer carries their headers too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http":
                raise
            logger.exception("request.unforeseen", exc_info=error)
            if started:
                raise
            await error_reply(ScriptToFrameError(), scope)(scope, receive, send)
