"""A1 with `?stream=true`, and its task by R1 and R2."""

import httpx
import pytest

from tests.gateway.stories import PATH, analyse, analyse_streamed, form
from tests.gateway.told import Told, follow, frames, parse
from tests.stack import Stack


def check_stream(events: list[Told]) -> None:
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert {event.name for event in events} == {""}, "the page looks for `type` in the data"
    progress = [event.data["progress"] for event in events if event.data["type"] == "progress"]
    assert progress == sorted(progress)
    assert 0 <= progress[0] <= progress[-1] <= 100


def test_the_stream_tells_every_step_and_ends_with_the_storyboard(gateway: httpx.Client) -> None:
    events = analyse_streamed(gateway, sceneCount=2, style="manga")
    check_stream(events)
    *steps, last = [event.data for event in events]
    assert [step["type"] for step in steps] == ["progress"] * len(steps)
    assert sorted({step["step"] for step in steps}) == [1, 2, 3, 4]
    assert all(step["message"] for step in steps)
    assert last["type"] == "complete"
    plain = analyse(gateway, sceneCount=2, style="manga").json()["data"]
    assert last["data"] == plain
    assert [number for number, event in enumerate(events) if event.data.get("demo")] == [0, len(events) - 1]


def test_the_headers_are_those_of_an_unbuffered_stream(gateway: httpx.Client) -> None:
    with gateway.stream("POST", PATH, params={"stream": "true"}, json=form(sceneCount=1)) as response:
        headers = response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache, no-transform", "no")
        assert not {"connection", "keep-alive"} & set(headers)
        location = headers["location"]
        events = parse(response.read())
    assert location.startswith("/api/stream/tasks/")
    again = gateway.get(location)
    assert parse(again.content)[-1] == events[-1]


def test_every_event_can_be_fetched_again_byte_by_byte(gateway: httpx.Client) -> None:
    with gateway.stream("POST", PATH, params={"stream": "true"}, json=form(sceneCount=1)) as response:
        task_id = response.headers["location"].split("/")[-2]
        sent = [event.raw for event in parse(response.read())]
    for after in range(len(sent)):
        assert [event.raw for event in follow(gateway, task_id, after)] == sent[after:]
    path = f"/api/stream/tasks/{task_id}/events"
    for done in ({"Last-Event-ID": str(len(sent))}, {"Last-Event-ID": "99999999999999999999999"}):
        assert gateway.get(path, headers=done).status_code == 204
    assert gateway.get(path, params={"last_event_id": len(sent)}).status_code == 204
    assert parse(gateway.get(path, params={"last_event_id": "x"}).content)[0].id == 1
    both = gateway.get(path, params={"last_event_id": len(sent)}, headers={"Last-Event-ID": "1"})
    assert parse(both.content)[0].id == 2, "the header wins"


def test_a_reader_who_lost_the_connection_goes_on_where_it_was(gateway: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="deepseek", kind="delay", call="chat", value=0.5, times=-1)
    with gateway.stream("POST", PATH, params={"stream": "true"}, json=form(sceneCount=1)) as response:
        task_id = response.headers["location"].split("/")[-2]
        first = next(frames(response.iter_raw()))
    rest = follow(gateway, task_id, 1)
    check_stream(parse(first + b"\n\n") + rest)
    assert rest[-1].data["type"] == "complete"


@pytest.mark.parametrize("after", [0, 2])
def test_an_error_ends_the_stream_with_the_json_answer_s_words(gateway: httpx.Client, stack: Stack, after: int) -> None:
    stack.fault(vendor="deepseek", kind="status", value=400, after=after)
    told = analyse(gateway).json()
    stack.fault(vendor="deepseek", kind="status", value=400, after=after)
    events = analyse_streamed(gateway)
    check_stream(events)
    last = events[-1].data
    assert last["type"] == "error"
    names = ("error", "detail", "errorCode", "failedStep")
    assert {name: last[name] for name in names} == {name: told[name] for name in names}
    task_id = gateway.get("/api/stream/tasks", params={"limit": 1}).json()["tasks"][0]["task_id"]
    shown = gateway.get(f"/api/stream/tasks/{task_id}").json()
    assert (shown["status"], shown["error"], shown["errorCode"]) == ("failed", told["error"], "ANALYSIS_FAILED")


@pytest.mark.parametrize("path", ["", "/events"])
@pytest.mark.parametrize("task_id", ["nobody", "..%2F..", "a%00b", "7c9e6679-7425-40de-944b-e07fc1f90ae7"])
def test_an_unknown_task_is_not_found(gateway: httpx.Client, path: str, task_id: str) -> None:
    answer = gateway.get(f"/api/stream/tasks/{task_id}{path}")
    assert (answer.status_code, answer.json()["success"]) == (404, False)


def test_a_picture_is_no_stream_task(gateway: httpx.Client) -> None:
    image_id = gateway.post("/api/images", json={"prompt": "不是任务"}).json()["id"]
    answer = gateway.get(f"/api/stream/tasks/{image_id}")
    assert (answer.status_code, answer.json()["error"]) == (404, f"未找到任务ID {image_id}")
    assert answer.json()["errorCode"] == "TASK_NOT_FOUND"
