"""What a script stream costs: `python -m benchmarks.streams [STREAMS] [DELTAS_PER_SECOND] [PROFILE]`.

One gateway process, its database, a metronome instead of a model (every delta says when it was sent), and a process of
readers. Added latency is from the model's socket to the reader's, the 40 ms of merging included. PROFILE is where
py-spy writes the stacks of the gateway under load.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.stack import free_port

ROOT = Path(__file__).resolve().parent.parent
PART_SECONDS = 15


class Bench:
    """A metronome and a gateway that asks it, in a folder of their own."""

    def __init__(self, rate: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.port, metronome = free_port(), free_port()
        self._environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 the interpreter's own tools
            "PYTHONPATH": str(ROOT),
            "APP_PORT": str(self.port),
            "DATA_DIR": str(self.folder / "data"),
            "LOG_LEVEL": "warning",
            "ANTHROPIC_API_KEY": "sk-bench",
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{metronome}",
            **dict.fromkeys(("RATE_LIMIT_PER_MINUTE", "MAX_READERS", "MAX_READERS_PER_KEY"), "0"),
            **dict.fromkeys(("MAX_OPEN_TASKS", "MAX_OPEN_TASKS_PER_KEY"), "0"),
        }
        self.closed = self.folder / "closed.txt"
        told = (str(metronome), str(rate), str(rate * PART_SECONDS))
        with self.closed.open("wb") as out:
            self._metronome = self._launched("benchmarks.streaming.metronome", *told, stdout=out)
        with (self.folder / "gateway.log").open("wb") as out:
            self._gateway = self._launched("gateway", stdout=out)
        self.process = psutil.Process(self._gateway.pid)

    def _launched(self, module: str, *told: str, stdout: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", module, *told]
        return subprocess.Popen(command, cwd=self.folder, env=self._environment, stdout=stdout)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1):
                return
            time.sleep(0.1)
        raise SystemExit((self.folder / "gateway.log").read_text()[-3000:])

    def load(self, streams: int, *, cancels: bool = False) -> dict[str, Any]:
        told = [str(self.port), str(streams), "1", str(int(cancels))]
        command = [sys.executable, "-m", "benchmarks.streaming.load", *told]
        answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        figures: dict[str, Any] = json.loads(answer.stdout)
        return figures

    def database_cpu(self) -> float:
        """CPU seconds of all processes of the embedded server."""
        data = str(self.folder / "data")
        servers = [
            p for p in psutil.process_iter(["cmdline"]) if f"{data}/postgres" in " ".join(p.info["cmdline"] or [])
        ]
        family = {*servers, *(child for server in servers for child in server.children(recursive=True))}
        return sum(cpu_seconds(process) for process in family)

    def stop(self) -> None:
        self._gateway.send_signal(signal.SIGTERM)
        self._gateway.wait(20)
        self._metronome.terminate()


def cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def measured(bench: Bench, streams: int) -> dict[str, Any]:
    idle, before, database = bench.process.memory_info().rss, cpu_seconds(bench.process), bench.database_cpu()
    figures = bench.load(streams)
    used, stored = cpu_seconds(bench.process) - before, bench.database_cpu() - database
    return figures | {
        "gateway_cpu_us_per_delta": round(used / figures["deltas"] * 1e6, 1),
        "gateway_cpu_share": round(used / figures["seconds"], 2),
        "database_cpu_us_per_delta": round(stored / figures["deltas"] * 1e6, 1),
        "kilobytes_per_stream": round((bench.process.memory_info().rss - idle) / 1024 / streams, 1),
        "machine_load": round(psutil.getloadavg()[0], 1),
    }


def canceled(bench: Bench, streams: int) -> dict[str, Any]:
    figures = bench.load(streams, cancels=True)
    time.sleep(1)
    closed = [float(line) for line in bench.closed.read_text().split()]
    return {
        "cancel_to_last_event_ms": figures["cancel_to_last_event_ms"],
        "vendor_streams_closed": len(closed),
        "last_cancel_to_last_closed_ms": round((max(closed, default=0.0) - figures["last_cancel_sent"]) * 1000, 1),
    }


def main(streams: int, rate: int, profile: str) -> None:
    bench = Bench(rate)
    try:
        bench.wait_ready()
        bench.load(5)
        if profile:
            command = ["py-spy", "record", "-r", "150", "-d", str(2 * PART_SECONDS), "-f", "raw", "-o", profile]
            subprocess.Popen([*command, "-p", str(bench.process.pid)])
        print(json.dumps(measured(bench, streams), indent=1))
        print(json.dumps(canceled(bench, streams), indent=1))
    finally:
        bench.stop()


if __name__ == "__main__":
    told = [*sys.argv[1:], *("200", "50", "")[len(sys.argv) - 1 :]]
    main(int(told[0]), int(told[1]), told[2])
