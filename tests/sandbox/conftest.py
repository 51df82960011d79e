"""A quick sandbox per test, and its callers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.calling import ControlCaller, HubCaller, JimengCaller, quick_settings, running


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def sandbox_url(tmp_path: Path) -> Iterator[str]:
    with running(quick_settings(tmp_path)) as url:
        yield url


@pytest.fixture
async def http(sandbox_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox_url, trust_env=False, verify=False, timeout=10) as client:
        yield client


@pytest.fixture
def control(http: httpx.AsyncClient) -> ControlCaller:
    return ControlCaller(http)


@pytest.fixture
def jimeng(http: httpx.AsyncClient) -> JimengCaller:
    return JimengCaller(http)


@pytest.fixture
def hub(http: httpx.AsyncClient) -> HubCaller:
    return HubCaller(http)
