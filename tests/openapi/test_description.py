"""The API descriptions are complete, and change only on purpose (`make snap` writes the snapshots anew)."""

import json
import os
from pathlib import Path

import jsonschema
import pytest
from fastapi import FastAPI

from gateway.app import create_app as gateway_app
from imagegen.app import create_app as imagegen_app
from tests.openapi.services import APPS, Document, operations, schemas_below


@pytest.fixture(params=APPS)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(service: str) -> FastAPI:
    return APPS[service]()


@pytest.fixture
def document(app: FastAPI) -> Document:
    return app.openapi()


def test_the_description_is_the_committed_one(service: str, document: Document) -> None:
    path = Path(__file__).parent / f"{service}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):  # noqa: TID251 - how `make snap` speaks to tests
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(document))


def test_every_operation_has_a_name_of_its_own(document: Document) -> None:
    names = [route["operationId"] for _, route in operations(document)]
    assert len(set(names)) == len(names) > 5


def test_every_good_answer_has_a_type(document: Document) -> None:
    for name, route in operations(document):
        good = [answer for status, answer in route["responses"].items() if status.startswith("2") and status != "204"]
        contents = [content for answer in good for content in answer["content"].values()]
        assert contents, name
        assert all(set(content["schema"]) & {"type", "$ref"} for content in contents), name


def test_every_property_has_a_type_and_a_description(document: Document) -> None:
    found = 0
    for schema in schemas_below(document["components"]["schemas"]):
        properties = schema.get("properties", {})
        for name, value in properties.items() if schema.get("type") == "object" else ():
            assert value.get("description"), (schema.get("title"), name)
            assert set(value) & {"type", "$ref", "anyOf", "oneOf"}, (schema.get("title"), name)
            found += 1
    assert found > 60


def test_every_schema_says_what_it_is(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), name


def test_statuses_and_options_are_lists_of_values(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["ImageStatus"]["enum"] == ["queued", "running", "succeeded", "failed", "canceled"]
    assert schemas["Provider"]["enum"] == ["jimeng", "runninghub"]
    assert schemas["DependencyStatus"]["enum"] == ["healthy", "unhealthy"]
    config = next(schema for schema in schemas_below(schemas) if "resolution" in schema.get("properties", {}))
    assert "16:9" in config["properties"]["aspectRatio"]["anyOf"][0]["enum"]
    assert config["properties"]["resolution"]["anyOf"][0]["enum"] == ["1k", "2k", "4k"]


def test_every_route_tells_all_errors_with_the_one_object(document: Document) -> None:
    for name, route in operations(document):
        for status in ("401", "413", "422", "429", "500", "503"):
            content = route["responses"][status]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"} or "health" in name, (name, status)
        assert route["summary"]
        assert route["description"]


def test_every_example_is_true_to_its_schema(document: Document) -> None:
    schemas = document["components"]["schemas"]
    found = 0
    for schema in schemas.values():
        for example in schema.get("examples", []):
            jsonschema.validate(example, schema | {"components": {"schemas": schemas}})
            found += 1
    for _, route in operations(document):
        for answer in route["responses"].values():
            for content in answer.get("content", {}).values():
                if "example" in content:
                    jsonschema.validate(content["example"], content["schema"] | {"components": {"schemas": schemas}})
    assert found >= 10


def test_every_answer_shows_an_example(document: Document) -> None:
    schemas = document["components"]["schemas"]
    for name, route in operations(document):
        for answer in route["responses"].values():
            if reference := answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref"):
                assert schemas[reference.rpartition("/")[2]]["examples"], (name, reference)


def test_streams_are_unions_told_apart_by_their_name() -> None:
    document = gateway_app().openapi()
    schemas = document["components"]["schemas"]
    streams = [
        content["text/event-stream"]["schema"]["$ref"].rpartition("/")[2]
        for _, route in operations(document)
        if "text/event-stream" in (content := route["responses"].get("200", {}).get("content", {}))
    ]
    assert len(streams) >= 8
    for name in {"ScriptEvent", "ExtractionEvent", "RunningHubEvent"} & set(streams):
        told_apart = schemas[name]["discriminator"]
        assert told_apart["propertyName"] == "event"
        for event, reference in told_apart["mapping"].items():
            properties = schemas[reference.rpartition("/")[2]]["properties"]
            assert properties["event"]["const"] == event
            assert properties["data"]["$ref"].rpartition("/")[2] in schemas
    for name in ("AnalysisData", "BatchData"):
        assert schemas[name]["discriminator"]["propertyName"] == "type"
        assert len(schemas[name]["oneOf"]) >= 3


def test_no_internal_route_is_shown(document: Document) -> None:
    assert not [path for path in document["paths"] if path.startswith("/internal")]


def named(document: Document, kind: str) -> set[str]:
    """The operations that take such a parameter."""
    return {
        route["operationId"]
        for _, route in operations(document)
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
    for name, route in operations(document):
        assert ("requestBody" in route) == name.startswith("post"), name


def test_only_what_is_open_to_all_asks_for_no_key(document: Document) -> None:
    keyless = {name for name, route in operations(document) if route.get("security") == []}
    assert keyless == {"get /", "get /livez", "get /readyz", "get /api/health"} & {
        name for name, _ in operations(document)
    }
