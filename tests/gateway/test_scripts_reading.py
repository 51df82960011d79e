"""Following a script: from any number, on any replica, with every kind of reader."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from tests.gateway.old_pages import Page
from tests.gateway.told import ORDER, Told, check_whole, follow, listen, script, task_of, text_of, wholes
from tests.stack import Stack

GENERATE = "/api/stream/generate-script"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_each_old_page_shows_the_script_and_extracts_its_prompts(
    quick: Stack, gateway: httpx.Client, version: int
) -> None:
    page = Page(version)
    with gateway.stream("POST", GENERATE, json=ORDER) as response:
        page.read(response.iter_raw())
    assert (page.status, page.can_extract) == ("剧本生成完成！", True)
    state = gateway.get(f"/api/stream/tasks/{page.task_id}").json()
    told = {part["episode"]: part["content"] for part in state["episodes"]}
    assert page.shown == {1: told[1], 2: told[2]}
    if version < 3:
        assert (page.bar, page.navigation) == ((2, 2), told[0])
    if version > 1:
        assert page.output == "".join(told.values())
    with gateway.stream("GET", f"/api/stream/extract-scene-prompts/{page.task_id}") as response:
        page.read(response.iter_raw())
    assert (page.status, page.extracted) == ("画面描述词提取完成", True)
    assert [prompts[0] for prompts in page.prompts] == ["1", "2"]


def test_a_reader_can_go_on_from_every_event_on_another_replica(
    stack: Stack, gateway: httpx.Client, replica: httpx.Client
) -> None:
    stack.tune(claude_deltas_per_second=300)
    events = script(gateway, episodes=1)
    assert len(events) > 20
    for event in events[:-1]:
        assert follow(replica, task_of(events), event.id) == events[event.id :]


def test_a_reader_who_leaves_loses_nothing(stack: Stack, gateway: httpx.Client, replica: httpx.Client) -> None:
    stack.tune(claude_deltas_per_second=200)
    seen: list[Told] = []
    with gateway.stream("POST", GENERATE, json=ORDER) as response:
        told = listen(response)
        seen += [next(told) for _ in range(5)]
    for turn in range(100):
        client = (gateway, replica)[turn % 2]
        headers = {"Last-Event-ID": str(seen[-1].id)}
        with client.stream("GET", f"/api/stream/tasks/{task_of(seen)}/events", headers=headers) as response:
            told = listen(response)
            seen += [event for _, event in zip(range(7), told, strict=False)]
        if seen[-1].name == "complete":
            break
    check_whole(seen)
    assert seen == follow(gateway, task_of(seen))


def test_many_readers_on_two_replicas_see_the_same_live(
    stack: Stack, gateway: httpx.Client, replica: httpx.Client
) -> None:
    stack.tune(claude_deltas_per_second=200)
    with gateway.stream("POST", GENERATE, json=ORDER | {"episodes": 1}) as response:
        told = listen(response)
        first = next(told)
        task_id = first.data["task_id"]
        with ThreadPoolExecutor(6) as pool:
            others = [pool.submit(follow, client, task_id) for client in (gateway, replica) * 3]
            mine = [first, *told]
            assert all(other.result() == mine for other in others)


def test_nothing_left_is_204_so_that_a_browser_stops_asking(quick: Stack, gateway: httpx.Client) -> None:
    events = script(gateway, episodes=1)
    url = f"/api/stream/tasks/{task_of(events)}/events"
    for last in (len(events), len(events) + 1000):
        answer = gateway.get(url, headers={"Last-Event-ID": str(last)})
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("headers", "query", "after"),
    [
        ({}, "", 0),
        ({"Last-Event-ID": "3"}, "", 3),
        ({}, "?last_event_id=4", 4),
        ({"Last-Event-ID": "3"}, "?last_event_id=4", 3),
        ({"Last-Event-ID": "soon"}, "?last_event_id=4", 0),
        ({"Last-Event-ID": "-2"}, "", 0),
        ({"Last-Event-ID": "1e3"}, "", 0),
        ({"Last-Event-ID": ""}, "", 0),
        ({}, "?last_event_id=", 0),
    ],
)
def test_the_header_wins_over_the_query_and_anything_odd_means_the_beginning(
    quick: Stack, gateway: httpx.Client, headers: dict[str, str], query: str, after: int
) -> None:
    events = script(gateway, {"Idempotency-Key": "one-script-for-all-of-them"}, episodes=1)
    with gateway.stream("GET", f"/api/stream/tasks/{task_of(events)}/events{query}", headers=headers) as response:
        assert list(listen(response)) == events[after:]


def test_a_heartbeat_comes_before_the_first_text(stack: Stack, gateway: httpx.Client) -> None:
    stack.fault(vendor="claude", kind="stall", value=14)
    raw = b""
    with gateway.stream("POST", GENERATE, json=ORDER) as response:
        for chunk in response.iter_raw():
            raw += chunk
            if b": ping\n\n" in raw:
                break
    head, _, _ = raw.partition(b": ping")
    assert b"content_chunk" not in head
    assert b"task_id" in head


def test_a_reader_who_never_reads_does_not_hold_up_the_script(stack: Stack, gateway: httpx.Client) -> None:
    stack.tune(claude_deltas_per_second=0)
    address = urlsplit(str(gateway.base_url))
    with gateway.stream("POST", GENERATE, json=ORDER | {"episodes": 20}) as response:
        told = listen(response)
        first = next(told)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.connect((address.hostname, address.port))
            deaf.sendall(f"GET /api/stream/tasks/{first.data['task_id']}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            events = [first, *told]
    check_whole(events)
    assert len(wholes(events)) == 21


def test_text_with_every_kind_of_sign_is_told_unharmed(quick: Stack, gateway: httpx.Client) -> None:
    odd = '甲"\\\u2028乙\u2029\u0085\x00\x1b🌧️丙\t，女，20'
    events = script(gateway, episodes=1, characters=[odd], genre="<b>&amp;</b> {{characters}} $&")
    check_whole(events)
    assert all(b"\xe2\x80\xa8" not in event.raw for event in events), "a separator would split a line for some readers"
    assert text_of(events, 0) == wholes(events)[0]
