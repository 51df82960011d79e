"""What an analysis costs and how long it takes, by the length of its story.

`python -m benchmarks.story`. The sandbox writes 60 tokens a second and counts them as DeepSeek documents it: 0.3 for an
ASCII character, 0.6 for any other. The last story has a call that breaks off at two thirds and is asked again.
"""

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.novels import novel
from tests.stack import Stack

TOKENS_PER_SECOND = 60
CASES = ((3_000, 5), (3_000, 12), (30_000, 12), (300_000, 100))
GOAL = (450_000, 70_000, 240.0)
_COUNTED = re.compile(r'^scripttoframe_tokens_total\{direction="(\w+)",vendor="deepseek"\} ([0-9.e+]+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bill:
    """What was bought so far."""

    calls: int
    tokens_in: int
    tokens_out: int

    def since(self, before: "Bill") -> "Bill":
        return Bill(self.calls - before.calls, self.tokens_in - before.tokens_in, self.tokens_out - before.tokens_out)


@asynccontextmanager
async def running_stack() -> AsyncIterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = {"SANDBOX_DEEPSEEK_TOKENS_PER_SECOND": str(TOKENS_PER_SECOND)}
        stack = Stack(Path(folder), settings, guarded=False)
        try:
            yield await asyncio.to_thread(stack.start)
        finally:
            await asyncio.to_thread(stack.stop)


async def bill(stack: Stack, client: httpx.AsyncClient) -> Bill:
    counted = {name: int(float(number)) for name, number in _COUNTED.findall((await client.get("/metrics")).text)}
    calls = await asyncio.to_thread(stack.calls, "deepseek", "chat")
    return Bill(calls, counted.get("input", 0), counted.get("output", 0))


async def measure(stack: Stack, client: httpx.AsyncClient, case: tuple[int, int], seed: int, name: str = "") -> Bill:
    """Analyses one story, checks that nothing of it is lost, and prints a line."""
    characters, scenes = case
    story = novel(characters, seed)
    before, begun = await bill(stack, client), time.perf_counter()
    answer = await client.post("/api/intelligent-analyze-script", json={"script": story, "sceneCount": scenes})
    took = time.perf_counter() - begun
    data = answer.json()["data"]
    frames = data["storyboard_frames"]
    assert "".join(story[frame["source"]["start"] : frame["source"]["end"]] for frame in frames) == story
    spent = (await bill(stack, client)).since(before)
    memory = psutil.Process(stack.of("gateway")[0].pid).memory_info().rss / 2**20
    told = len(data["script_analysis"]["warnings"])
    print(
        f"{name or 'whole':14} {characters:>9,} {scenes:>6} {len(frames):>6} {spent.calls:>6} {spent.tokens_in:>9,} "
        f"{spent.tokens_out:>8,} {took:>7.1f} {memory:>6.0f} {told:>8}",
        flush=True,
    )
    return spent


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="a story of 1,000,000 characters as well")
    told = parser.parse_args()
    head = f"{'story':14} {'length':>9} {'scenes':>6} {'frames':>6} {'calls':>6} {'in':>9} {'out':>8} {'seconds':>7}"
    print(f"{head} {'MB':>6} {'warnings':>8}")
    async with running_stack() as stack, httpx.AsyncClient(base_url=stack.gateway_url, timeout=None) as client:
        await measure(stack, client, (500, 3), 1, "warm")
        spent = [await measure(stack, client, case, 1) for case in CASES]
        calls = spent[-1].calls
        await asyncio.to_thread(stack.fault, vendor="deepseek", kind="reset_after", after=calls * 2 // 3)
        broken = await measure(stack, client, CASES[-1], 1, "a call broken")
        if told.million:
            await measure(stack, client, (1_000_000, 100), 1, "a million")
    more = broken.calls - calls
    print(f"a broken call costs {more} call of {calls} again ({more / calls:.1%}); at most in, out, seconds: {GOAL}")


if __name__ == "__main__":
    asyncio.run(main())
