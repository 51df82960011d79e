"""Fixtures for all tests."""

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.imagegen.scripted_vendor import ScriptedVendor
from tests.plain import calling
from tests.stack import Process, Stack

pytest_plugins = ["tests.lives"]

TESTS = Path(__file__).parent
# The longest begin first, and those that mostly wait together with those that mostly compute.
BEGIN = (
    *("page/", "gateway/test_scripts_failing", "kill/", "hostile/", "gateway/test_runninghub", "sandbox/"),
    *("gateway/test_scripts", "limits/", "shared/", "gateway/", "imagegen/", "test_"),
)


def starts_processes(item: pytest.Item) -> bool:
    """Whether one of the test's fixtures, or the test itself, starts services, a browser or a database."""
    fixtures = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
    functions = [definition.func for definitions in fixtures for definition in definitions]
    sources = [inspect.getsource(function) for function in (*functions, getattr(item, "function", None)) if function]
    return any(re.search(r"Stack\(|launched\(|Popen|start_embedded\(|chromium|subprocess", text) for text in sources)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for each file, and one for all files with a browser, since a browser needs a core."""
    names = {item: item.path.relative_to(TESTS).as_posix() for item in items}
    for item in items:
        if starts_processes(item):
            item.add_marker(pytest.mark.processes)
    for item, name in names.items():
        item.add_marker(pytest.mark.xdist_group("page" if name.startswith("page/") else name))
    items.sort(key=lambda item: next((n for n, begin in enumerate(BEGIN) if names[item].startswith(begin)), len(BEGIN)))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def _running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        yield stack.start()
    finally:
        stack.stop()


@pytest.fixture
def stack(_running_stack: Stack) -> Iterator[Stack]:
    """The shared running stack, without faults; tests change nothing in it that the next would notice."""
    _running_stack.no_faults()
    yield _running_stack
    _running_stack.no_faults()


@pytest.fixture
def own_stack(tmp_path: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of the test's own, nothing started yet: for kills, restarts and odd settings."""
    stack = Stack(tmp_path_factory.mktemp("own"))
    try:
        yield stack
    finally:
        stack.stop()


@contextmanager
def _adding(stack: Stack, service: str) -> Iterator[Callable[..., httpx.Client]]:
    """Gives callers of further replicas, one per set of settings; every replica costs some CPU while it waits."""
    callers: dict[str, httpx.Client] = {}
    with ExitStack() as stops:

        def stop(process: Process) -> None:
            process.stop()
            stack.processes.remove(process)

        def add(**settings: str) -> httpx.Client:
            name = repr(sorted(settings.items()))
            if name not in callers:
                process = stack.add(service, None, **settings).start()
                stops.callback(stop, process)
                callers[name] = stops.enter_context(calling(process.url))
            return callers[name]

        yield add


@pytest.fixture(scope="module")
def add_gateway(_running_stack: Stack) -> Iterator[Callable[..., httpx.Client]]:
    """Further gateways on the shared database, until the file is through."""
    with _adding(_running_stack, "gateway") as add:
        yield add


@pytest.fixture(scope="module")
def add_imagegen(_running_stack: Stack) -> Iterator[Callable[..., httpx.Client]]:
    """Further imagegens on the shared database, until the file is through."""
    with _adding(_running_stack, "imagegen") as add:
        yield add


@pytest.fixture(scope="session")
def _scripted_vendor() -> Iterator[ScriptedVendor]:
    with ScriptedVendor() as vendor:
        yield vendor


@pytest.fixture
def vendor(_scripted_vendor: ScriptedVendor) -> Iterator[ScriptedVendor]:
    """A server whose answers a test writes down: Volcengine for imagegen, DeepSeek and imagegen for the gateway."""
    _scripted_vendor.forget()
    yield _scripted_vendor
    _scripted_vendor.forget()


@pytest.fixture
def gateway(stack: Stack) -> Iterator[httpx.Client]:
    with calling(stack.gateway_url) as client:
        yield client


@pytest.fixture
def imagegen(stack: Stack) -> Iterator[httpx.Client]:
    with calling(stack.imagegen_url) as client:
        yield client
