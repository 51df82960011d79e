"""A script whose writer dies, leaves or is told to stop, while its readers go on elsewhere."""

import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.told import ORDER, Told, check_whole, endings, follow, listen, script, task_of, wholes
from tests.plain import calling
from tests.stack import Process, Stack

TAKEOVER = {"HEARTBEAT_SECONDS": "0.3", "REPLICA_DEAD_SECONDS": "1.5"}
GENERATE = "/api/stream/generate-script"


@pytest.fixture(scope="module")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("pair"), settings=TAKEOVER)
    stack.add("sandbox", stack.sandbox_port).start()
    try:
        stack.add("gateway").start()
        stack.add("gateway").start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def pair(_pair: Stack) -> Stack:
    """A sandbox and two gateways, both alive."""
    for process in _pair.of("gateway"):
        if not process.alive:
            process.start()
    _pair.no_faults()
    _pair.tune(claude_deltas_per_second=0)
    return _pair


def _client(process: Process) -> httpx.Client:
    return calling(process.url)


def _read_until(process: Process, name: str, count: int) -> list[Told]:
    """A new script's events up to the count-th of a name; the reader then goes away."""
    with _client(process) as client, client.stream("POST", GENERATE, json=ORDER) as response:
        events = listen(response)
        seen = [next(events)]
        while sum(event.name == name for event in seen) < count:
            seen.append(next(events))
    return seen


def _check_joined(seen: list[Told], other: Process, expected: list[str]) -> None:
    with _client(other) as client:
        joined = seen + follow(client, task_of(seen), seen[-1].id)
        check_whole(joined)
        assert wholes(joined) == expected, "as if nothing had happened"
        assert follow(client, task_of(seen)) == joined
        state = client.get(f"/api/stream/tasks/{task_of(seen)}").json()
    assert state["full_script"] == "\n\n".join(expected)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("task_id", 1),
        pytest.param("content_chunk", 3, marks=pytest.mark.soak),
        pytest.param("initial_content", 1, marks=pytest.mark.soak),
        ("content_chunk", 25),
        ("episode_content", 1),
    ],
)
def test_a_script_goes_on_when_its_writer_is_killed(pair: Stack, name: str, count: int) -> None:
    writer, other = pair.of("gateway")
    with _client(other) as client:
        expected = wholes(script(client))
    pair.tune(claude_deltas_per_second=100)
    seen = _read_until(writer, name, count)
    writer.kill()
    _check_joined(seen, other, expected)


def test_a_script_survives_several_deaths(pair: Stack) -> None:
    first, second = pair.of("gateway")
    with _client(first) as client:
        expected = wholes(script(client))
    pair.tune(claude_deltas_per_second=60)
    seen = _read_until(first, "content_chunk", 8)
    for dies, lives in ((first, second), (second, first), (first, second)):
        dies.kill()
        with _client(lives) as client:
            url = f"/api/stream/tasks/{task_of(seen)}/events?last_event_id={seen[-1].id}"
            with client.stream("GET", url) as response:
                seen += [event for _, event in zip(range(6), listen(response), strict=False)]
        dies.start()
    pair.tune(claude_deltas_per_second=0)
    _check_joined(seen, second, expected)


def test_a_script_goes_on_elsewhere_when_its_writer_leaves_in_order(pair: Stack) -> None:
    writer, other = pair.of("gateway")
    with _client(other) as client:
        expected = wholes(script(client))
    pair.tune(claude_deltas_per_second=60)
    with _client(writer) as client, client.stream("POST", GENERATE, json=ORDER) as response:
        events = listen(response)
        seen = [next(events) for _ in range(12)]
        assert writer.stop() in {0, -signal.SIGTERM}
        seen += list(events)
    assert endings(seen) == [], "leaving is no ending"
    _check_joined(seen, other, expected)


def test_a_cancel_on_one_replica_stops_the_writer_on_the_other(pair: Stack) -> None:
    writer, other = pair.of("gateway")
    pair.tune(claude_deltas_per_second=50)
    with _client(writer) as client, client.stream("POST", GENERATE, json=ORDER) as response:
        events = listen(response)
        seen = [next(events) for _ in range(8)]
        with _client(other) as second:
            second.delete(f"/api/stream/cancel/{task_of(seen)}").raise_for_status()
        canceled = time.monotonic()
        seen += list(events)
    check_whole(seen)
    assert endings(seen) == ["canceled"]
    while pair.ledger()["open_streams"].get("claude", 0):
        assert time.monotonic() < canceled + 10, "the vendor's stream is still open"


def test_a_finished_script_is_still_there_after_a_restart_of_everything(pair: Stack) -> None:
    both = pair.of("gateway")
    with _client(both[0]) as client:
        events = script(client, {"Idempotency-Key": "before the restart"})
    for process in both:
        process.kill()
    for process in both:
        process.start()
    with _client(both[1]) as client:
        assert follow(client, task_of(events)) == events
        assert script(client, {"Idempotency-Key": "before the restart"}) == events
