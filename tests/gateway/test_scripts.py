"""B1 and B2: a script as its first reader sees it."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.gateway.told import ORDER, check_whole, endings, follow, listen, script, task_of, text_of, wholes
from tests.stack import Stack

GENERATE = "/api/stream/generate-script"


def _collapsed(names: list[str]) -> str:
    """Names with repeated pieces as one."""
    return re.sub(r"(content_chunk )+", "content_chunk ", " ".join(names) + " ").strip()


def test_a_script_is_told_in_order_from_the_directory_to_the_last_episode(quick: Stack, gateway: httpx.Client) -> None:
    events = script(gateway)
    check_whole(events)
    assert _collapsed([event.name for event in events]) == (
        "task_id status content_chunk initial_content "
        "status progress content_chunk episode_content status progress content_chunk episode_content complete"
    )
    task_id = task_of(events)
    assert uuid.UUID(task_id).version == 4
    told = [event.data for event in events if event.name != "content_chunk"]
    first, directory, last = told[3:5], told[1], told[-1]
    assert first == [{"message": "正在生成第1集..."}, {"current": 1, "total": 2}]
    assert directory == {"message": "正在生成角色表和目录..."}
    assert last == {"task_id": task_id, "message": "剧本生成完成", "demo": True}


def test_every_piece_says_to_which_episode_it_belongs(stack: Stack, gateway: httpx.Client) -> None:
    events = script(gateway, episodes=1)
    check_whole(events)
    pieces = [event.data for event in events if event.name == "content_chunk"]
    assert len(pieces) > 20, "the text comes as it is written"
    assert all(set(piece) == {"content", "is_complete", "episode"} for piece in pieces)
    assert all(piece["is_complete"] is False and piece["content"] for piece in pieces)
    assert [event.data.keys() for event in events if event.name == "initial_content"] == [{"content"}]
    episode = next(event.data for event in events if event.name == "episode_content")
    assert (episode["episode"], episode["is_complete"]) == (1, True)


def test_the_script_is_about_what_was_asked_for(quick: Stack, gateway: httpx.Client) -> None:
    directory, first, second = wholes(script(gateway, characters=["欧阳岚,女,41"]))
    assert "欧阳岚" in directory
    assert "第02集" in directory
    assert "欧阳岚" in first
    assert "集数：第2集" in second


def test_the_model_is_told_the_directory_and_the_end_of_the_text_so_far(quick: Stack, gateway: httpx.Client) -> None:
    events = script(gateway, genre="古装探案", duration="2分钟")
    directory, first, _ = wholes(events)
    asked = [request["prompt"] for request in quick.ledger()["vendors"]["claude"]["requests"][-3:]]
    assert "古装探案" in asked[0]
    assert "2分钟" in asked[2]
    title = re.search("《.*?》", directory)
    assert title
    assert title.group() in asked[2]
    assert "| 角色名称 |" in asked[2]
    assert all(line in asked[2] for line in directory.splitlines() if line.startswith("第"))
    so_far = f"{directory}\n\n{first}"
    assert so_far[-1500:].strip("\n") in asked[2]
    assert so_far[-1600:-1500] not in asked[2].partition("<previous>")[2]


def test_no_temperature_is_sent_to_claude_and_the_key_travels_as_a_header(quick: Stack, gateway: httpx.Client) -> None:
    script(gateway, episodes=1)
    request = quick.ledger()["vendors"]["claude"]["requests"][-2]
    assert request["body"].endswith('"model":"claude-sonnet-5-5","stream":true}')
    assert "temperature" not in request["body"]
    assert {"authorization", "x-api-key", "anthropic-version"} <= request["headers"].keys()


def test_the_answer_says_where_to_go_on_reading(quick: Stack, gateway: httpx.Client) -> None:
    with gateway.stream("POST", GENERATE, json=ORDER | {"episodes": 1}) as response:
        events = list(listen(response))
    assert response.headers["location"] == f"/api/stream/tasks/{task_of(events)}/events"
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    assert "connection" not in response.headers


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"genre": None}, "genre"),
        ({"genre": 5}, "genre"),
        ({"duration": 3}, "duration"),
        ({"episodes": 0}, "episodes"),
        ({"episodes": 101}, "episodes"),
        ({"episodes": "3"}, "episodes"),
        ({"episodes": 1.5}, "episodes"),
        ({"episodes": True}, "episodes"),
        ({"characters": "张明"}, "characters"),
        ({"characters": ["张明", 7]}, "characters.1"),
    ],
)
def test_what_is_mistyped_or_out_of_bounds_is_named(gateway: httpx.Client, change: dict[str, Any], field: str) -> None:
    answer = gateway.post(GENERATE, json=ORDER | change)
    told = answer.json()
    assert (answer.status_code, told["errorCode"], told["success"]) == (422, "VALIDATION_ERROR", False)
    assert told["error"].startswith(f"请求参数无效: {field}: ")
    assert told["detail"][0]["loc"][:2] == ["body", field.partition(".")[0]]


@pytest.mark.parametrize("missing", ORDER)
def test_what_is_missing_is_named(gateway: httpx.Client, missing: str) -> None:
    answer = gateway.post(GENERATE, json={name: value for name, value in ORDER.items() if name != missing})
    assert answer.status_code == 422
    assert f"请求参数无效: {missing}: " in answer.json()["error"]


def test_a_body_over_a_megabyte_is_refused(gateway: httpx.Client) -> None:
    answer = gateway.post(GENERATE, json=ORDER | {"genre": "悬" * 400_000})
    assert (answer.status_code, answer.json()["errorCode"]) == (413, "PAYLOAD_TOO_LARGE")


def test_the_servers_address_and_key_are_not_taken_from_the_request(quick: Stack, gateway: httpx.Client) -> None:
    events = script(gateway, episodes=1, api_url="http://127.0.0.1:1/v1", api_key="sk-theirs", model="theirs")
    assert endings(events) == ["complete"]


def test_a_script_can_be_cancelled_from_its_first_event_on(stack: Stack, gateway: httpx.Client) -> None:
    with gateway.stream("POST", GENERATE, json=ORDER) as response:
        events = listen(response)
        task_id = next(events).data["task_id"]
        answer = gateway.delete(f"/api/stream/cancel/{task_id}")
        rest = list(events)
    assert answer.status_code == 200
    assert answer.json() == {"status": "canceled", "task_id": task_id, "task_type": "script_generation"}
    assert rest[-1].data == {"message": "生成已被用户取消", "demo": True}
    assert endings(rest) == ["canceled"]
    state = gateway.get(f"/api/stream/tasks/{task_id}").json()
    assert (state["status"], state["errorCode"]) == ("canceled", "CANCELED")


def test_a_cancel_keeps_what_was_written_and_closes_the_vendors_stream(stack: Stack, gateway: httpx.Client) -> None:
    with gateway.stream("POST", GENERATE, json=ORDER | {"episodes": 3}) as response:
        events = listen(response)
        seen = [next(events)]
        while len([e for e in seen if e.name == "content_chunk" and e.data["episode"] == 1]) < 5:
            seen.append(next(events))
        gateway.delete(f"/api/stream/cancel/{task_of(seen)}").raise_for_status()
        seen += list(events)
    check_whole(seen)
    state = gateway.get(f"/api/stream/tasks/{task_of(seen)}").json()
    assert [(part["episode"], part["is_complete"]) for part in state["episodes"]] == [(0, True), (1, False)]
    assert state["episodes"][1]["content"] == text_of(seen, 1)
    assert state["full_script"] == wholes(seen)[0]
    assert follow(gateway, task_of(seen)) == seen
    open_streams = stack.ledger()["open_streams"].get("claude", 0)
    while open_streams:  # the test's own time limit is the clock
        open_streams = stack.ledger()["open_streams"].get("claude", 0)


@pytest.mark.parametrize("shorten", [lambda i: i[:-1], lambda i: i[:8], lambda i: i + "0", lambda _: str(uuid.uuid4())])
def test_only_a_whole_id_cancels(stack: Stack, gateway: httpx.Client, shorten: Any) -> None:
    with gateway.stream("POST", GENERATE, json=ORDER) as response:
        events = listen(response)
        task_id = next(events).data["task_id"]
        wrong = shorten(task_id)
        refused = gateway.delete(f"/api/stream/cancel/{wrong}")
        still = gateway.get(f"/api/stream/tasks/{task_id}").json()["status"]
        gateway.delete(f"/api/stream/cancel/{task_id}").raise_for_status()
        list(events)
    assert (refused.status_code, refused.json()["errorCode"]) == (404, "TASK_NOT_FOUND")
    assert refused.json()["detail"] == f"任务 {wrong} 不在活跃流式生成中"
    assert still == "running"


def test_a_finished_script_cannot_be_cancelled(quick: Stack, gateway: httpx.Client) -> None:
    events = script(gateway, episodes=1)
    answer = gateway.delete(f"/api/stream/cancel/{task_of(events)}")
    assert (answer.status_code, answer.json()["error"]) == (404, f"任务 {task_of(events)} 不在活跃流式生成中")
    assert follow(gateway, task_of(events)) == events


def test_of_ten_cancels_at_once_one_counts(stack: Stack, gateway: httpx.Client) -> None:
    with gateway.stream("POST", GENERATE, json=ORDER) as response:
        events = listen(response)
        task_id = next(events).data["task_id"]
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: gateway.delete(f"/api/stream/cancel/{task_id}").status_code, range(10)))
        rest = list(events)
    assert sorted(answers) == [200] + [404] * 9
    assert endings(rest) == ["canceled"]


def test_the_same_key_and_body_lead_to_the_same_script(quick: Stack, gateway: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = script(gateway, key)
    before = quick.submitted("claude")
    again = script(gateway, key)
    assert again == first
    assert quick.submitted("claude") == before


def test_the_same_key_with_another_body_is_refused(quick: Stack, gateway: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    script(gateway, key, episodes=1)
    answer = gateway.post(GENERATE, json=ORDER | {"episodes": 2}, headers=key)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_the_same_key_joins_a_script_that_is_being_written(stack: Stack, gateway: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    with gateway.stream("POST", GENERATE, json=ORDER, headers=key) as one:
        events = listen(one)
        first = [next(events) for _ in range(4)]
        with gateway.stream("POST", GENERATE, json=ORDER, headers=key) as other:
            joined = listen(other)
            assert [next(joined) for _ in range(4)] == first
            gateway.delete(f"/api/stream/cancel/{task_of(first)}").raise_for_status()
            assert list(joined) == list(events)
        assert other.headers["location"] == one.headers["location"]


def test_a_hundred_long_episodes_arrive_whole(quick: Stack, gateway: httpx.Client) -> None:
    events = script(gateway, episodes=100, duration="10分钟")
    check_whole(events)
    parts = wholes(events)
    assert len(parts) == 101
    state = gateway.get(f"/api/stream/tasks/{task_of(events)}").json()
    assert state["full_script"] == "\n\n".join(parts)
    assert len(state["full_script"].encode()) > 1_000_000
    found = gateway.get(f"/api/stream/extract-scene-prompts/{task_of(events)}")
    assert found.text.count("event: episode_prompts") == 100
