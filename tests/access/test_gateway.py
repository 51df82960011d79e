"""With GATEWAY_API_KEYS set: who gets in, and who sees whose work."""

import io
import json
import re
import zipfile
from typing import Any

import httpx
import pytest

from tests.access.conftest import ALICE
from tests.gateway.told import listen, script, task_of
from tests.plain import http
from tests.stack import Stack

STORY = {"script": "雨夜，小满推开便利店的门。她看见柜台后面的老人抬起头来。两人都没有说话。", "sceneCount": 2}
PARAMETER = re.compile(r"\{(\w+)\}")
# Work without an id in its path starts something new that belongs to whoever asks.
OPEN_PATHS = {"/api/health", "/livez", "/readyz", "/metrics", "/"}


def routes(client: httpx.Client) -> list[tuple[str, str]]:
    paths: dict[str, dict[str, Any]] = client.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, item in paths.items() for method in item]


def prompts_in(answer: httpx.Response) -> list[str]:
    """Of a storyboard's archive."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return [frame["prompt"] for frame in json.loads(archive.read("storyboard.json"))["frames"]]


def analysed(client: httpx.Client) -> str:
    """The id of a finished storyboard task."""
    client.post("/api/intelligent-analyze-script", json=STORY).raise_for_status()
    return str(client.get("/api/stream/tasks").json()["tasks"][0]["task_id"])


def painted(client: httpx.Client) -> str:
    answer = client.post("/api/generate-image", json={"prompt": "雨夜的霓虹街头"}).raise_for_status()
    return str(answer.json()["data"]["taskId"])


def check_refused(answer: httpx.Response) -> None:
    body = answer.json()
    assert answer.status_code == 401
    assert (body["error"], body["errorCode"]) == ("缺少或无效的API密钥", "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_route_of_the_api_asks_for_a_key(stranger: httpx.Client) -> None:
    walked = [(method, path) for method, path in routes(stranger) if path not in OPEN_PATHS]
    assert len(walked) >= 12
    for method, path in walked:
        check_refused(stranger.request(method, PARAMETER.sub("x", path), json={}))


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer nope"}, {"X-API-Key": ""}, {"Authorization": "Basic x"}])
def test_a_wrong_key_is_refused(stranger: httpx.Client, headers: dict[str, str]) -> None:
    check_refused(stranger.get("/api/stream/tasks", headers=headers))


def test_health_and_probes_need_no_key(stranger: httpx.Client) -> None:
    assert [stranger.get(path).status_code for path in ("/api/health", "/livez", "/readyz")] == [200] * 3


def test_both_headers_carry_a_key(stranger: httpx.Client) -> None:
    for headers in ({"X-API-Key": ALICE}, {"Authorization": f"Bearer {ALICE}"}, {"Authorization": f"bearer {ALICE}"}):
        assert stranger.get("/api/stream/tasks", headers=headers).status_code == 200


def test_a_preflight_of_another_origin_needs_no_key(stranger: httpx.Client) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    answer = stranger.options("/api/images", headers=asked)
    assert answer.status_code == 200
    assert stranger.get("/api/stream/tasks", headers=asked).headers["Access-Control-Allow-Origin"] == "*"


def test_no_route_shows_one_keys_work_to_another(alice: httpx.Client, bob: httpx.Client) -> None:
    task_id, image_id = analysed(alice), painted(alice)
    walked = [(method, path) for method, path in routes(bob) if PARAMETER.search(path)]
    assert len(walked) >= 6
    for method, path in walked:
        for own in (task_id, image_id):
            answer = bob.request(method, PARAMETER.sub(own, path), json={})
            assert answer.status_code == 404, (method, path, answer.text)
            assert answer.json()["errorCode"] in {"TASK_NOT_FOUND", "IMAGE_NOT_FOUND"}
    assert alice.get(f"/api/stream/tasks/{task_id}").json()["status"] == "completed"
    assert alice.get(f"/api/images/{image_id}/content").status_code == 200


def test_ids_in_bodies_are_no_way_around(alice: httpx.Client, bob: httpx.Client) -> None:
    task_id, image_id = analysed(alice), painted(alice)
    for body in ({"task_id": task_id}, {"image_id": image_id}):
        assert bob.post("/api/tickets", json=body).status_code == 404
        assert alice.post("/api/tickets", json=body).status_code == 200


def test_a_vendors_id_is_no_way_around(locked: Stack, alice: httpx.Client, bob: httpx.Client) -> None:
    locked.tune(claude_deltas_per_second=0)
    script_id = task_of(script(alice))
    with alice.stream(
        "POST", f"/api/stream/process-prompts-with-runninghub/{script_id}", json={"episode": 1}
    ) as stream:
        vendor_id = next(told.data["runninghub_task_id"] for told in listen(stream) if told.name == "task_created")
    for path in ("/api/runninghub/task-status", "/api/runninghub/task-result"):
        assert alice.post(path, json={"task_id": vendor_id}).json()["task_id"] == vendor_id
        refused = bob.post(path, json={"task_id": vendor_id})
        assert (refused.status_code, refused.json()["errorCode"]) == (404, "TASK_NOT_FOUND")
        assert refused.json()["error"] == f"未找到任务ID {vendor_id}"


def test_lists_hold_ones_own_tasks_only(alice: httpx.Client, bob: httpx.Client) -> None:
    task_id = analysed(alice)
    assert task_id in alice.get("/api/stream/tasks").text
    assert task_id not in bob.get("/api/stream/tasks", params={"limit": 100}).text


def test_two_keys_may_use_the_same_idempotency_key(alice: httpx.Client, bob: httpx.Client) -> None:
    headers = {"Idempotency-Key": "shared-between-two"}
    one, two = (
        client.post("/api/images", json={"prompt": "灯塔"}, headers=headers).json()["id"] for client in (alice, bob)
    )
    again = alice.post("/api/images", json={"prompt": "灯塔"}, headers=headers).json()["id"]
    assert one != two
    assert one == again


def test_a_ticket_lets_an_event_source_read_one_task(alice: httpx.Client, stranger: httpx.Client) -> None:
    task_id, other_id = analysed(alice), analysed(alice)
    given = alice.post("/api/tickets", json={"task_id": task_id}).json()
    ticket = {"ticket": given["ticket"]}
    assert given["expires_in"] > 0
    assert "complete" in stranger.get(f"/api/stream/tasks/{task_id}/events", params=ticket).text
    assert stranger.get(f"/api/stream/tasks/{task_id}", params=ticket).status_code == 200
    check_refused(stranger.get(f"/api/stream/tasks/{other_id}/events", params=ticket))
    check_refused(stranger.get("/api/stream/tasks", params=ticket))


def test_a_ticket_shows_one_picture_and_cancels_nothing(alice: httpx.Client, stranger: httpx.Client) -> None:
    image_id = painted(alice)
    ticket = {"ticket": alice.post("/api/tickets", json={"image_id": image_id}).json()["ticket"]}
    assert stranger.get(f"/api/images/{image_id}/content", params=ticket).headers["content-type"] == "image/png"
    check_refused(stranger.delete(f"/api/images/{image_id}", params=ticket))
    check_refused(stranger.get(f"/api/images/{image_id}x/content", params=ticket))


def test_a_ticket_of_one_replica_is_honoured_by_another(locked: Stack, alice: httpx.Client) -> None:
    task_id = analysed(alice)
    ticket = alice.post("/api/tickets", json={"task_id": task_id}).json()["ticket"]
    second = locked.add("gateway").start()
    answer = http.get(f"{second.url}/api/stream/tasks/{task_id}", params={"ticket": ticket})
    assert answer.status_code == 200
    second.stop()


def test_a_ticket_for_nothing_says_what_is_missing(alice: httpx.Client) -> None:
    answer = alice.post("/api/tickets", json={})
    assert (answer.status_code, answer.json()["error"]) == (400, "缺少必要参数: task_id, image_id")
    assert alice.post("/api/tickets", json={"task_id": "unknown"}).status_code == 404
    assert alice.post("/api/tickets", json={"image_id": "../../etc/passwd"}).status_code == 404


def test_keys_appear_in_no_log(locked: Stack, alice: httpx.Client, stranger: httpx.Client) -> None:
    analysed(alice)
    check_refused(stranger.get("/api/stream/tasks", headers={"X-API-Key": "a-guess-of-mine"}))
    logs = "".join(process.log.read_text() for process in locked.processes)
    assert json.loads(logs.splitlines()[-1])
    for secret in (ALICE, "internal-token", "a-guess-of-mine"):
        assert secret not in logs


def test_a_ticket_for_a_task_opens_no_other_picture(alice: httpx.Client, stranger: httpx.Client) -> None:
    frames = {"frames": [{"prompt": "灯塔"}]}
    task_id = alice.post("/api/generate-all-images?stream=true", json=frames).headers["location"].split("/")[4]
    other = alice.post("/api/images", json={"prompt": "秘密的画"}, headers={"Prefer": "wait=30"}).json()["id"]
    ticket = alice.post("/api/tickets", json={"task_id": task_id}).json()["ticket"]
    path = f"/api/stream/tasks/{task_id}/storyboard.zip?images=1:{other}"
    assert prompts_in(alice.get(path)) == ["秘密的画"]
    assert prompts_in(stranger.get(f"{path}&ticket={ticket}")) == ["灯塔"]
