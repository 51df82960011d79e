"""The rules of CONTRIBUTING.md that a machine can check."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic_settings import BaseSettings

from gateway.app import create_app as gateway_app
from gateway.settings import GatewaySettings
from imagegen.app import create_app as imagegen_app
from imagegen.settings import ImagegenSettings
from sandbox.control.settings import SandboxSettings
from tests.house_figures import measured
from tests.house_map import MAP, current_map

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 300
LONGEST_FUNCTION = 45
PACKAGES = ("gateway", "imagegen", "shared", "sandbox", "tests", "benchmarks")
# Accepted and ignored: names that stand in samples of old configurations.
IGNORED = {"NEXT_PUBLIC_APP_NAME", "NODE_ENV", "API_VERSION", "DEBUG"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(), ids=named)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or "versions" in path.parts, "opens with a docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def test_the_pages_modules_are_short() -> None:
    long = [
        named(path) for path in tracked() if path.suffix == ".js" and len(path.read_text().splitlines()) > LONGEST_FILE
    ]
    assert not long


def environment_names(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = str(settings.model_config.get("env_prefix") or "")
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        if alias is None:
            yield (prefix + name).upper()
        elif isinstance(alias, str):
            yield alias
        else:
            yield from (str(choice) for choice in alias.choices)  # type: ignore[union-attr]


def test_the_sample_configuration_names_every_setting_and_no_other() -> None:
    known = {
        name for model in (GatewaySettings, ImagegenSettings, SandboxSettings) for name in environment_names(model)
    }
    sample = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert sample - IGNORED == known


def routes_of(app: FastAPI) -> set[str]:
    return {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}


@pytest.mark.parametrize("service", ["gateway", "imagegen"])
def test_the_readme_lists_every_route_and_no_other(service: str) -> None:
    app = gateway_app() if service == "gateway" else imagegen_app()
    section = (ROOT / "README.md").read_text().split(f"### Endpoints: {service}\n", 1)[1].split("\n#", 1)[0]
    listed = set(re.findall(r"`((?:GET|POST|DELETE|PUT) /[^`?]*)`", section))
    assert listed == routes_of(app)


def test_lock_files_name_no_address() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"https?://|--index-url|--find-links", lock.read_text())


def test_the_map_names_every_module() -> None:
    assert MAP.read_text() == current_map(), "run `make snap`"


def test_the_house_keeps_its_figures() -> None:
    """Bounds of ARCHITECTURE.md; `python -m tests.house_figures` prints the figures."""
    figures = measured()
    print(figures)  # noqa: T201
    assert figures.p90 <= 25
    assert figures.longest <= LONGEST_FUNCTION
