"""The API description: what FastAPI sees of a route, completed by answers, errors and event unions.

Schemas are drawn from examples, so that an example can never contradict its schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.errors import Reason
from shared.web.auth import OPEN_TO_ALL
from shared.web.error_reply import PROBLEM, problem_object
from shared.wire import dump_text

Schema = dict[str, Any]
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_METHODS = frozenset({"get", "post", "put", "delete", "patch"})
ERRORS: dict[int, tuple[str, str]] = {
    400: ("缺少必要参数: prompt", "MISSING_PARAMETER"),
    401: ("缺少或无效的API密钥", "UNAUTHORIZED"),
    404: ("未找到任务ID 0b0e7ad1-6a1c-4d3f-9a57-6a8c2e0f4b11", "TASK_NOT_FOUND"),
    408: ("图片生成超时，请稍后重试", "GENERATION_TIMEOUT"),
    409: ("相同Idempotency-Key的请求正在处理中，请稍后重试", "REQUEST_IN_PROGRESS"),
    413: ("请求体过大", "PAYLOAD_TOO_LARGE"),
    422: ("请求参数无效: sceneCount: Input should be less than or equal to 100", "VALIDATION_ERROR"),
    429: ("请求过于频繁，请稍后重试", "TOO_MANY_REQUESTS"),
    431: ("请求头过大", "HEADERS_TOO_LARGE"),
    500: ("服务器内部错误", "INTERNAL_ERROR"),
    503: ("服务正在重启，请稍后重试", "BACKEND_UNAVAILABLE"),
}
_EVERYWHERE = (401, 404, 408, 413, 422, 429, 431, 500, 503)
_ERROR: Schema = {
    "type": "object",
    "description": "Every error of every endpoint. `error` and `detail` hold the same text; at 422 `detail` is a list.",
    "required": ["success", "error", "detail", "errorCode", "requestId", "timestamp"],
    "properties": {
        "success": {"const": False},
        "error": {"type": "string"},
        "detail": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]},
        "errorCode": {"type": "string"},
        "reason": {"enum": [str(reason) for reason in Reason]},
        "vendor": {
            "type": "object",
            "required": ["name", "code", "requestId"],
            "properties": {
                "name": {"type": "string"},
                "code": {"type": ["string", "null"]},
                "requestId": {"type": ["string", "null"]},
            },
        },
        "requestId": {"type": ["string", "integer"]},
        "timestamp": {"type": "string", "format": "date-time"},
    },
}


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a stream: examples of their data by name. `tag` tells them apart: the SSE field `event`, or
    `type` inside the data of streams without names."""

    name: str
    examples: Mapping[str, Mapping[str, Any]]
    tag: str = "event"
    optional: frozenset[str] = frozenset({"demo"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: an example of its JSON, or a media type of its own."""

    example: Any = None
    optional: frozenset[str] = frozenset({"demo"})
    media: str = "application/json"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route answers beside the errors that any route may give."""

    answers: Mapping[int, Answer] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    events: Events | tuple[Events, ...] = ()


def schema_of(example: Any, optional: frozenset[str] = frozenset()) -> Schema:
    """What has the example's shape; null stands for anything."""
    if example is None:
        return {}
    if isinstance(example, list):
        return {"type": "array", "items": schema_of(example[0], optional) if example else {}}
    if not isinstance(example, dict):
        return {"type": _TYPES[type(example)]}
    properties = {name: schema_of(value, optional) for name, value in example.items()}
    return {"type": "object", "properties": properties, "required": [n for n in example if n not in optional]}


def describe(app: FastAPI, operations: Mapping[str, Operation], tags: Mapping[str, str]) -> None:
    """Make `app.openapi()` complete; `tags` say in their order what belongs together.

    Raises KeyError for a route that nobody has described.
    """

    def openapi() -> Schema:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            document["tags"] = [{"name": name, "description": text} for name, text in tags.items()]
            _complete(document, operations)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: Schema, operations: Mapping[str, Operation]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Error"] = _ERROR
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "Asked for when GATEWAY_API_KEYS is set"},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "ticket": {"type": "apiKey", "in": "query", "name": "ticket"},
    }
    document["security"] = [{}, {"bearer": []}, {"apiKey": []}, {"ticket": []}]
    for path, item in document["paths"].items():
        for method, route in item.items():
            if method in _METHODS:
                if path in OPEN_TO_ALL:
                    route["security"] = []
                route["responses"] = _responses(operations[route["operationId"]], schemas)


def _responses(operation: Operation, schemas: Schema) -> Schema:
    responses = {str(status): _good(answer) for status, answer in operation.answers.items()}
    streams = operation.events if isinstance(operation.events, tuple) else (operation.events,)
    if streams:
        ok = responses.setdefault("200", {"description": "An event stream; every event has an `id`", "content": {}})
        ok["content"]["text/event-stream"] = {"schema": _union(streams, schemas)}
    for status in sorted({*_EVERYWHERE, *operation.errors} - set(operation.answers)):
        responses[str(status)] = _bad(status)
    return responses


def _good(answer: Answer) -> Schema:
    if answer.media != "application/json":
        return {"description": answer.text, "content": {answer.media: {"schema": {"type": "string"}}}}
    if answer.example is None:
        return {"description": answer.text or "Nothing to say"}
    content = {"schema": schema_of(answer.example, answer.optional), "example": answer.example}
    return {"description": answer.text or "Done", "content": {"application/json": content}}


def _bad(status: int) -> Schema:
    text, code = ERRORS[status]
    moment = "2026-01-01T10:00:00.000Z"
    told = {"success": False, "error": text, "detail": text, "errorCode": code}
    example = told | {"requestId": "5f0c1d7a9e4b4c2f8d3a6b1e0c9f7a25", "timestamp": moment}
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}
    problem = {"schema": {"$ref": "#/components/schemas/Error"}, "example": problem_object(example, status, "/api/…")}
    return {"description": text, "content": {"application/json": content, PROBLEM: problem}}


def _union(streams: tuple[Events, ...], schemas: Schema) -> Schema:
    """An event as SSE's readers see it: `data` is text, and the text is JSON."""
    parts = [_named(stream, schemas) if stream.tag == "event" else _nameless(stream, schemas) for stream in streams]
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def _named(stream: Events, schemas: Schema) -> Schema:
    references = []
    for name, example in stream.examples.items():
        data = _json_text(schema_of(example, stream.optional))
        properties = {"id": {"type": "string"}, "event": {"const": name}, "data": data}
        shown = {"type": "object", "required": [*properties], "properties": properties}
        shown["example"] = {"id": "1", "event": name, "data": dump_text(example)}
        references.append(_kept(stream, name, shown, schemas))
    return {"oneOf": references, "discriminator": {"propertyName": "event"}}


def _nameless(stream: Events, schemas: Schema) -> Schema:
    references = []
    for name, example in stream.examples.items():
        data = schema_of(example, stream.optional)
        data["properties"] = {stream.tag: {"const": name}} | data["properties"]
        data["required"] = [stream.tag, *data["required"]]
        references.append(_kept(stream, name, data | {"example": {stream.tag: name, **example}}, schemas))
    union = {"oneOf": references, "discriminator": {"propertyName": stream.tag}}
    properties = {"id": {"type": "string"}, "data": _json_text(union)}
    return {"type": "object", "required": [*properties], "properties": properties}


def _json_text(schema: Schema) -> Schema:
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def _kept(stream: Events, name: str, shown: Schema, schemas: Schema) -> Schema:
    title = stream.name + "".join(part.capitalize() for part in name.split("_"))
    schemas[title] = shown
    return {"$ref": f"#/components/schemas/{title}"}
