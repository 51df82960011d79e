"""Reading event streams strictly: every rule of contract §7 is asserted on the way."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

ORDER = {"genre": "都市悬疑", "duration": "1分钟", "episodes": 2, "characters": ["张明,男,28", "林晚 女 26"]}
_FRAME = re.compile(rb"id: ([0-9]+)\n(?:event: ([a-z_]+)\n)?data: (\{.*\})")


@dataclass(frozen=True, slots=True)
class Told:
    """One event. `raw` is what came over the wire."""

    id: int
    name: str
    data: dict[str, Any]
    raw: bytes


def frames(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What stands between empty lines, as soon as it is there; comments are left out."""
    held = b""
    for chunk in chunks:
        held += chunk
        *whole, held = held.split(b"\n\n")
        yield from (frame for frame in whole if not frame.startswith(b":"))
    assert not held.strip(), f"the stream ends inside of an event: {held!r}"


def told(frame: bytes) -> Told:
    match = _FRAME.fullmatch(frame)
    assert match, f"not an event of ours: {frame[:200]!r}"
    assert b"\r" not in frame
    data = json.loads(match[3])
    assert data, "an event without a key is dropped by the pages"
    return Told(int(match[1]), (match[2] or b"").decode(), data, frame)


def parse(body: bytes) -> list[Told]:
    return [told(frame) for frame in frames([body])]


def listen(response: httpx.Response) -> Iterator[Told]:
    """The events as they come."""
    assert response.status_code == 200, response.read()
    return (told(frame) for frame in frames(response.iter_raw()))


def script(client: httpx.Client, headers: dict[str, str] | None = None, **changes: Any) -> list[Told]:
    """All events of a newly written script."""
    with client.stream("POST", "/api/stream/generate-script", json=ORDER | changes, headers=headers) as response:
        return list(listen(response))


def follow(client: httpx.Client, task_id: str, after: int = 0) -> list[Told]:
    """All events after a number, by R2."""
    headers = {"Last-Event-ID": str(after)}
    with client.stream("GET", f"/api/stream/tasks/{task_id}/events", headers=headers) as response:
        return list(listen(response))


def task_of(events: list[Told]) -> str:
    return str(events[0].data["task_id"])


def text_of(events: Iterable[Told], episode: int) -> str:
    """A part as a reader of the pieces sees it."""
    return "".join(e.data["content"] for e in events if e.name == "content_chunk" and e.data["episode"] == episode)


def wholes(events: Iterable[Told]) -> list[str]:
    """The parts as they are told at their end."""
    return [event.data["content"] for event in events if event.name in {"initial_content", "episode_content"}]


def endings(events: Iterable[Told]) -> list[str]:
    return [event.name for event in events if event.name in {"complete", "error", "canceled"}]


def check_whole(events: list[Told]) -> None:
    """Numbers without a gap, one ending, the last; the pieces of every finished part are its text."""
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert endings(events) == [events[-1].name]
    for episode, whole in enumerate(wholes(events)):
        assert text_of(events, episode) == whole
