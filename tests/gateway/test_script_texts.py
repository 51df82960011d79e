"""B3 and the downloads: what can be read out of a script."""

import re
import uuid
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from tests.gateway.told import ORDER, Told, listen, parse, script, task_of, wholes
from tests.stack import Stack

EXTRACT = "/api/stream/extract-scene-prompts"


@pytest.fixture
def finished(quick: Stack, gateway: httpx.Client) -> list[Told]:
    """A script of two episodes, written once for all tests."""
    return script(gateway, {"Idempotency-Key": "a-script-to-read-from"})


def _told(answer: httpx.Response) -> list[tuple[str, dict[str, Any]]]:
    assert answer.status_code == 200, answer.text
    events = parse(answer.content)
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    return [(event.name, event.data) for event in events]


def _numbers(answer: httpx.Response) -> list[str]:
    return [data["episode"] for name, data in _told(answer) if name == "episode_prompts"]


def test_all_prompts_are_told_episode_by_episode(gateway: httpx.Client, finished: list[Told]) -> None:
    answer = gateway.get(f"{EXTRACT}/{task_of(finished)}")
    first, *prompts, last = _told(answer)
    assert first == ("status", {"message": "正在提取画面描述词..."})
    assert last == ("complete", {"task_id": task_of(finished), "message": "画面描述词提取完成"})
    assert [data["episode"] for _, data in prompts] == ["1", "2"]
    for (_, data), written in zip(prompts, wholes(finished)[1:], strict=True):
        lines = data["content"].split("\n")
        assert lines[0] == f"第{data['episode']}集："
        assert lines[1] == f"场次{data['episode']}-1："
        assert lines[-1] == ""
        asked = [line for line in lines if line.startswith("#")]
        assert asked == [line for line in written.splitlines() if line.startswith("#")] != []
    assert "location" not in answer.headers
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-accel-buffering"] == "no"


@pytest.mark.parametrize(
    ("method", "query", "body", "wanted"),
    [
        ("GET", "", None, ["1", "2"]),
        ("GET", "?episode=2", None, ["2"]),
        ("POST", "", None, ["1", "2"]),
        ("POST", "", {}, ["1", "2"]),
        ("POST", "", {"episode": 1}, ["1"]),
        ("POST", "?episode=2", {"episode": 1}, ["1"]),
        ("POST", "?episode=2", {}, ["2"]),
        ("POST", "", {"task_id": "somebody else's", "episode": 2}, ["2"]),
        ("POST", "", {"task_id": 7, "episode": None}, ["1", "2"]),
    ],
)
def test_every_path_form_answers(
    gateway: httpx.Client, finished: list[Told], method: str, query: str, body: Any, wanted: list[str]
) -> None:
    content = {} if body is None else {"json": body}
    assert _numbers(gateway.request(method, f"{EXTRACT}/{task_of(finished)}{query}", **content)) == wanted


def test_the_body_form_answers(gateway: httpx.Client, finished: list[Told]) -> None:
    task_id = task_of(finished)
    assert _numbers(gateway.post(EXTRACT, json={"task_id": task_id})) == ["1", "2"]
    assert _numbers(gateway.post(EXTRACT, json={"task_id": task_id, "episode": 2})) == ["2"]
    assert _numbers(gateway.post(f"{EXTRACT}?episode=1", json={"task_id": task_id})) == ["1"]


@pytest.mark.parametrize("body", [{}, {"episode": 1}, {"task_id": 5}, {"task_id": "x", "episode": 0}])
def test_a_body_without_a_proper_id_is_refused(gateway: httpx.Client, body: dict[str, Any]) -> None:
    answer = gateway.post(EXTRACT, json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")


def test_an_unknown_episode_is_said_to_be_unknown(gateway: httpx.Client, finished: list[Told]) -> None:
    told = _told(gateway.get(f"{EXTRACT}/{task_of(finished)}?episode=9"))
    assert told[1:-1] == [("episode_prompts", {"episode": "9", "content": "未找到第9集的画面描述词"})]
    assert told[-1][0] == "complete"


def test_an_unknown_script_is_not_found(gateway: httpx.Client, finished: list[Told]) -> None:
    for unknown in (str(uuid.uuid4()), task_of(finished)[:-1], "..%2f..%2fetc"):
        for answer in (gateway.get(f"{EXTRACT}/{unknown}"), gateway.get(f"/api/stream/tasks/{unknown}/script.md")):
            assert answer.status_code == 404
    answer = gateway.post(EXTRACT, json={"task_id": "nobody"})
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "TASK_NOT_FOUND")
    assert answer.json()["detail"] == "未找到任务ID nobody 的剧本"


def test_a_script_without_a_finished_part_is_not_found(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", kind="refusal", value=100)
    task_id = task_of(script(gateway))
    answer = gateway.get(f"{EXTRACT}/{task_id}")
    assert (answer.status_code, answer.json()["error"]) == (404, f"未找到任务ID {task_id} 的剧本")


def test_unfinished_episodes_are_left_out(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", match="请写：第2集", kind="refusal", value=400)
    events = script(gateway)
    task_id = task_of(events)
    assert _numbers(gateway.get(f"{EXTRACT}/{task_id}")) == ["1"]
    assert "第2集" not in gateway.get(f"/api/stream/tasks/{task_id}/script.txt").text.partition("分集目录")[2][200:]


def test_a_script_that_has_only_its_directory_has_no_prompts(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", match="请写：第1集", kind="refusal", value=0)
    told = _told(gateway.get(f"{EXTRACT}/{task_of(script(gateway))}"))
    assert told[1:-1] == [("episode_prompts", {"episode": "1", "content": "未找到画面描述词"})]


def test_prompts_can_be_read_while_the_script_is_written(stack: Stack, gateway: httpx.Client) -> None:
    stack.tune(claude_deltas_per_second=400)
    with gateway.stream("POST", "/api/stream/generate-script", json=ORDER) as response:
        events = listen(response)
        seen = [next(events)]
        while seen[-1].name != "episode_content":
            seen.append(next(events))
        assert _numbers(gateway.get(f"{EXTRACT}/{task_of(seen)}")) == ["1"]
        gateway.delete(f"/api/stream/cancel/{task_of(seen)}")
    stack.tune(claude_deltas_per_second=50)


@pytest.mark.parametrize(("ending", "kind"), [("md", "text/markdown"), ("txt", "text/plain")])
def test_the_script_is_downloaded_under_its_title(
    gateway: httpx.Client, finished: list[Told], ending: str, kind: str
) -> None:
    answer = gateway.get(f"/api/stream/tasks/{task_of(finished)}/script.{ending}")
    title = re.search("《(.*?)》", wholes(finished)[0])
    assert title
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(f'attachment; filename="script.{ending}"; ')
    assert unquote(disposition.partition("UTF-8''")[2]) == f"{title[1]}.{ending}"
    assert title[1] in answer.text
    assert "场次2-1" in answer.text
