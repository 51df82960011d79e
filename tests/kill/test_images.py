"""kill -9 of imagegen in the middle of its work: nothing lost, nothing submitted twice, the limit held."""

import random
import signal
import time
from collections import Counter
from typing import Any

import httpx
import psycopg

from shared.tasks.replicas import FORGOTTEN
from tests.plain import http
from tests.stack import Process, Stack
from tests.waiting import eventually

LIMIT = 4
SETTINGS = {
    "JIMENG_MAX_CONCURRENCY": str(LIMIT),
    "HEARTBEAT_SECONDS": "0.4",
    "REPLICA_DEAD_SECONDS": "2",
    "SANDBOX_JIMENG_CONCURRENCY": "50",
    "SANDBOX_JIMENG_QPS": "0",
    "SANDBOX_JIMENG_SECONDS": "[0.3, 1.0]",
}


def order(replicas: list[Process], prompt: str) -> str:
    """Order a picture as a client does that tries again, elsewhere, with the same key."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        replica = random.choice(replicas)
        try:
            answer = http.post(
                f"{replica.url}/api/images",
                json={"prompt": prompt},
                headers={"Idempotency-Key": prompt},
                timeout=5,
            )
        except httpx.HTTPError:
            continue
        if answer.status_code == 202:
            return str(answer.json()["id"])
    raise AssertionError(f"{prompt} was never accepted")


def ended(replicas: list[Process], image_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            url = f"{random.choice(replicas).url}/api/images/{image_id}"
            answer = http.get(url, headers={"Prefer": "wait=2"}, timeout=5)
        except httpx.HTTPError:
            continue
        if answer.status_code == 200 and answer.json()["status"] not in {"queued", "running"}:
            return dict(answer.json())
    raise AssertionError(f"{image_id} never ended")


def one_replica(stack: Stack) -> Process:
    stack.settings |= SETTINGS
    stack.add("sandbox", stack.sandbox_port).start()
    return stack.add("imagegen", stack.imagegen_port).start()


def two_replicas(stack: Stack) -> tuple[Process, Process]:
    return one_replica(stack), stack.add("imagegen").start()


def database_of(stack: Stack) -> psycopg.Connection[Any]:
    _, _, _, port, host = (stack.folder / "data" / "postgres" / "postmaster.pid").read_text().splitlines()[:5]
    return psycopg.connect(host=host, port=port, user="postgres", dbname="postgres", autocommit=True)


def freeze_with_locks(stack: Stack, process: Process) -> None:
    """SIGSTOP in the middle of a transaction that holds the account's row."""
    held = (
        "SELECT a.pid, a.xact_start FROM pg_stat_activity a JOIN pg_locks l USING (pid) "
        "WHERE a.state = 'idle in transaction' AND l.relation = 'account'::regclass AND l.mode = 'RowShareLock'"
    )
    with database_of(stack) as database:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            process.send(signal.SIGSTOP)
            holding = set(database.execute(held))
            time.sleep(0.05 if holding else 0)
            if holding & set(database.execute(held)):
                return
            process.send(signal.SIGCONT)
            time.sleep(random.uniform(0, 0.01))
    raise AssertionError("it never held the row")


def judge(stack: Stack, ends: list[dict[str, Any]], kills: int) -> None:
    """Every order has one truthful end, and the vendor's books agree."""
    book = stack.ledger()["vendors"]["jimeng"]
    states = Counter(end["status"] if end["status"] == "succeeded" else end["errorCode"] for end in ends)
    assert set(states) <= {"succeeded", "OUTCOME_UNKNOWN"}, states
    # At most the calls that were under way at a kill can have an unknown outcome.
    assert states["OUTCOME_UNKNOWN"] <= kills * LIMIT, states
    assert max(book["submissions"].values()) == 1, "something was paid twice"
    assert book["max_in_flight"] <= LIMIT
    paid = set(book["submissions"])
    assert {end["prompt"] for end in ends if end["status"] == "succeeded"} <= paid


def test_nothing_is_lost_or_paid_twice_when_the_only_replica_is_killed_again_and_again(own_stack: Stack) -> None:
    imagegen = one_replica(own_stack)
    chance = random.Random(7)
    ids, kills = [], 0
    for number in range(40):
        ids.append(order([imagegen], f"frame {number}"))
        if number % 8 == 7:
            time.sleep(chance.uniform(0.1, 0.6))
            imagegen.kill()
            kills += 1
            imagegen.start(wait=False)
    imagegen.wait_ready()
    judge(own_stack, [ended([imagegen], image_id) for image_id in ids], kills)


def test_a_survivor_takes_over_from_a_replica_that_never_comes_back(own_stack: Stack) -> None:
    doomed, survivor = two_replicas(own_stack)
    ids = [order([doomed], f"frame {number}") for number in range(20)]
    ids += [order([survivor], f"frame {number}") for number in range(20, 40)]
    doomed.kill()
    ends = [ended([survivor], image_id) for image_id in ids]
    judge(own_stack, ends, kills=1)
    for end in ends:
        picture = http.get(f"{survivor.url}/api/images/{end['id']}/content")
        assert picture.status_code == (200 if end["status"] == "succeeded" else 404)


def test_a_replica_that_was_frozen_too_long_ends_itself_and_buys_nothing_again(own_stack: Stack) -> None:
    frozen, survivor = two_replicas(own_stack)
    ids = [order([frozen], f"frame {number}") for number in range(20)]
    freeze_with_locks(own_stack, frozen)
    ends = [ended([survivor], image_id) for image_id in ids]
    frozen.send(signal.SIGCONT)
    eventually(lambda: not frozen.alive, "it goes on although others have taken its work over")
    assert frozen.exit_code == FORGOTTEN
    judge(own_stack, ends, kills=1)
    assert ended([survivor], order([survivor], "afterwards"))["status"] == "succeeded"


def test_what_a_forgotten_replica_holds_is_done_all_the_same(own_stack: Stack) -> None:
    imagegen = one_replica(own_stack)
    ids = [order([imagegen], f"frame {number}") for number in range(8)]
    imagegen.kill()
    with database_of(own_stack) as database:
        database.execute("DELETE FROM replica")
    imagegen.start()
    judge(own_stack, [ended([imagegen], image_id) for image_id in ids], kills=1)


def test_a_task_whose_writer_dies_after_it_had_taken_it_away_is_done_all_the_same(own_stack: Stack) -> None:
    imagegen = one_replica(own_stack)
    ids = [order([imagegen], f"frame {number}") for number in range(8)]
    with database_of(own_stack) as database:
        database.execute("INSERT INTO replica (id, service, beat) VALUES ('thief', 'imagegen', clock_timestamp())")
        database.execute("UPDATE task SET writer = 'thief 1' WHERE NOT closed")
    judge(own_stack, [ended([imagegen], image_id) for image_id in ids], kills=0)
    assert "task.superseded" in imagegen.log.read_text()


def test_an_orderly_stop_leaves_no_unknown_outcome(own_stack: Stack) -> None:
    leaving, staying = two_replicas(own_stack)
    ids = [order([leaving], f"frame {number}") for number in range(12)]
    own_stack.fault(vendor="jimeng", kind="delay", call="submit", times=-1, value=1.0)
    ids += [order([leaving], f"late frame {number}") for number in range(4)]
    assert leaving.stop() in {0, -15}
    ends = [ended([staying], image_id) for image_id in ids]
    assert {end["status"] for end in ends} == {"succeeded"}
    judge(own_stack, ends, kills=0)
