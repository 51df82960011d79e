"""The stack as subprocesses on free ports: sandbox, imagegen and gateway, over one embedded database."""

import os
import random
import signal
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from tests.launch import launched
from tests.plain import http

ROOT = Path(__file__).parent.parent
_READY_SECONDS = 40.0
_LEAVE_SECONDS = 20.0
_PROBES = {"sandbox": "/_health", "imagegen": "/readyz", "gateway": "/readyz"}
# Tests must not inherit what the developer's own .env or shell says.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE")


def free_port() -> int:
    """Nobody else's until the caller's process ends, and below the ports that outgoing connections get."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as held, suppress(OSError):
            held.bind(("127.0.0.1", port))
            if sys.platform == "linux":
                # The service may listen beside it, another look like this one cannot bind.
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                held.detach()
            return port


@dataclass(slots=True)
class Process:
    """One running service."""

    service: str
    port: int
    environment: dict[str, str]
    folder: Path
    guarded: bool = True
    running: BaseProcess | None = None
    lives: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.service}-{self.port}.log"

    @property
    def pid(self) -> int:
        assert self.running
        assert self.running.pid
        return self.running.pid

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.exitcode is None

    @property
    def exit_code(self) -> int | None:
        """Negative: the signal that ended it."""
        return self.running.exitcode if self.running else None

    def start(self, *, wait: bool = True) -> "Process":
        self.lives += 1
        self.running = launched(self.service, self.environment, self.log, guarded=self.guarded)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if not self.alive:
                raise RuntimeError(f"{self.service} ended with {self.exit_code}:\n{self.tail()}")
            try:
                if http.get(self.url + _PROBES[self.service], timeout=1).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{self.service} is not ready:\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]

    def send(self, sent: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, sent)

    def kill(self) -> None:
        """kill -9."""
        self.send(signal.SIGKILL)
        if self.running:
            self.running.join()

    def stop(self) -> int | None:
        """SIGTERM, and the exit code."""
        self.send(signal.SIGTERM)
        if self.running:
            self.running.join(_LEAVE_SECONDS)
        if self.alive:
            self.kill()
            raise TimeoutError(f"{self.service} does not leave:\n{self.tail()}")
        return self.exit_code


@dataclass(slots=True)
class Stack:
    """A sandbox and any number of replicas; `start` brings up one of each."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    guarded: bool = True
    processes: list[Process] = field(default_factory=list)
    sandbox_port: int = field(default_factory=free_port)
    imagegen_port: int = field(default_factory=free_port)
    gateway_port: int = field(default_factory=free_port)

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def imagegen_url(self) -> str:
        return f"http://127.0.0.1:{self.imagegen_port}"

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    def environment(self, **own: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}  # noqa: TID251
        return (
            kept
            | {
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
                "DATA_DIR": str(self.folder / "data"),
                "SANDBOX_URL": self.sandbox_url,
                "PYTHON_BACKEND_URL": self.imagegen_url,
                "SANDBOX_JIMENG_SECONDS": "[0.2, 0.5]",
                "SANDBOX_RUNNINGHUB_SECONDS": "[0.2, 0.5]",
                "SANDBOX_DEEPSEEK_SECONDS": "[0.01, 0.05]",
                "SANDBOX_PAINT": "plain",
                "RUNNINGHUB_POLL_INTERVAL": "1",
            }
            | self.settings
            | own
        )

    def add(self, service: str, port: int | None = None, **own: str) -> Process:
        """A further process of a service, not yet started."""
        chosen = port or free_port()
        names = {"sandbox": "SANDBOX_PORT", "imagegen": "PORT", "gateway": "APP_PORT"}
        environment = self.environment(**{names[service]: str(chosen)}, **own)
        process = Process(service, chosen, environment, self.folder, self.guarded)
        self.processes.append(process)
        return process

    def start(self) -> "Stack":
        """One sandbox, one imagegen, one gateway."""
        ports = {"sandbox": self.sandbox_port, "imagegen": self.imagegen_port, "gateway": self.gateway_port}
        started = [self.add(service, port).start(wait=False) for service, port in ports.items()]
        for process in started:
            process.wait_ready()
        return self

    def of(self, service: str) -> list[Process]:
        return [process for process in self.processes if process.service == service]

    def stop(self) -> None:
        for process in self.processes:
            process.send(signal.SIGTERM)
        for process in self.processes:
            process.stop()

    def logs(self) -> str:
        return "\n".join(process.tail() for process in self.processes)

    def fault(self, **fault: Any) -> None:
        """Script one misbehaviour of a vendor; see sandbox/faults/model.py."""
        http.post(f"{self.sandbox_url}/_faults", json=fault).raise_for_status()

    def no_faults(self) -> None:
        http.delete(f"{self.sandbox_url}/_faults").raise_for_status()

    def tune(self, **settings: Any) -> None:
        """Change the sandbox's service times and limits."""
        http.post(f"{self.sandbox_url}/_settings", json=settings).raise_for_status()

    def calls(self, vendor: str, call: str) -> int:
        """How often the vendor was asked this."""
        return int(self.ledger()["vendors"].get(vendor, {}).get("calls", {}).get(call, 0))

    def submissions(self, vendor: str) -> Counter[str]:
        """How often each prompt was paid for."""
        return Counter(self.ledger()["vendors"].get(vendor, {}).get("submissions", {}))

    def ledger(self) -> Any:
        """What the vendors counted."""
        return http.get(f"{self.sandbox_url}/_ledger").raise_for_status().json()

    def requests(self, vendor: str) -> list[dict[str, Any]]:
        """The last 500 requests to the vendor, in order."""
        told = http.get(f"{self.sandbox_url}/_ledger", params={"last": 500}).raise_for_status().json()
        found: list[dict[str, Any]] = told["vendors"].get(vendor, {"requests": []})["requests"]
        return found

    def submitted(self, vendor: str) -> int:
        """How many orders the vendor has accepted."""
        return int(self.ledger()["vendors"].get(vendor, {"submitted": 0})["submitted"])
