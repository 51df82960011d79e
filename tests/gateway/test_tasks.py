"""R1 and R3 for scripts: how tasks stand and what ran before. R2 is in test_scripts_reading.py."""

import uuid
from datetime import datetime

import httpx
import pytest

from tests.gateway.told import ORDER, listen, script, task_of, wholes
from tests.stack import Stack

TASKS = "/api/stream/tasks"


def test_a_finished_script_is_shown_with_all_its_texts(quick: Stack, gateway: httpx.Client) -> None:
    events = script(gateway)
    state = gateway.get(f"{TASKS}/{task_of(events)}").json()
    parts = wholes(events)
    assert state["full_script"] == "\n\n".join(parts)
    assert state["episodes"] == [
        {"episode": number, "content": content, "is_complete": True} for number, content in enumerate(parts)
    ]
    for text in ("full_script", "episodes", "created_at", "updated_at"):
        moment = state.pop(text)
        assert text.startswith(("full", "epis")) or datetime.fromisoformat(moment)
    assert state == {
        "success": True,
        "task_id": task_of(events),
        "task_type": "script_generation",
        "status": "completed",
        "last_event_id": events[-1].id,
        "current": 2,
        "total": 2,
        "message": "剧本生成完成",
        "error": None,
        "errorCode": None,
        "demo": True,
    }


def test_a_script_under_way_is_shown_as_far_as_it_is(stack: Stack, gateway: httpx.Client) -> None:
    with gateway.stream("POST", "/api/stream/generate-script", json=ORDER) as response:
        events = listen(response)
        seen = [next(events)]
        while not (seen[-1].name == "content_chunk" and seen[-1].data["episode"] == 1):
            seen.append(next(events))
        state = gateway.get(f"{TASKS}/{task_of(seen)}").json()
        gateway.delete(f"/api/stream/cancel/{task_of(seen)}")
    assert (state["status"], state["message"]) == ("running", "正在生成第1集...")
    assert (state["current"], state["total"]) == (1, 2)
    assert state["last_event_id"] >= seen[-1].id
    assert state["full_script"] == wholes(seen)[0]
    assert [part["is_complete"] for part in state["episodes"]] == [True, False]
    assert state["episodes"][1]["content"].startswith(seen[-1].data["content"])


@pytest.mark.parametrize("path", ["", "/events"])
def test_an_unknown_task_is_not_found(gateway: httpx.Client, path: str) -> None:
    unknown = str(uuid.uuid4())
    answer = gateway.get(f"{TASKS}/{unknown}{path}")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "TASK_NOT_FOUND")
    assert answer.json()["error"] == answer.json()["detail"] == f"未找到任务ID {unknown}"


def test_tasks_are_listed_page_by_page_newest_first(quick: Stack, gateway: httpx.Client) -> None:
    made = [task_of(script(gateway, episodes=1)) for _ in range(3)]
    listed: list[str] = []
    page = gateway.get(TASKS, params={"limit": 2}).json()
    while True:
        listed += [task["task_id"] for task in page["tasks"]]
        assert all("full_script" not in task and "episodes" not in task for task in page["tasks"])
        if page["next"] is None:
            break
        page = gateway.get(TASKS, params={"limit": 2, "cursor": page["next"]}).json()
    assert listed[:3] == made[::-1]
    assert len(listed) == len(set(listed))


def test_tasks_are_listed_by_type_and_status(quick: Stack, gateway: httpx.Client) -> None:
    done = task_of(script(gateway, episodes=1))
    quick.fault(vendor="claude", kind="refusal", value=0)
    failed = task_of(script(gateway, episodes=1))

    def listed(**query: str) -> list[str]:
        return [task["task_id"] for task in gateway.get(TASKS, params={"limit": "100", **query}).json()["tasks"]]

    assert done in listed(task_type="script_generation", status="completed")
    assert failed not in listed(task_type="script_generation", status="completed")
    assert failed in listed(status="failed")
    assert {done, failed}.isdisjoint(listed(task_type="batch_images"))


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "task_type=image", "status=odd"])
def test_a_list_out_of_bounds_is_refused(gateway: httpx.Client, query: str) -> None:
    assert gateway.get(f"{TASKS}?{query}").status_code == 422


@pytest.mark.parametrize("cursor", ["", "x", "////", "%00", "MjAyNg=="])
def test_an_unreadable_cursor_begins_at_the_newest(quick: Stack, gateway: httpx.Client, cursor: str) -> None:
    newest = task_of(script(gateway, episodes=1))
    page = gateway.get(f"{TASKS}?cursor={cursor}&task_type=script_generation").json()
    assert page["tasks"][0]["task_id"] == newest
