"""Many readers on one gateway, most of them idle, and its shutdown: `python benchmarks/idle_streams.py [IDLE] [BUSY]`.

Idle readers follow a storyboard task whose model does not answer; busy ones each a script that is being written. Told:
memory per idle stream, how quick `/livez` stays, and what SIGTERM does to all of them.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.stack import Process, Stack

BUSY_SECONDS = 15.0
PROBE_EVERY = 0.05
FAREWELL = b": leaving"
STORY = {"script": "雨夜，小满推开便利店的门。她看见柜台后面的老人抬起头来。", "sceneCount": 2}
SCRIPT = {"genre": "都市", "duration": "10分钟", "episodes": 50, "characters": ["小满 女 20", "老陈 男 60"]}


class Followers:
    """Raw connections, because a client library would cost more than the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks: list[asyncio.Task[None]] = []
        self.begun = 0
        self.pieces = 0
        self.farewells = 0
        self.refused: Counter[str] = Counter()
        self._changed = asyncio.Event()

    async def add(self, number: int, method: str, path: str, body: Any = None) -> None:
        """Open that many streams, a few at a time, and wait until each has its first bytes."""
        wanted = self.begun + self.refused.total() + number
        for first in range(0, number, 50):
            for _ in range(min(50, number - first)):
                self._tasks.append(asyncio.create_task(self._follow(method, path, body)))
            await asyncio.sleep(0.05)
        async with asyncio.timeout(120):
            while self.begun + self.refused.total() < wanted:
                self._changed.clear()
                await self._changed.wait()

    async def _follow(self, method: str, path: str, body: Any) -> None:
        content = json.dumps(body).encode() if body else b""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        answered = await reader.readuntil(b"\r\n\r\n")
        status = answered.split(b" ")[1].decode()
        self._changed.set()
        if status != "200":
            self.refused[status] += 1
            return
        self.begun += 1
        end = b""
        with suppress(OSError):
            while piece := await reader.read(65_536):
                self.pieces += 1
                end = (end + piece)[-100:]
        self.farewells += FAREWELL in end
        writer.close()

    async def gone(self, seconds: float) -> int:
        """How many streams have ended within the time."""
        done, _ = await asyncio.wait(self._tasks, timeout=seconds)
        return len(done)


async def answered_in(port: int, path: str) -> float:
    """Seconds from the connection to the status line."""
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
    await reader.readline()
    writer.close()
    return time.perf_counter() - begun


async def probed(port: int, seconds: float) -> list[float]:
    times, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        times.append(await answered_in(port, "/livez"))
        await asyncio.sleep(PROBE_EVERY)
    return sorted(times)


def told(name: str, times: list[float]) -> None:
    p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
    print(f"{name}: /livez p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, {len(times)} probes")


async def parked_task(port: int) -> str:
    """A storyboard task that will wait for its model as long as the bench lasts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = json.dumps(STORY).encode()
    head = "POST /api/intelligent-analyze-script?stream=true HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json"
    writer.write(f"{head}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
    answered = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    return answered.split("location: ")[1].split("\r\n")[0]


async def measure(gateway: Process, idle: int, busy: int) -> None:
    process = psutil.Process(gateway.pid)
    followers = Followers(gateway.port)
    events = await parked_task(gateway.port)
    await followers.add(20, "GET", events)
    before = process.memory_info().rss
    await followers.add(idle, "GET", events)
    per_stream = (process.memory_info().rss - before) / idle
    print(f"{idle} idle streams: {per_stream / 1024:.1f} KB each, {process.memory_info().rss / 2**20:.0f} MB in all")
    told(f"{idle} idle", await probed(gateway.port, 5))
    await followers.add(busy, "POST", "/api/stream/generate-script", SCRIPT)
    pieces, used, begun = followers.pieces, sum(process.cpu_times()[:2]), time.monotonic()
    times = await probed(gateway.port, BUSY_SECONDS)
    passed = time.monotonic() - begun
    told(f"{idle} idle and {busy} busy", times)
    cpu = (sum(process.cpu_times()[:2]) - used) / passed
    print(f"busy: {(followers.pieces - pieces) / passed:.0f} pieces/s, gateway at {cpu:.0%} of one core")
    await close_readers(gateway, followers)


async def close_readers(gateway: Process, followers: Followers) -> None:
    begun = time.monotonic()
    await asyncio.to_thread(gateway.stop)
    left = time.monotonic() - begun
    gone = await followers.gone(5)
    print(f"refused: {dict(followers.refused)}")
    print(f"SIGTERM: exit after {left:.1f} s; {gone} connections ended, {followers.farewells} of {followers.begun}")
    print("streams with the close_readers that tells a reader to come back elsewhere")


def main() -> None:
    idle, busy = (int(value) for value in (*sys.argv[1:], *("1000", "200")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = {
            "SANDBOX_DEEPSEEK_SECONDS": "[600, 600]",
            "SANDBOX_CLAUDE_DELTAS_PER_SECOND": "10",
            "LLM_STEP_SECONDS": "600",
            "LOG_LEVEL": "warning",
        }
        stack = Stack(Path(folder), settings, guarded=False)
        try:
            stack.start()
            asyncio.run(measure(stack.of("gateway")[0], idle, busy))
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
