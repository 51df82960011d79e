"""A single picture does not wait behind a batch, and the queue says truly where a picture stands."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.stack import Stack

FRAMES = 100


@pytest.fixture
def busy(stack: Stack) -> Iterator[str]:
    """A batch of a hundred frames that is being painted, two at a time, a second each; the mark in its prompts."""
    mark = uuid4().hex
    frames = [{"sequence": n, "prompt": f"{mark} {n}"} for n in range(FRAMES)]
    stack.tune(jimeng_seconds=[1.0, 1.0])
    leave, painting = threading.Event(), threading.Event()

    def read() -> None:
        with (
            httpx.Client(base_url=stack.gateway_url, timeout=60, trust_env=False) as client,
            client.stream("POST", "/api/generate-all-images?stream=true", json={"frames": frames}) as stream,
        ):
            for line in stream.iter_lines():
                if '"frame_complete"' in line:
                    painting.set()
                if leave.is_set():
                    return

    reader = threading.Thread(target=read)
    reader.start()
    assert painting.wait(60)
    yield mark
    leave.set()
    reader.join()
    stack.tune(jimeng_seconds=[0.2, 0.5])


def submitted(stack: Stack) -> list[str]:
    """Prompts in the order in which the vendor got them."""
    answer = httpx.get(f"{stack.sandbox_url}/_ledger", params={"last": 500}, trust_env=False).json()
    calls: list[dict[str, Any]] = answer["vendors"]["jimeng"]["requests"]
    return [call["prompt"] for call in calls if call["call"] == "submit"]


def test_a_single_picture_gets_the_next_free_slot(stack: Stack, imagegen: httpx.Client, busy: str) -> None:
    for _ in range(3):
        prompt = f"{uuid4()}"
        seen = len([one for one in submitted(stack) if busy in one])
        answer = imagegen.post("/api/generate-image", json={"prompt": prompt})
        assert answer.json()["success"] is True
        order = submitted(stack)
        overtaken = [one for one in order[: order.index(prompt)] if busy in one][seen:]
        assert len(overtaken) <= 2, "at most what was granted while the picture was on its way"


def test_a_queued_picture_knows_its_place_and_when_it_starts(stack: Stack, imagegen: httpx.Client, busy: str) -> None:
    header = {"X-Batch": "1"}
    last = imagegen.post("/api/images", json={"prompt": f"{uuid4()}"}, headers=header).json()["id"]
    first = imagegen.post("/api/images", json={"prompt": f"{uuid4()}"}).json()["id"]
    behind = imagegen.get(f"/api/images/{last}").json()
    ahead = imagegen.get(f"/api/images/{first}").json()
    assert behind["status"] == "queued"
    waiting = behind["queue"]["position"]
    assert FRAMES * 0.5 < waiting <= FRAMES
    assert waiting / 2 * 0.9 <= behind["queue"]["eta_seconds"] <= waiting / 2 * 2.5
    if ahead["status"] == "queued":
        assert ahead["queue"]["position"] == 1
        assert ahead["queue"]["eta_seconds"] <= 3
    imagegen.delete(f"/api/images/{last}")
    assert "queue" not in imagegen.get(f"/api/images/{last}").json()
