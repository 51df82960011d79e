"""The services' apps, and which model an answer of theirs is described by."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.routing import Match

from gateway.api.events import STREAMS
from gateway.app import create_app as gateway_app
from imagegen.app import create_app as imagegen_app
from shared.web.answers import Error

APPS: dict[str, Callable[[], FastAPI]] = {"gateway": gateway_app, "imagegen": imagegen_app}
UNIONS = {union.__name__: union for union in STREAMS}
Document = dict[str, Any]


def operations(document: Document) -> list[tuple[str, Document]]:
    """`method path` and its description."""
    return [(f"{method} {path}", route) for path, item in document["paths"].items() for method, route in item.items()]


def schemas_below(schema: Any) -> Iterator[Document]:
    """A schema and all that are written inside it."""
    if isinstance(schema, dict):
        yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for inner in schema:
            yield from schemas_below(inner)


def model_of(app: FastAPI, method: str, path: str, status: int) -> type[BaseModel] | None:
    """The model of a JSON answer; None where a file is described."""
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    for context in iter_route_contexts(app.router.routes):
        route: Any = context.original_route
        if route.matches(scope)[0] is Match.FULL:
            good = status == (route.status_code or 200)
            model: type[BaseModel] | None = route.response_model if good else None
            described: type[BaseModel] | None = route.responses.get(status, {}).get("model")
            return model or described or (None if good else Error)
    return Error


def check(app: FastAPI, answer: httpx.Response) -> None:
    """The answer is what the description says, to the last property; the values of errors may be more."""
    request = answer.request
    model = model_of(app, request.method, request.url.path, answer.status_code)
    assert model is not None, request.url.path
    model.model_validate_json(answer.content, strict=True, extra="ignore" if model is Error else "forbid")


def check_stream(union: str, text: str) -> list[str]:
    """All events of a finished stream are of that union; their names in the order of the stream."""
    names = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            data = json.loads(fields.pop("data"))
            said = json.dumps(fields | {"data": data})
            UNIONS[union].model_validate_json(said, strict=True, extra="forbid")
            names.append(fields.get("event") or data["type"])
    return names
