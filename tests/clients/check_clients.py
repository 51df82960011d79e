"""Clients generated from the committed descriptions compile under the strictest rules, and a stream can be read with
them (`make clients`). Needs `npm ci` in CACHE: see the Makefile.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DESCRIPTIONS = HERE.parent / "openapi"
CACHE = HERE.parent.parent / ".clients"
TOOLS = CACHE / "node_modules" / ".bin"
# Generators and compilers take half a minute of a core that is free.
pytestmark = pytest.mark.timeout(600)
SERVICES = ("gateway", "imagegen")


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{command[0]}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def typescript() -> Path:
    """A folder with both generators' TypeScript of both services, and the sample."""
    folder = CACHE / "typescript"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for service in SERVICES:
        description = DESCRIPTIONS / f"{service}.json"
        run(
            TOOLS / "openapi-ts", "-i", description, "-o", folder / service, "-c", "@hey-api/client-fetch", folder=CACHE
        )
        run(TOOLS / "openapi-typescript", description, "-o", folder / f"{service}-schema.ts", folder=CACHE)
    for name in ("sample.ts", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    return folder


@pytest.fixture(scope="module")
def python() -> Path:
    """A folder with the Python clients of both services, and the sample."""
    folder = CACHE / "python"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for service in SERVICES:
        run(
            *(Path(sys.executable).parent / "openapi-python-client", "generate", "--fail-on-warning"),
            *("--path", DESCRIPTIONS / f"{service}.json", "--config", HERE / "python.yml"),
            *("--meta", "none", "--output-path", folder / f"{service}_client"),
            folder=folder,
        )
    shutil.copy(HERE / "sample.py", folder)
    return folder


def test_the_typescript_clients_and_a_reader_of_streams_compile_under_strict(typescript: Path) -> None:
    run(TOOLS / "tsc", "--project", typescript, folder=typescript)


def test_the_typescript_reader_of_streams_must_know_every_event(typescript: Path) -> None:
    """The compiler tells events apart by their name: a case too few does not compile."""
    sample = typescript / "forgetful.ts"
    sample.write_text((HERE / "sample.ts").read_text("utf-8").replace('case "initial_content":', ""), "utf-8")
    try:
        with pytest.raises(AssertionError, match="ScriptInitialContentEvent"):
            run(TOOLS / "tsc", "--project", typescript, folder=typescript)
    finally:
        sample.unlink()


def test_the_python_clients_and_a_reader_of_streams_pass_mypy_under_strict(python: Path) -> None:
    mypy = (sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=")
    run(*mypy, "gateway_client", "imagegen_client", "sample.py", folder=python)
