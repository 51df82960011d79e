"""What a service costs while nothing happens, and what one image costs the database: `python -m benchmarks.footprint`.

`--beside DIR` measures another checkout (with its own .venv) in the same run. CPU in per cent of one core, over
`--seconds` of silence; commits and connections as PostgreSQL counts them.
"""

import argparse
import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import psycopg

ROOT = Path(__file__).parent.parent
SERVICES = {"sandbox": "SANDBOX_PORT", "imagegen": "PORT", "gateway": "APP_PORT"}
MEASURED = ("imagegen", "gateway")
IMAGES = 10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """One checkout's stack in a folder of its own."""

    checkout: Path
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in SERVICES})

    def start(self) -> None:
        python = self.checkout / ".venv" / "bin" / "python"
        environment = {"PATH": os.defpath, "HOME": str(self.folder), "PYTHONPATH": str(self.checkout)}
        environment |= {variable: str(self.ports[name]) for name, variable in SERVICES.items()}
        environment |= {
            "DATA_DIR": str(self.folder / "data"),
            "SANDBOX_URL": f"http://127.0.0.1:{self.ports['sandbox']}",
            "PYTHON_BACKEND_URL": f"http://127.0.0.1:{self.ports['imagegen']}",
            "SANDBOX_PAINT": "plain",
            "SANDBOX_JIMENG_SECONDS": "[0.3, 0.3]",
        }
        for name in SERVICES:
            with (self.folder / f"{name}.log").open("wb") as log:
                self.processes[name] = subprocess.Popen(
                    [str(python), "-m", name], env=environment, cwd=self.folder, stdout=log, stderr=log
                )
            self.wait_ready(name)

    def wait_ready(self, name: str) -> None:
        path = "/_ledger" if name == "sandbox" else "/readyz"
        for _ in range(600):
            try:
                if httpx.get(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise SystemExit((self.folder / f"{name}.log").read_text()[-3000:])

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(60)

    def cpu(self, name: str) -> float:
        times = psutil.Process(self.processes[name].pid).cpu_times()
        return float(times.user + times.system)

    def memory(self, name: str) -> float:
        return float(psutil.Process(self.processes[name].pid).memory_info().rss) / 2**20

    def database(self, question: str) -> int:
        lines = (self.folder / "data" / "postgres" / "postmaster.pid").read_text().splitlines()
        with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="postgres") as connection:
            row = connection.execute(question.encode()).fetchone()
        return int(row[0]) if row else 0

    def commits(self) -> int:
        time.sleep(1.5)  # PostgreSQL gathers its counts once a second
        return self.database("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")

    def connections(self) -> int:
        return self.database(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def image(self, number: int) -> None:
        answer = httpx.post(
            f"http://127.0.0.1:{self.ports['gateway']}/api/generate-image", json={"prompt": f"{number}"}, timeout=60
        )
        answer.raise_for_status()


def measured(stack: Running, seconds: float) -> dict[str, float]:
    stack.start()
    try:
        figures = {f"{name}: CPU s to ready (database new)": stack.cpu(name) for name in MEASURED}
        time.sleep(5)
        before, commits, begun = {name: stack.cpu(name) for name in MEASURED}, stack.commits(), time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - begun
        figures |= {f"{name}: idle CPU %": 100 * (stack.cpu(name) - before[name]) / passed for name in MEASURED}
        figures |= {f"{name}: memory MB": stack.memory(name) for name in MEASURED}
        per_second = (stack.commits() - commits) / (time.monotonic() - begun)
        figures["both: idle commits per second"] = per_second
        figures["both: idle connections"] = stack.connections()
        commits, begun = stack.commits(), time.monotonic()
        for number in range(IMAGES):
            stack.image(number)
        idle = per_second * (time.monotonic() - begun + 1.5)
        figures["commits per image"] = (stack.commits() - commits - idle) / IMAGES
    finally:
        stack.stop()
    return figures


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--beside", type=Path)
    arguments.add_argument("--seconds", type=float, default=30)
    given = arguments.parse_args()
    results = []
    for checkout in filter(None, (given.beside, ROOT)):
        with tempfile.TemporaryDirectory() as folder:
            results.append(measured(Running(checkout.resolve(), Path(folder)), given.seconds))
    for name in results[-1]:
        print(f"{name:45}" + "".join(f"{result[name]:10.2f}" for result in results))


if __name__ == "__main__":
    main()
