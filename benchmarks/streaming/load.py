"""Many readers of script streams in one process, on plain sockets, so that they cost little themselves.

`python -m benchmarks.streaming.load GATEWAY_PORT STREAMS EPISODES CANCEL` prints one JSON object of figures; with
CANCEL 1 every stream is cancelled in its middle instead of being read to its end.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

import uvloop

STARTS_PER_SECOND = 25


@dataclass(slots=True)
class Figures:
    """What all readers saw; times in seconds."""

    events: int = 0
    deltas: int = 0
    completed: int = 0
    refused: int = 0
    first: list[float] = field(default_factory=list)
    added: list[float] = field(default_factory=list)
    handover: list[float] = field(default_factory=list)
    canceled: list[float] = field(default_factory=list)
    cancels_sent: list[float] = field(default_factory=list)
    last_event: float = 0.0
    first_event: float = 0.0


def spread(values: list[float]) -> dict[str, float]:
    """Milliseconds at p50, p99 and the worst."""
    ranked = sorted(values) or [0.0]
    at = {"p50": len(ranked) // 2, "p99": int(len(ranked) * 0.99), "max": len(ranked) - 1}
    return {name: round(ranked[min(position, len(ranked) - 1)] * 1000, 1) for name, position in at.items()}


async def request(
    port: int, method: str, path: str, body: bytes = b""
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    return reader, writer


class Reader:
    """Follows one script."""

    def __init__(self, port: int, figures: Figures, episodes: int, *, cancels: bool) -> None:
        self._port = port
        self._figures = figures
        self._body = json.dumps(
            {"genre": "都市", "duration": "1分钟", "episodes": episodes, "characters": ["张明,男,28"]}
        ).encode()
        self._cancels = cancels
        self._last_piece = 0.0
        self._cancel_sent = 0.0
        self._pieces = 0
        self._task_id = ""

    async def read(self, after: float) -> None:
        await asyncio.sleep(after)
        asked = time.monotonic()
        reader, writer = await request(self._port, "POST", "/api/stream/generate-script", self._body)
        if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200"):
            self._figures.refused += 1
            return
        begun = False
        while frame := await self._frame(reader):
            now = time.monotonic()
            if not begun:
                self._figures.first.append(now - asked)
                begun = True
            self._figures.first_event = self._figures.first_event or now
            self._figures.last_event = now
            self._take(frame, now)
        writer.close()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        """One HTTP chunk: the gateway sends each event as one."""
        size = int(await reader.readuntil(b"\r\n"), 16)
        data = await reader.readexactly(size + 2)
        return data[:-2]

    def _take(self, frame: bytes, now: float) -> None:
        figures = self._figures
        if b"event: content_chunk\n" in frame:
            figures.events += 1
            text = frame.partition(b'"content":"')[2].partition(b'"')[0]
            moments = [float(moment) for moment in text.split()]
            figures.deltas += len(moments)
            figures.added += [now - moment for moment in moments]
            self._last_piece = now
            self._pieces += 1
            if self._cancels and self._pieces == 40:
                self._cancelling = asyncio.create_task(self._cancel())
        elif not frame.startswith(b":"):
            figures.events += 1
            self._mark(frame, now)

    def _mark(self, frame: bytes, now: float) -> None:
        if b"event: task_id" in frame:
            self._task_id = json.loads(frame.partition(b"data: ")[2])["task_id"]
        elif b"event: progress" in frame:
            self._figures.handover.append(now - self._last_piece)
        elif b"event: complete" in frame:
            self._figures.completed += 1
        elif b"event: canceled" in frame:
            self._figures.canceled.append(now - self._cancel_sent)

    async def _cancel(self) -> None:
        self._cancel_sent = time.monotonic()
        self._figures.cancels_sent.append(self._cancel_sent)
        _, writer = await request(self._port, "DELETE", f"/api/stream/cancel/{self._task_id}")
        await asyncio.sleep(2)
        writer.close()


async def _main(port: int, streams: int, episodes: int, *, cancels: bool) -> None:
    figures = Figures()
    readers = [Reader(port, figures, episodes, cancels=cancels) for _ in range(streams)]
    await asyncio.gather(*(reader.read(at / STARTS_PER_SECOND) for at, reader in enumerate(readers)))
    seconds = figures.last_event - figures.first_event
    told = {
        "streams": streams,
        "completed": figures.completed,
        "refused": figures.refused,
        "events": figures.events,
        "deltas": figures.deltas,
        "seconds": round(seconds, 2),
        "events_per_second": round(figures.events / seconds),
        "first_event_ms": spread(figures.first),
        "added_latency_ms": spread(figures.added),
        "handover_ms": spread(figures.handover),
        "cancel_to_last_event_ms": spread(figures.canceled),
        "last_cancel_sent": max(figures.cancels_sent, default=0.0),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), cancels=sys.argv[4] == "1"))
