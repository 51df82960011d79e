"""How an error is told: the object of contract §2.1, or RFC 9457 for whoever asks for `application/problem+json`."""

from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import Scope

from shared.errors import ScriptToFrameError
from shared.telemetry.request_id import request_id
from shared.web.language import in_callers_language
from shared.wire import Json, iso_time

PROBLEM = "application/problem+json"


def error_object(error: ScriptToFrameError) -> dict[str, Any]:
    """The object of contract §2.1; extras may override `detail`, and `requestId` where it names something else."""
    current = request_id.get()
    told = {
        "success": False,
        "error": error.message,
        "detail": error.message,
        "errorCode": error.error_code,
        **error.facts(),
        "requestId": current if current != "-" else uuid4().hex,
        "timestamp": iso_time(),
    }
    return in_callers_language(told | error.extras)


def error_reply(error: ScriptToFrameError, scope: Scope) -> Json:
    """The error as the caller of `scope` wants it."""
    told = error_object(error)
    headers = error.headers | {"Vary": "Accept, Accept-Language"}
    if not wants_problem(Headers(scope=scope).get("accept", "")):
        return Json(told, status_code=error.status, headers=headers)
    problem = problem_object(told, error.status, scope.get("path", ""))
    return Json(problem, status_code=error.status, headers=headers, media_type=PROBLEM)


def problem_object(told: dict[str, Any], status: int, path: str) -> dict[str, Any]:
    """RFC 9457 with the same fields; a list in `detail` stands under `errors`, for there `detail` is a text."""
    described = {
        "type": f"urn:scripttoframe:error:{told['errorCode']}",
        "title": told["error"],
        "status": status,
        "detail": told["error"],
        "instance": path,
    }
    return told | described | ({"errors": told["detail"]} if isinstance(told["detail"], list) else {})


def wants_problem(accept: str) -> bool:
    """Whether an Accept header names the media type itself."""
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        if kind == PROBLEM:
            return not any(parameter.replace(" ", "").rstrip("0.") == "q=" for parameter in parameters)
    return False
