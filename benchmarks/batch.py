"""A batch of 20 frames on k slots against the best possible schedule, and beside it one frame after the other.

`python -m benchmarks.batch`. Vendor service times are 2 to 6 s, the same for the same prompt. The best schedule gives
each frame, in input order, to the slot that is free first, with no time lost. The loop beside it is the old way: one
frame at a time, 100 ms between frames, a query every 2 s; it does not depend on k and is run once. The account's
queries per second are not limited here: what is measured is how well the slots are used.
"""

import argparse
import asyncio
import heapq
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from sandbox.control.settings import within
from tests.stack import Stack

SPAN = (2.0, 6.0)
GOAL = 1.10


def prompts(count: int) -> list[str]:
    mark = uuid4().hex[:8]
    return [f"{mark} 第{number}帧 雨夜的街头" for number in range(1, count + 1)]


def best(words: list[str], slots: int) -> float:
    """Seconds of the list schedule."""
    free = [0.0] * slots
    for prompt in words:
        heapq.heappush(free, heapq.heappop(free) + within(SPAN, prompt))
    return max(free)


@asynccontextmanager
async def stack_of(slots: int) -> AsyncIterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = {
            "JIMENG_MAX_CONCURRENCY": str(slots),
            "SANDBOX_JIMENG_SECONDS": str(list(SPAN)),
            "SANDBOX_JIMENG_CONCURRENCY": str(slots),
            "SANDBOX_JIMENG_QPS": "0",
            "SANDBOX_PAINT": "plain",
        }
        stack = Stack(Path(folder), settings, guarded=False)
        try:
            yield await asyncio.to_thread(stack.start)
        finally:
            await asyncio.to_thread(stack.stop)


async def ours(client: httpx.AsyncClient, words: list[str]) -> float:
    """Seconds of A3."""
    frames = [{"sequence": number, "prompt": prompt} for number, prompt in enumerate(words, 1)]
    begun = time.perf_counter()
    answer = (await client.post("/api/generate-all-images", json={"frames": frames})).json()
    took = time.perf_counter() - begun
    assert answer["stats"]["success"] == len(words), answer["stats"]
    return took


async def one_after_the_other(client: httpx.AsyncClient, words: list[str]) -> float:
    """The old loop, asking imagegen's own image API for each frame."""
    begun = time.perf_counter()
    for prompt in words:
        image = (await client.post("/api/images", json={"prompt": prompt})).json()["id"]
        while True:
            await asyncio.sleep(2)
            if (await client.get(f"/api/images/{image}")).json()["status"] == "succeeded":
                break
        await asyncio.sleep(0.1)
    return time.perf_counter() - begun


def report(name: str, slots: int | str, took: float, limit: float, calls: Any) -> None:
    polls = calls.get("result", 0) / max(1, calls.get("submit", 0))
    print(f"{name:24} {slots!s:>3} {took:8.1f} {limit:8.1f} {took / limit:7.3f} {polls:12.1f}", flush=True)


async def measure(slots: int, count: int, *, old_way: bool) -> float:
    words = prompts(count)
    async with stack_of(slots) as stack, httpx.AsyncClient(base_url=stack.gateway_url, timeout=None) as client:
        await ours(client, prompts(1))
        took = await ours(client, words)
        calls = stack.ledger()["vendors"]["jimeng"]["calls"]
        report("batch", slots, took, best(words, slots), calls)
        if old_way:
            slow = await one_after_the_other(client, words)
            report("one after the other", "any", slow, best(words, slots), {})
    return took / best(words, slots)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--slots", type=int, nargs="+", default=[2, 5, 10])
    parser.add_argument("--no-old-way", action="store_true")
    told = parser.parse_args()
    print(f"{told.frames} frames, vendor service times {SPAN[0]:g} to {SPAN[1]:g} s")
    print(f"{'way':24} {'k':>3} {'wall s':>8} {'best s':>8} {'ratio':>7} {'queries/image':>12}")
    ratios = [
        await measure(slots, told.frames, old_way=not told.no_old_way and slots == told.slots[0])
        for slots in told.slots
    ]
    print(f"worst ratio {max(ratios):.3f}, goal {GOAL:.2f}")


if __name__ == "__main__":
    asyncio.run(main())
