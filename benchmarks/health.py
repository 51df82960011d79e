"""How soon imagegen's health answers, idle and while it polls: `python -m benchmarks.health [PICTURES]`."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.imagegen.ordering import ended, order
from tests.plain import calling
from tests.stack import Stack

PROBES = 100
# Seconds between probes, so that many polls fall between them.
PAUSE = 0.03


def probed(client: httpx.Client) -> str:
    taken = []
    for _ in range(PROBES):
        begun = time.perf_counter()
        client.get("/api/health").raise_for_status()
        taken.append((time.perf_counter() - begun) * 1000)
        time.sleep(PAUSE)
    return f"p50 {statistics.median(taken):.1f} ms, p99 {statistics.quantiles(taken, n=100)[-1]:.1f} ms"


def measure(stack: Stack, pictures: int) -> None:
    with calling(stack.imagegen_url) as client:
        print(f"idle: {probed(client)}")
        ids = [order(client, f"frame {number}") for number in range(pictures)]
        before = stack.calls("jimeng", "result")
        busy = probed(client)
        print(f"{pictures} pictures: {busy}, {stack.calls('jimeng', 'result') - before} polls in between")
        assert {ended(client, image_id)["status"] for image_id in ids} == {"succeeded"}


def main() -> None:
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    settings = {
        "JIMENG_MAX_CONCURRENCY": str(pictures),
        "SANDBOX_JIMENG_CONCURRENCY": "0",
        "SANDBOX_JIMENG_QPS": "0",
        "SANDBOX_JIMENG_SECONDS": "[12, 12]",
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        stack = Stack(Path(folder), settings, guarded=False)
        try:
            measure(stack.start(), pictures)
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
