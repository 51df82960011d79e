"""Requests a minute, readers, unfinished tasks: what one caller may ask for."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.plain import calling
from tests.stack import Process, Stack

STORY = {"script": "雨夜，小满推开便利店的门。她看见柜台后面的老人抬起头来。", "sceneCount": 2}


def client(process: Process, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return calling(process.url, headers=headers, timeout=30)


def check_too_many(answer: httpx.Response) -> None:
    assert answer.status_code == 429
    assert answer.json()["errorCode"] == "TOO_MANY_REQUESTS"
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_sixth_request_of_a_minute_waits_and_says_how_long(limited: Process) -> None:
    with client(limited, "one") as one, client(limited, "two") as two:
        answers = [one.get("/api/stream/tasks") for _ in range(10)]
        first_refusal = next(i for i, answer in enumerate(answers) if answer.status_code == 429)
        assert first_refusal >= 5
        assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["5"] * 10
        assert answers[0].headers["RateLimit-Remaining"] == "4"
        check_too_many(answers[first_refusal])
        assert int(answers[first_refusal].headers["Retry-After"]) <= 60
        assert two.get("/api/stream/tasks").status_code == 200


def test_probes_and_the_page_are_never_limited(limited: Process) -> None:
    with client(limited, "one") as one:
        for path in ("/livez", "/readyz", "/api/health"):
            assert {one.get(path).status_code for _ in range(8)} == {200}


@pytest.fixture
def long_task(small: Stack) -> Iterator[str]:
    """A task of key `one` that goes on until the test is over."""
    small.tune(deepseek_seconds=[3, 3])
    yield "long"
    small.tune(deepseek_seconds=[0.01, 0.05])


def opened(exits: ExitStack, one: httpx.Client) -> httpx.Response:
    params = {"stream": "true"}
    return exits.enter_context(one.stream("POST", "/api/intelligent-analyze-script", json=STORY, params=params))


@pytest.mark.usefixtures("long_task")
def test_more_readers_than_allowed_are_turned_away_and_the_next_gets_in(narrow: Process) -> None:
    with client(narrow, "one") as one, client(narrow, "two") as two, ExitStack() as exits:
        assert [opened(exits, one).status_code for _ in range(2)] == [200, 200]
        check_too_many(one.post("/api/intelligent-analyze-script", json=STORY, params={"stream": "true"}))
        assert opened(exits, two).status_code == 200
        check_too_many(two.post("/api/intelligent-analyze-script", json=STORY, params={"stream": "true"}))
        assert two.get("/api/stream/tasks").status_code == 200
        exits.close()
        deadline = 50
        while (left := one.post("/api/intelligent-analyze-script", json=STORY)).status_code == 429 and deadline:
            deadline -= 1
        assert left.status_code == 200


def test_a_full_queue_says_so_and_takes_known_requests_still(own_stack: Stack) -> None:
    own_stack.settings["MAX_OPEN_TASKS"] = "3"
    own_stack.settings["SANDBOX_JIMENG_SECONDS"] = "[30, 30]"
    own_stack.start()
    with calling(own_stack.gateway_url, timeout=30) as gateway:

        def order(number: int) -> httpx.Response:
            key = {"Idempotency-Key": f"order-{number}"}
            return gateway.post("/api/images", json={"prompt": f"灯塔{number}"}, headers=key)

        accepted = [order(number) for number in range(3)]
        assert [answer.status_code for answer in accepted] == [202] * 3
        check_too_many(order(3))
        check_too_many(gateway.post("/api/generate-image", json={"prompt": "灯塔"}))
        assert order(1).json()["id"] == accepted[1].json()["id"]
        ids = [answer.json()["id"] for answer in accepted]
        queued = [image_id for image_id in ids if gateway.get(f"/api/images/{image_id}").json()["status"] == "queued"]
        gateway.delete(f"/api/images/{queued[0]}").raise_for_status()
        assert order(4).status_code == 202
