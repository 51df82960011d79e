"""A part of a script that is not as it was ordered is asked for once more, and told when it still is not."""

import httpx
import pytest

from tests.gateway.told import endings, script, task_of, wholes
from tests.stack import Stack

DIRECTORY = "请为下面的要求设计一部短剧"
SECOND = "第2集"
DAMAGED = ["declines", "wrong_episode", "outline", "unclosed", "no_prompts"]


def test_a_good_script_is_asked_for_once_and_warns_of_nothing(quick: Stack, gateway: httpx.Client) -> None:
    asked = quick.calls("claude", "messages")
    events = script(gateway)
    assert quick.calls("claude", "messages") == asked + 3
    assert "episode_retry" not in [event.name for event in events]
    assert "warnings" not in events[-1].data


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_episode_is_mended_by_asking_once_more(quick: Stack, gateway: httpx.Client, kind: str) -> None:
    healthy = wholes(script(gateway))
    quick.fault(vendor="claude", match=f"请写：{SECOND}", kind=kind)
    events = script(gateway)
    retries = [event.data for event in events if event.name == "episode_retry"]
    assert [retry["episode"] for retry in retries] == [2]
    assert retries[0]["reason"]
    assert endings(events) == ["complete"]
    assert wholes(events) == healthy
    assert "warnings" not in events[-1].data


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_stays_damaged_is_told_everywhere(quick: Stack, gateway: httpx.Client, kind: str) -> None:
    quick.fault(vendor="claude", match=f"请写：{SECOND}", kind=kind, times=2)
    events = script(gateway)
    assert endings(events) == ["complete"]
    episode = next(event.data for event in events if event.name == "episode_content" and event.data["episode"] == 2)
    state = gateway.get(f"/api/stream/tasks/{task_of(events)}").json()
    assert episode["warnings"]
    assert episode["warnings"] == events[-1].data["warnings"] == state["warnings"]


def test_a_refused_directory_buys_no_episode(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", match=DIRECTORY, kind="declines", times=2)
    asked = quick.calls("claude", "messages")
    events = script(gateway)
    assert endings(events) == ["error"]
    assert "模型拒绝了这个请求" in events[-1].data["message"]
    assert quick.calls("claude", "messages") == asked + 2
    assert wholes(events) == []


def test_a_directory_refused_once_is_asked_for_again(quick: Stack, gateway: httpx.Client) -> None:
    healthy = wholes(script(gateway))
    quick.fault(vendor="claude", match=DIRECTORY, kind="declines")
    assert wholes(script(gateway)) == healthy
