"""The API description: FastAPI's own, completed by the errors that any route may give and by event streams."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Union

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, Field, RootModel, create_model
from pydantic.json_schema import models_json_schema

from shared.web.answers import Error, Problem, error_example
from shared.web.auth import OPEN_TO_ALL
from shared.web.error_reply import PROBLEM

Schema = dict[str, Any]
Responses = dict[int | str, dict[str, Any]]
_REFERENCE = "#/components/schemas/{model}"
_ERRORS: dict[int, tuple[str, str]] = {
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
OPERATOR_TAGS = {
    "health": "Whether it runs, whether it can take work, and what it is made of.",
    "metrics": "What is counted: for Prometheus, and as JSON.",
}
_EVENT_ID = Field(description="Its number, from 1; what `Last-Event-ID` goes on from")


def errors(*statuses: int) -> Responses:
    """The error object with these statuses, for a route's `responses`."""
    return {status: _error(*_ERRORS[status]) for status in statuses}


def every_error() -> Responses:
    """What any route may answer."""
    return errors(*_EVERYWHERE)


def _error(text: str, code: str) -> dict[str, Any]:
    example = error_example(text, code)
    problem = {"schema": {"$ref": _REFERENCE.format(model="Problem")}}
    content = {"application/json": {"example": example}, PROBLEM: problem}
    return {"model": Error, "description": text, "content": content}


def file(description: str, *media_types: str) -> Responses:
    """An answer that is no JSON, in one of these types."""
    text, binary = {"type": "string"}, {"type": "string", "format": "binary"}
    content = {name: {"schema": text if name.startswith("text/") else binary} for name in media_types}
    return {200: {"description": description, "content": content}}


def stream(union: str) -> Responses:
    """An answer of events, by the name of their union's model."""
    content = {"text/event-stream": {"schema": {"$ref": _REFERENCE.format(model=union)}}}
    return {200: {"description": "Done, or an event stream where one was asked for", "content": content}}


def raw_body(model: type[BaseModel]) -> Schema:
    """`openapi_extra` of a route that reads its body by itself."""
    schema = {"$ref": _REFERENCE.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def event_union(name: str, payloads: Mapping[str, type[BaseModel]]) -> type[BaseModel]:
    """The model of a stream of named events: told apart by `event`, each with its own `data`."""
    events = [_event(name, event, payload) for event, payload in payloads.items()]
    return _root(name, _union(events, "event"), "An event as it is read: `data` is parsed from its line of JSON.")


def _event(union: str, name: str, payload: type[BaseModel]) -> type[BaseModel]:
    title = union.removesuffix("Event") + "".join(part.capitalize() for part in name.split("_")) + "Event"
    fields: dict[str, Any] = {
        "id": (str, _EVENT_ID),
        "event": (Literal[name], Field(description=f"Always `{name}`")),
        "data": (payload, Field(description=f"What `{name}` tells")),
    }
    return create_model(title, __doc__=payload.__doc__, **fields)


def typed_union(name: str, payloads: Iterable[type[BaseModel]]) -> type[BaseModel]:
    """The model of a stream of nameless events: their `data` are told apart by `type`."""
    data = _root(name.removesuffix("Event") + "Data", _union(payloads, "type"), "Told apart by `type`.")
    fields: dict[str, Any] = {"id": (str, _EVENT_ID), "data": (data, Field(description="Told apart by `type`"))}
    about = "A nameless event as it is read: `data` is parsed from its line of JSON."
    return create_model(name, __doc__=about, **fields)


def any_of(name: str, unions: Iterable[type[BaseModel]], about: str) -> type[BaseModel]:
    return _root(name, Union[tuple(unions)], about)  # noqa: UP007 a union of what is only known at run time


def _union(members: Iterable[type[BaseModel]], tag: str) -> Any:
    return Annotated[Union[tuple(members)], Field(discriminator=tag)]  # noqa: UP007 as above


def _root(name: str, content: Any, about: str) -> type[BaseModel]:
    return create_model(name, __base__=RootModel[content], __doc__=about)


def describe(app: FastAPI, tags: Mapping[str, str], models: Iterable[type[BaseModel]] = ()) -> None:
    """Make `app.openapi()` complete. `tags` say in their order what belongs together; `models` are those that routes
    name in `stream` and `raw_body`."""

    def openapi() -> Schema:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            document["tags"] = [{"name": name, "description": text} for name, text in tags.items()]
            _complete(document, models)
            _restore_examples(document["components"]["schemas"], _answers(app))
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _answers(app: FastAPI) -> Iterator[type[BaseModel]]:
    for context in iter_route_contexts(app.router.routes):
        if isinstance(route := context.original_route, APIRoute):
            models = [route.response_model, *(answer.get("model") for answer in route.responses.values())]
            yield from (model for model in models if model is not None)


def _restore_examples(schemas: Schema, models: Iterable[type[BaseModel]]) -> None:
    """FastAPI leaves out what is null, also inside examples."""
    for model in models:
        extra = model.model_config.get("json_schema_extra")
        if isinstance(extra, dict) and "examples" in extra:
            schemas[model.__name__]["examples"] = extra["examples"]


def _complete(document: Schema, models: Iterable[type[BaseModel]]) -> None:
    components = document["components"]
    described: list[type[BaseModel]] = [Problem, *models]
    _, extra = models_json_schema([(model, "serialization") for model in described], ref_template=_REFERENCE)
    components["schemas"] |= extra.get("$defs", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "Asked for when GATEWAY_API_KEYS is set"},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "ticket": {"type": "apiKey", "in": "query", "name": "ticket"},
    }
    document["security"] = [{}, {"bearer": []}, {"apiKey": []}, {"ticket": []}]
    for path in OPEN_TO_ALL & document["paths"].keys():
        for route in document["paths"][path].values():
            route["security"] = []
