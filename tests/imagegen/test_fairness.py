"""A single picture does not wait behind a batch, and the queue says truly where a picture stands."""

import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.plain import calling
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
            calling(stack.gateway_url) as client,
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
    return [call["prompt"] for call in stack.requests("jimeng") if call["call"] == "submit"]


def test_a_single_picture_gets_the_next_free_slot(stack: Stack, imagegen: httpx.Client, busy: str) -> None:
    for _ in range(3):
        prompt = f"{uuid4()}"
        seen = len([one for one in submitted(stack) if busy in one])
        answer = imagegen.post("/api/generate-image", json={"prompt": prompt})
        assert answer.json()["success"] is True
        order = submitted(stack)
        overtaken = [one for one in order[: order.index(prompt)] if busy in one][seen:]
        assert len(overtaken) <= 2, "at most what was granted while the picture was on its way"


def settled(imagegen: httpx.Client, image_id: str) -> dict[str, Any]:
    """A queued picture, once no more frames of the batch take their places before it."""
    position = 0
    while True:
        picture: dict[str, Any] = imagegen.get(f"/api/images/{image_id}").json()
        if picture["queue"]["position"] <= position:
            return picture
        position = picture["queue"]["position"]
        time.sleep(0.5)


def test_a_queued_picture_knows_its_place_and_when_it_starts(stack: Stack, imagegen: httpx.Client, busy: str) -> None:
    header = {"X-Batch": "1"}
    patient = [
        imagegen.post("/api/images", json={"prompt": f"{uuid4()}"}, headers=header).json()["id"] for _ in range(20)
    ]
    earlier, later = patient[-2:]
    single = imagegen.post("/api/images", json={"prompt": f"{uuid4()}"}).json()["id"]
    behind = settled(imagegen, later)
    before = imagegen.get(f"/api/images/{earlier}").json()
    ahead = imagegen.get(f"/api/images/{single}").json()
    assert (before["status"], behind["status"]) == ("queued", "queued")
    assert 5 < before["queue"]["position"] < behind["queue"]["position"]
    assert behind["queue"]["position"] <= 2 * len(patient) + 2, "they take turns with the frames of the batch"
    at_two_a_second = behind["queue"]["position"] / 2
    assert at_two_a_second * 0.9 <= behind["queue"]["eta_seconds"] <= at_two_a_second * 2.5
    if "queue" in ahead:
        assert ahead["queue"]["position"] == 1
        assert ahead["queue"]["eta_seconds"] <= 3
    for image_id in patient:
        imagegen.delete(f"/api/images/{image_id}")
    for image_id in (earlier, later):
        assert "queue" not in imagegen.get(f"/api/images/{image_id}").json()
