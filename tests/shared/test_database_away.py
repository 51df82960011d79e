"""PostgreSQL goes away and comes back: 503 meanwhile, and nothing is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from shared.database.embedded import EmbeddedServer, let_go, start_embedded
from tests.gateway.stories import PATH, analyse, form
from tests.imagegen.ordering import bought, ended, order, until
from tests.plain import calling
from tests.stack import Stack
from tests.waiting import eventually


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    folder: Path = tmp_path_factory.mktemp("away")
    server = start_embedded(folder)
    yield server
    let_go(server)


def check_away(answer: httpx.Response) -> None:
    told = answer.json()
    assert (answer.status_code, told["success"], told["errorCode"]) == (503, False, "BACKEND_UNAVAILABLE")
    assert told["error"] == told["detail"] != ""


def test_an_outage_of_the_database_is_503_and_loses_nothing(own_stack: Stack, postgres: EmbeddedServer) -> None:
    own_stack.settings["DATABASE_URL"] = postgres.url
    own_stack.start()
    gateway = calling(own_stack.gateway_url)
    imagegen = calling(own_stack.imagegen_url)
    with gateway, imagegen:
        key = {"Idempotency-Key": "before"}
        storyboard = analyse(gateway, key, sceneCount=1)
        assert storyboard.status_code == 200
        own_stack.tune(jimeng_seconds=[3, 3])
        under_way = order(imagegen, "停电时在画")
        until(imagegen, under_way, "running")

        postgres.stop()
        for client in (gateway, imagegen):
            assert client.get("/livez").status_code == 200
            assert client.get("/readyz").status_code == 503
        away = [
            gateway.get("/api/stream/tasks"),
            gateway.get("/api/stream/tasks/7c9e6679-7425-40de-944b-e07fc1f90ae7"),
            gateway.post(PATH, json=form(), headers={"Idempotency-Key": "meanwhile"}),
            gateway.post(f"{PATH}?stream=true", json=form()),
            gateway.get(f"/api/images/{under_way}"),
            gateway.post("/api/images", json={"prompt": "停电后"}),
            imagegen.post("/api/images", json={"prompt": "停电后"}),
            imagegen.post("/api/generate-image", json={"prompt": "停电后"}),
            imagegen.delete(f"/api/images/{under_way}"),
            imagegen.get(f"/api/images/{under_way}/content"),
        ]
        for answer in away:
            check_away(answer)
            assert int(answer.headers["retry-after"]) >= 1
        check_away(gateway.post("/api/generate-image", json={"prompt": "停电后"}))

        postgres.start()
        for process in own_stack.processes:
            process.wait_ready()
        assert analyse(gateway, key, sceneCount=1).content == storyboard.content
        assert ended(gateway, under_way)["status"] == "succeeded"
        assert bought(own_stack, "停电时在画") == 1
        assert bought(own_stack, "停电后") == 0
        assert ended(gateway, order(gateway, "来电了"))["status"] == "succeeded"
    own_stack.stop()


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """A PostgreSQL that holds its connections and answers nobody."""
    server = psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))
    stopped = [server, *server.children()]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            process.resume()


def test_a_database_that_hangs_is_not_ready_and_what_waits_for_it_is_done_afterwards(own_stack: Stack) -> None:
    own_stack.start()
    own_stack.tune(jimeng_seconds=[1, 1])
    with calling(own_stack.gateway_url) as gateway, ThreadPoolExecutor(1) as elsewhere:
        under_way = order(gateway, "卡住时在画")
        until(gateway, under_way, "running")
        with frozen(own_stack.folder / "data"):
            asked = elsewhere.submit(gateway.get, f"/api/images/{under_way}")
            for _ in range(3):
                assert gateway.get("/readyz").status_code == 503
            assert gateway.get("/livez").status_code == 200
        assert asked.result().status_code in {200, 503}
        eventually(lambda: gateway.get("/readyz").status_code == 200, "it never noticed that the database is back")
        assert ended(gateway, under_way)["status"] == "succeeded"
        assert bought(own_stack, "卡住时在画") == 1
