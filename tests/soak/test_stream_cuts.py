"""Three hundred random cuts of streams over two gateways, `kill -9` of the writing one among them."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import httpx
import pytest

from tests.gateway.told import ORDER, Told, check_whole, follow, listen, script, task_of, wholes
from tests.plain import calling
from tests.stack import Process, Stack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

CUTS = 300
READERS = 3
KILL_EVERY = 12
PACE = 150


class Campaign:
    """Readers that cut themselves off, and a killer that takes turns."""

    def __init__(self, stack: Stack, expected: list[str]) -> None:
        self.replicas = stack.of("gateway")
        self.expected = expected
        self.cuts = self.kills = self.scripts = 0
        self.lock = Lock()
        self.over = Event()

    def read_for_ever(self, seed: int) -> None:
        dice = random.Random(seed)
        while not self.over.is_set():
            self._read_one(dice)

    def _read_one(self, dice: random.Random) -> None:
        seen: list[Told] = []
        while not seen or seen[-1].name != "complete":
            replica = dice.choice(self.replicas)
            try:
                self._read_some(replica, seen, dice.randint(1, 40))
            except httpx.HTTPError:
                if not seen:
                    continue
            self._count(replica, dice)
        check_whole(seen)
        assert wholes(seen) == self.expected
        with self.lock:
            self.scripts += 1

    def _read_some(self, replica: Process, seen: list[Told], events: int) -> None:
        with calling(replica.url, timeout=30) as client:
            url = f"/api/stream/tasks/{task_of(seen)}/events" if seen else "/api/stream/generate-script"
            last = {"Last-Event-ID": str(seen[-1].id)} if seen else {}
            asked = client.stream("GET", url, headers=last) if seen else client.stream("POST", url, json=ORDER)
            with asked as response:
                for event in listen(response):
                    seen.append(event)
                    events -= 1
                    if not events:
                        return

    def _count(self, replica: Process, dice: random.Random) -> None:
        with self.lock:
            self.cuts += 1
            if self.cuts % KILL_EVERY == 0:
                self.kills += 1
                victim = dice.choice([replica, *self.replicas])
                victim.kill()
                victim.start()
            if self.cuts >= CUTS:
                self.over.set()


def test_three_hundred_cuts_leave_no_trace_in_the_text(own_stack: Stack) -> None:
    own_stack.settings.update({"HEARTBEAT_SECONDS": "0.3", "REPLICA_DEAD_SECONDS": "1.5"})
    own_stack.add("sandbox", own_stack.sandbox_port, SANDBOX_CLAUDE_DELTAS_PER_SECOND="0").start()
    for _ in range(2):
        own_stack.add("gateway").start()
    with calling(own_stack.of("gateway")[0].url) as client:
        whole = script(client)
        assert follow(client, task_of(whole)) == whole
    own_stack.tune(claude_deltas_per_second=PACE)
    campaign = Campaign(own_stack, wholes(whole))
    with ThreadPoolExecutor(READERS) as pool:
        for reader in [pool.submit(campaign.read_for_ever, seed) for seed in range(READERS)]:
            reader.result()
    print(f"{campaign.cuts} cuts, {campaign.kills} kills, {campaign.scripts} scripts")  # noqa: T201
    assert campaign.cuts >= CUTS
    assert campaign.kills >= CUTS // KILL_EVERY - 1
