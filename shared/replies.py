"""The one place where an error becomes the one JSON object, for answers and for SSE error events."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.errors import InvalidParameter, NotFound, PayloadTooLarge, ScriptToFrameError
from shared.wire import Json, iso_time

logger = logging.getLogger(__name__)


class MethodNotAllowed(ScriptToFrameError):
    status, error_code, text = 405, "METHOD_NOT_ALLOWED", "Method not allowed"


def error_object(error: ScriptToFrameError) -> dict[str, Any]:
    """The object of contract §2.1; extras may override `detail`."""
    return {
        "success": False,
        "error": error.message,
        "detail": error.message,
        "errorCode": error.error_code,
        "timestamp": iso_time(),
    } | error.extras


def error_reply(error: ScriptToFrameError) -> Json:
    return Json(error_object(error), status_code=error.status, headers=error.headers)


def _field(location: tuple[Any, ...]) -> str:
    path = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(path) or "body"


def _validation_error(error: RequestValidationError) -> InvalidParameter:
    details = jsonable_encoder(
        [{k: v for k, v in item.items() if k not in {"input", "ctx", "url"}} for item in error.errors()]
    )
    reasons = "; ".join(f"{_field(tuple(item['loc']))}: {item['msg']}" for item in error.errors())
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
        case _:
            reply = ScriptToFrameError(str(error.detail))
            reply.status = error.status_code
    reply.headers |= dict(error.headers or {})
    return reply


def install(app: FastAPI) -> None:
    """Every error of the app becomes the one JSON object."""

    @app.exception_handler(ScriptToFrameError)
    async def known(_request: Request, error: ScriptToFrameError) -> Json:
        if error.status >= 500:
            logger.warning("request.failed", extra={"error": error.message, "error_code": error.error_code})
        return error_reply(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Json:
        return error_reply(_validation_error(error))

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Json:
        return error_reply(_http_error(error))

    @app.exception_handler(Exception)
    async def unforeseen(_request: Request, error: Exception) -> Json:
        logger.error("request.unforeseen", exc_info=error)
        return error_reply(ScriptToFrameError())
