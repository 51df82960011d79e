"""N1 to N4: ordering a picture, seeing how it stands, cancelling it."""

import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.imagegen.ordering import bought, ended, look, order, until
from tests.stack import Stack

FIELDS = {
    *("success", "id", "status", "provider", "prompt", "frame", "config", "imageUrl", "contentUrl"),
    *("error", "errorCode", "createdAt", "updatedAt"),
}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def slow(stack: Stack) -> Iterator[Stack]:
    """A vendor that takes its time."""
    stack.tune(jimeng_seconds=[5, 5])
    yield stack
    stack.tune(jimeng_seconds=[0.2, 0.5])


def test_an_order_is_accepted_at_once_and_leads_to_its_picture(imagegen: httpx.Client) -> None:
    frame, config = {"sequence": 3}, {"aspectRatio": "1:1", "style": "anime"}
    answer = imagegen.post("/api/images", json={"prompt": "渡口", "frame": frame, "config": config})
    accepted = answer.json()
    assert answer.status_code == 202
    assert accepted == {"success": True, "id": accepted["id"], "status": "queued", "demo": True}
    assert answer.headers["location"] == f"/api/images/{accepted['id']}"
    shown = ended(imagegen, accepted["id"])
    assert set(shown) == FIELDS | {"demo"}
    assert (shown["status"], shown["provider"]) == ("succeeded", "jimeng")
    assert (shown["prompt"], shown["frame"], shown["config"]) == ("渡口", frame, config)
    assert (shown["error"], shown["errorCode"]) == (None, None)
    assert shown["contentUrl"] == f"/api/images/{accepted['id']}/content"
    assert all(ISO.fullmatch(shown[name]) for name in ("createdAt", "updatedAt"))


@pytest.mark.parametrize("form", [{"provider": "midjourney"}, {"provider": 5}, {"frame": "x"}, {"config": []}])
def test_an_order_with_a_wrong_value_is_refused(imagegen: httpx.Client, form: dict[str, Any]) -> None:
    answer = imagegen.post("/api/images", json={"prompt": "渡口"} | form)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")


def test_waiting_for_an_order_answers_as_soon_as_it_has_ended(imagegen: httpx.Client) -> None:
    begun = time.monotonic()
    answer = imagegen.post("/api/images", json={"prompt": "快"}, headers={"Prefer": "respond-async, wait=50"})
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer.headers["preference-applied"] == "wait=50"
    assert answer.headers["location"] == f"/api/images/{answer.json()['id']}"
    assert time.monotonic() - begun < 45


def test_waiting_ends_with_the_unfinished_object(imagegen: httpx.Client, slow: Stack) -> None:
    answer = imagegen.post("/api/images", json={"prompt": "慢"}, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
    assert int(answer.headers["retry-after"]) >= 1
    again = imagegen.get(f"/api/images/{answer.json()['id']}", headers={"Prefer": "wait=1"})
    assert (again.status_code, again.json()["status"]) == (200, "running")
    assert int(again.headers["retry-after"]) >= 1
    assert ended(imagegen, answer.json()["id"])["status"] == "succeeded"


@pytest.mark.parametrize(
    ("asked", "applied"), [("wait=600", "wait=60"), ('wait="7"', "wait=7"), ("wait=0", None), ("x=1", None)]
)
def test_a_preference_is_bounded_and_told(imagegen: httpx.Client, asked: str, applied: str | None) -> None:
    image_id = order(imagegen, "偏好")
    ended(imagegen, image_id)
    answer = imagegen.get(f"/api/images/{image_id}", headers={"Prefer": asked})
    assert (answer.status_code, answer.headers.get("preference-applied")) == (200, applied)


def test_a_preference_of_a_thousand_digits_is_no_error(imagegen: httpx.Client) -> None:
    image_id = order(imagegen, "千位数")
    answer = imagegen.get(f"/api/images/{image_id}", headers={"Prefer": "wait=" + "9" * 5000})
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=60")


def test_the_third_order_waits_and_can_be_canceled_without_being_bought(imagegen: httpx.Client, slow: Stack) -> None:
    first, second = (order(imagegen, f"占位 {n}") for n in (1, 2))
    for busy in (first, second):
        until(imagegen, busy, "running")
    waiting, last = order(imagegen, "排队三"), order(imagegen, "排队四")
    shown = look(imagegen, waiting)
    assert shown["status"] == "queued"
    assert shown["queue"]["position"] == 1
    assert shown["queue"]["eta_seconds"] >= 1
    assert look(imagegen, last)["queue"]["position"] == 2

    content = imagegen.get(f"/api/images/{waiting}/content")
    assert (content.status_code, content.json()["error"]) == (409, "图片尚未生成完成")
    assert content.json()["errorCode"] == "IMAGE_NOT_READY"
    assert int(content.headers["retry-after"]) >= 1

    canceled = imagegen.delete(f"/api/images/{waiting}")
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert (canceled.json()["error"], canceled.json()["errorCode"]) == ("图片生成已取消", "CANCELED")
    assert "queue" not in canceled.json()
    assert look(imagegen, last)["queue"]["position"] == 1
    gone = imagegen.get(f"/api/images/{waiting}/content")
    assert (gone.status_code, gone.json()["error"]) == (404, f"图片 {waiting} 没有可用的内容")

    running = imagegen.delete(f"/api/images/{first}").json()
    assert (running["status"], running["cancelRequested"]) == ("running", True)
    assert ended(imagegen, first)["status"] == "succeeded", "a paid picture is kept"
    assert imagegen.get(f"/api/images/{first}/content").status_code == 200
    assert imagegen.delete(f"/api/images/{first}").json()["status"] == "succeeded"
    assert imagegen.delete(f"/api/images/{waiting}").json()["status"] == "canceled"
    assert ended(imagegen, last)["status"] == "succeeded"
    assert bought(slow, "排队三") == 0


def test_at_most_two_tasks_are_at_the_vendor_at_one_time(imagegen: httpx.Client, stack: Stack) -> None:
    ids = [order(imagegen, f"并发 {number}") for number in range(8)]
    assert {ended(imagegen, image_id)["status"] for image_id in ids} == {"succeeded"}
    assert stack.ledger()["vendors"]["jimeng"]["max_in_flight"] <= 2


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("tail", ["", "/content"])
def test_an_unknown_picture_is_not_found(imagegen: httpx.Client, method: str, tail: str) -> None:
    if method == "DELETE" and tail:
        return
    answer = imagegen.request(method, f"/api/images/jimeng_v4_nobody{tail}")
    assert (answer.status_code, answer.json()["error"]) == (404, "未找到图片 jimeng_v4_nobody")
    assert answer.json()["errorCode"] == "IMAGE_NOT_FOUND"


@pytest.mark.parametrize("moment", ["1e300", "nan", "inf", "-1", "soon", "9" * 400, ""])
def test_an_order_with_an_absurd_turn_takes_its_own(imagegen: httpx.Client, moment: str) -> None:
    answer = imagegen.post("/api/images", json={"prompt": "渡口"}, headers={"X-Queued-At": moment, "Prefer": "wait=40"})
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


def test_a_repeated_order_whose_first_try_was_dropped_gets_an_image_of_its_own(
    imagegen: httpx.Client, slow: Stack
) -> None:
    """The connection broke while it waited for a slot; the gateway repeats it with the same key and proposed id."""
    for busy in [order(imagegen, f"占着 {n}") for n in (1, 2)]:
        until(imagegen, busy, "running")
    prompt, proposed = f"重来 {uuid4().hex}", f"jimeng_v4_{uuid4().hex}"
    headers = {"Idempotency-Key": uuid4().hex, "X-Image-Id": proposed}
    with pytest.raises(httpx.ReadTimeout):
        imagegen.post("/api/generate-image", json={"prompt": prompt}, headers=headers, timeout=1)
    until(imagegen, proposed, "canceled")
    again = imagegen.post("/api/generate-image", json={"prompt": prompt}, headers=headers | {"X-Join": "1"})
    assert again.status_code == 200, again.text
    assert again.json()["data"]["taskId"] != proposed
    assert bought(slow, prompt) == 1


def test_an_image_whose_batch_has_ended_is_not_bought_and_gets_its_ending(imagegen: httpx.Client, stack: Stack) -> None:
    ended_parent = order(imagegen, "先完成")
    ended(imagegen, ended_parent)
    prompt = f"没人要 {uuid4().hex}"
    headers = {"X-Batch": "1", "X-Task": ended_parent}
    image_id = imagegen.post("/api/images", json={"prompt": prompt}, headers=headers).json()["id"]
    assert ended(imagegen, image_id)["status"] == "canceled"
    assert bought(stack, prompt) == 0
