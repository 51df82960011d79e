"""How long the gateway waits for an imagegen that went away: counted from then on, not from the call's beginning."""

import asyncio

import httpx
import pytest

from gateway.imagegen.client import Imagegen
from gateway.settings import GatewaySettings
from shared.errors import BackendError, BackendUnavailable

pytestmark = pytest.mark.anyio


class Sister:
    """An imagegen whose next answers are scripted: a status, or the seconds after which the connection breaks."""

    def __init__(self, *script: int | float | type[Exception]) -> None:
        self.script = list(script)

    async def answer(self, _request: httpx.Request) -> httpx.Response:
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, int):
            return httpx.Response(step, json={"status": step})
        if isinstance(step, float):
            await asyncio.sleep(step)
            raise httpx.ReadError("gone")
        raise step("not there")


def calling(sister: Sister) -> Imagegen:
    client = httpx.AsyncClient(transport=httpx.MockTransport(sister.answer))
    return Imagegen(GatewaySettings(_env_file=None), client, client)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.imagegen.client._RESTART_SECONDS", 0.3)
    monkeypatch.setattr("gateway.imagegen.client._ANSWERS_WITHIN", 0.2)
    monkeypatch.setattr("gateway.imagegen.client.RESTART_PAUSES", (0.05,))


@pytest.mark.usefixtures("hurried")
async def test_a_restart_after_a_long_wait_is_waited_out_like_any_other() -> None:
    imagegen = calling(Sister(200, 0.5, httpx.ConnectError, 503, 200))
    for _ in range(2):
        assert (await imagegen.forward("GET", "/api/images/a", b"", {})).status_code == 200


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("away", [httpx.ConnectError, 0.0])
async def test_patience_has_an_end(away: type[Exception] | float) -> None:
    imagegen = calling(Sister(200, away))
    await imagegen.forward("GET", "/api/images/a", b"", {})
    with pytest.raises((BackendUnavailable, BackendError)):
        await asyncio.wait_for(imagegen.forward("GET", "/api/images/a", b"", {}), 10)


@pytest.mark.usefixtures("hurried")
async def test_the_last_word_of_one_that_does_not_come_back_is_passed_on() -> None:
    imagegen = calling(Sister(200, 503))
    await imagegen.forward("GET", "/api/images/a", b"", {})
    assert (await asyncio.wait_for(imagegen.forward("GET", "/api/images/a", b"", {}), 10)).status_code == 503


async def test_one_that_was_never_there_is_not_waited_for() -> None:
    sister = Sister(httpx.ConnectError, 200)
    with pytest.raises(BackendUnavailable):
        await calling(sister).forward("GET", "/api/images/a", b"", {})
    assert sister.script == [200]
