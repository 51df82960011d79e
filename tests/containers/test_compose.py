"""The containers' files agree with the settings, with .env.example, with the README and with the Compose
Specification."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from gateway.settings import GatewaySettings
from imagegen.settings import ImagegenSettings
from sandbox.control.settings import SandboxSettings
from tests.containers.dockerfile import lineage, stages

ROOT = Path(__file__).parent.parent.parent
OURS = ("gateway", "imagegen", "sandbox")
# What only compose itself reads.
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "GATEWAY_PORT", "GATEWAY_BIND"}
VARIABLE = re.compile(r"\$\{(\w+)")


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def environment_names(settings: type[BaseSettings]) -> set[str]:
    names: set[str] = set()
    for name, described in settings.model_fields.items():
        alias = described.validation_alias
        names |= {str(choice) for choice in alias.choices} if isinstance(alias, AliasChoices) else {name.upper()}
    return names


def test_it_is_valid_by_the_compose_specification(compose: Any) -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
    schema["$schema"] = "https://json-schema.org/draft/2019-09/schema"
    jsonschema.Draft201909Validator(schema).validate({k: v for k, v in compose.items() if k != "name"})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(schema).validate({"services": {"a": {"imagee": "b"}}})


@pytest.mark.parametrize(("service", "settings"), [("gateway", GatewaySettings), ("imagegen", ImagegenSettings)])
def test_every_setting_reaches_its_container(compose: Any, service: str, settings: type[BaseSettings]) -> None:
    assert set(compose["services"][service]["environment"]) == environment_names(settings)


def test_every_variable_is_explained_in_the_example() -> None:
    example = set(
        re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    asked = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert asked - COMPOSE_ONLY <= example


def test_an_empty_env_changes_nothing(compose: Any) -> None:
    """Every setting has a default of its own, or is empty, which the settings take for not set."""
    for service in ("gateway", "imagegen"):
        for value in compose["services"][service]["environment"].values():
            assert not value.startswith("${") or ":-" in value or value == "${SANDBOX_URL-http://sandbox:8090}"


def test_real_keys_never_reach_the_sandbox_nor_the_other_service(compose: Any) -> None:
    told = {name: set(compose["services"][name]["environment"]) for name in OURS}
    assert told["sandbox"] == {"SANDBOX_DATA_DIR"}
    assert "DEEPSEEK_API_KEY" not in told["imagegen"]
    assert "VOLCENGINE_SECRET_ACCESS_KEY" not in told["gateway"]


def test_ports_are_those_of_the_settings(compose: Any) -> None:
    images = stages(ROOT / "Dockerfile")
    ports = {
        "gateway": GatewaySettings.model_fields["app_port"].default,
        "imagegen": ImagegenSettings.model_fields["port"].default,
        "sandbox": SandboxSettings.model_fields["port"].default,
    }
    for service, port in ports.items():
        assert images[service].words("EXPOSE") == [str(port)]
        assert f":{port}/" in images[service].words("HEALTHCHECK")[0]
    assert compose["services"]["gateway"]["ports"] == ["${GATEWAY_BIND:-127.0.0.1}:${GATEWAY_PORT:-3000}:3000"]
    assert not any("ports" in compose["services"][name] for name in ("imagegen", "sandbox", "postgres"))


@pytest.mark.parametrize("service", OURS)
def test_a_container_may_do_little(compose: Any, service: str) -> None:
    described = compose["services"][service]
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]
    assert described["user"] == "10001:10001"
    assert described["build"]["target"] == service
    assert described["deploy"]["resources"]["limits"]["memory"]
    assert described["restart"] == "unless-stopped"
    assert "container_name" not in described, "it must be possible to scale"


@pytest.mark.parametrize("service", OURS)
def test_an_image_runs_as_nobody_special_and_holds_no_tools(service: str) -> None:
    ancestors = lineage(stages(ROOT / "Dockerfile"), service)
    steps = [step for stage in ancestors for step in stage.steps]
    assert [argument for name, argument in steps if name == "USER"][-1] == "10001:10001"
    assert not [argument for name, argument in steps if name == "RUN" and "pip install" in argument]
    assert not [argument for _, argument in steps if re.search(r"\b(gcc|build-essential|curl|wget)\b", argument)]
    assert ancestors[0].origin.endswith("-slim-bookworm")
    assert ancestors[-1].words("HEALTHCHECK")
    assert ancestors[-1].words("CMD") == [f'["python", "-m", "{service}"]']


def test_dependencies_are_pinned_and_hashed() -> None:
    installed = [step for step in stages(ROOT / "Dockerfile")["packages"].words("RUN") if "pip install" in step]
    assert installed
    assert all("--require-hashes" in step for step in installed)


def test_whoever_waits_for_a_service_waits_for_its_health(compose: Any) -> None:
    waits = {name: compose["services"][name].get("depends_on", {}) for name in OURS}
    assert set(waits["gateway"]) == {"postgres", "imagegen", "sandbox"}
    assert set(waits["imagegen"]) == {"postgres", "sandbox"}
    assert all(rule["condition"] == "service_healthy" for rules in waits.values() for rule in rules.values())
    assert compose["services"]["postgres"]["healthcheck"]


def test_the_readme_says_how_to_start_it() -> None:
    assert "docker compose up" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_proxy_lets_streams_through() -> None:
    described = (ROOT / "docs" / "nginx.conf").read_text(encoding="utf-8")
    for needed in ("proxy_buffering off;", "gzip off;", "proxy_http_version 1.1;", "client_max_body_size 110m;"):
        assert needed in described
    assert "non_idempotent" not in described, "a repeated POST may be paid for twice"
