"""Fixtures for tests of imagegen: further replicas with other settings, and a vendor that says what it is told."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.imagegen.scripted_vendor import ScriptedVendor
from tests.plain import calling
from tests.stack import Process, Stack


@pytest.fixture(scope="session")
def add_imagegen(_running_stack: Stack) -> Iterator[Callable[..., httpx.Client]]:
    """Further replicas of imagegen on the shared database, one per set of settings; stopped in the end."""
    started: dict[str, tuple[Process, httpx.Client]] = {}

    def add(**settings: str) -> httpx.Client:
        name = repr(sorted(settings.items()))
        if name not in started:
            process = _running_stack.add("imagegen", None, **settings).start()
            started[name] = process, calling(process.url)
        return started[name][1]

    yield add
    for process, client in started.values():
        client.close()
        process.stop()
        _running_stack.processes.remove(process)


@pytest.fixture(scope="session")
def _scripted_vendor() -> Iterator[ScriptedVendor]:
    with ScriptedVendor() as vendor:
        yield vendor


@pytest.fixture
def vendor(_scripted_vendor: ScriptedVendor) -> Iterator[ScriptedVendor]:
    """A Volcengine whose answers a test writes down."""
    _scripted_vendor.forget()
    yield _scripted_vendor
    _scripted_vendor.forget()


@pytest.fixture
def scripted(vendor: ScriptedVendor, stack: Stack, add_imagegen: Callable[..., httpx.Client]) -> httpx.Client:
    """An imagegen that buys from the scripted vendor, with keys of its own."""
    return add_imagegen(
        VOLCENGINE_ACCESS_KEY_ID="AKLTscripted",
        VOLCENGINE_SECRET_ACCESS_KEY="scripted-secret",
        VOLCENGINE_BASE_URL=vendor.url,
        POLL_INTERVAL="0.2",
    )
