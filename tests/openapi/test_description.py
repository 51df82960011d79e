"""The API descriptions are complete, and change only on purpose (`make snap` writes the snapshots anew)."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI

from gateway.api.descriptions import OPERATIONS as GATEWAY
from gateway.app import create_app as gateway_app
from imagegen.api.descriptions import OPERATIONS as IMAGEGEN
from imagegen.app import create_app as imagegen_app

APPS: dict[str, Callable[[], FastAPI]] = {"gateway": gateway_app, "imagegen": imagegen_app}
DESCRIBED = {"gateway": GATEWAY, "imagegen": IMAGEGEN}
Document = dict[str, Any]


@pytest.fixture(params=APPS)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(service: str) -> FastAPI:
    return APPS[service]()


@pytest.fixture
def document(app: FastAPI) -> Document:
    return app.openapi()


def routes(document: Document) -> list[tuple[str, Document]]:
    return [(f"{method} {path}", route) for path, item in document["paths"].items() for method, route in item.items()]


def test_the_description_is_the_committed_one(service: str, document: Document) -> None:
    path = Path(__file__).parent / f"{service}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):  # noqa: TID251 - how `make snap` speaks to tests
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(document))


def test_every_operation_has_a_name_of_its_own_that_is_described(service: str, document: Document) -> None:
    names = [route["operationId"] for _, route in routes(document)]
    assert len(set(names)) == len(names)
    assert set(names) == set(DESCRIBED[service])


def test_every_route_tells_all_errors_with_the_one_object(document: Document) -> None:
    for name, route in routes(document):
        for status in ("401", "413", "422", "429", "500", "503"):
            content = route["responses"][status]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"} or "health" in name, (name, status)
        assert route["summary"]
        assert route["description"]


def test_every_example_is_true_to_its_schema(document: Document) -> None:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        for example in [*schema.get("examples", []), *([schema["example"]] if "example" in schema else [])]:
            jsonschema.validate(example, schema | {"components": {"schemas": schemas}})
    for _, route in routes(document):
        for answer in route["responses"].values():
            for content in answer.get("content", {}).values():
                if "example" in content:
                    jsonschema.validate(content["example"], content["schema"] | {"components": {"schemas": schemas}})


def test_streams_are_unions_told_apart_by_their_name() -> None:
    document = gateway_app().openapi()
    streams = [
        content["text/event-stream"]["schema"]
        for _, route in routes(document)
        if "text/event-stream" in (content := route["responses"].get("200", {}).get("content", {}))
    ]
    assert len(streams) >= 8
    named = [schema for schema in streams if "oneOf" in schema]
    assert {schema["discriminator"]["propertyName"] for schema in named} == {"event"}
    assert min(len(schema["oneOf"]) for schema in named) >= 3


def test_every_example_of_an_event_is_true_to_the_schema_of_its_data() -> None:
    schemas = gateway_app().openapi()["components"]["schemas"]
    events = [schema for schema in schemas.values() if "event" in schema.get("properties", {})]
    assert len(events) >= 20
    for schema in events:
        data = json.loads(schema["example"]["data"])
        jsonschema.validate(data, schema["properties"]["data"]["contentSchema"])
    chunk = schemas["ScriptContentChunk"]
    assert chunk["properties"]["event"] == {"const": "content_chunk"}
    assert json.loads(chunk["example"]["data"])["content"] == "剧名：《雨夜来客》"


def test_no_internal_route_is_shown(document: Document) -> None:
    assert not [path for path in document["paths"] if path.startswith("/internal")]


def named(document: Document, kind: str) -> set[str]:
    """The operations that take such a parameter."""
    return {
        route["operationId"]
        for _, route in routes(document)
        if kind in {parameter["name"] for parameter in route.get("parameters", [])}
    }


def test_whatever_costs_money_takes_a_key() -> None:
    pictures = {"createImage", "generateImage"}
    texts = {"analyzeScript", "generateScript", "generateAllImages", "processPrompts", "processPromptsByPath"}
    assert named(imagegen_app().openapi(), "Idempotency-Key") == pictures
    assert named(gateway_app().openapi(), "Idempotency-Key") == pictures | texts | {"generateImagePython"}


def test_pictures_that_can_be_waited_for_say_so(document: Document) -> None:
    assert named(document, "Prefer") == {"createImage", "getImage"}


def test_every_post_shows_a_body_to_send(document: Document) -> None:
    for name, route in routes(document):
        assert ("requestBody" in route) == name.startswith("post"), name


def test_only_what_is_open_to_all_asks_for_no_key(document: Document) -> None:
    keyless = {name for name, route in routes(document) if route.get("security") == []}
    assert keyless == {"get /", "get /livez", "get /readyz", "get /api/health"} & {name for name, _ in routes(document)}
