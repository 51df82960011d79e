"""What the sweep removes after RETENTION_DAYS, and what it must never touch."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.plain import calling
from tests.stack import Stack
from tests.waiting import eventually

WAIT = {"Prefer": "wait=30"}


@pytest.fixture
def short_lived(own_stack: Stack) -> Stack:
    """Tasks are kept for a minute and a half; a second replica of imagegen sweeps as well."""
    own_stack.settings["RETENTION_DAYS"] = "0.001"
    own_stack.start()
    own_stack.add("imagegen").start()
    return own_stack


def database(stack: Stack) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=str(stack.folder / "data" / "postgres"), user="postgres", autocommit=True)


def age(stack: Stack, *task_ids: str) -> None:
    """Let an hour pass for these tasks."""
    with database(stack) as connection:
        connection.execute(
            "UPDATE task SET updated_at = updated_at - interval '1 hour' WHERE id = ANY(%s)", [list(task_ids)]
        )


def swept(come_true: Callable[[], bool]) -> None:
    eventually(come_true, "the sweep did not do it", 40)


def painted(client: httpx.Client, prompt: str, **headers: str) -> str:
    answer = client.post("/api/images", json={"prompt": prompt}, headers=WAIT | headers).json()
    assert answer["status"] == "succeeded", answer
    return str(answer["id"])


def files(stack: Stack) -> set[Path]:
    return {path for path in (stack.folder / "data" / "pictures").rglob("*.png") if path.is_file()}


def test_old_tasks_go_with_their_pictures_and_nothing_that_is_referred_to(short_lived: Stack) -> None:
    with calling(short_lived.gateway_url) as client:
        shared_prompt = f"{uuid4()}"
        old, young = painted(client, shared_prompt), painted(client, shared_prompt)
        before = files(short_lived)
        alone = painted(client, f"{uuid4()}")
        own_file = files(short_lived) - before
        keyed = painted(client, f"{uuid4()}", **{"Idempotency-Key": f"{uuid4()}"})
        frames = [{"sequence": n, "prompt": f"{uuid4()}"} for n in (1, 2)]
        batch = client.post("/api/generate-all-images", json={"frames": frames}).json()
        children = [item["taskId"] for item in batch["data"]]
        short_lived.tune(jimeng_seconds=[60, 60])
        running = client.post("/api/images", json={"prompt": f"{uuid4()}"}).json()["id"]
        assert len(own_file) == 1

        age(short_lived, old, alone, keyed, running, *children)
        swept(lambda: client.get(f"/api/images/{old}").status_code == 404)
        swept(lambda: client.get(f"/api/images/{alone}").status_code == 404)
        assert not own_file & files(short_lived)
        assert client.get(f"/api/images/{young}/content").status_code == 200
        for kept in (keyed, *children):
            assert client.get(f"/api/images/{kept}/content").status_code == 200
        assert client.get(f"/api/images/{running}").json()["status"] in {"queued", "running"}
        assert leftovers(short_lived, old) == leftovers(short_lived, alone) == 0

        batch_task = client.get("/api/stream/tasks", params={"task_type": "batch_images"}).json()["tasks"][0]["task_id"]
        age(short_lived, batch_task)
        swept(lambda: client.get(f"/api/stream/tasks/{batch_task}").status_code == 404)
        for child in children:
            swept(lambda: client.get(f"/api/images/{child}").status_code == 404)  # noqa: B023 asked at once
        assert leftovers(short_lived, batch_task) == 0


def leftovers(stack: Stack, task_id: str) -> int:
    """Rows that speak of a task that is gone."""
    questions = [
        "SELECT count(*) FROM event WHERE task_id = %s",
        "SELECT count(*) FROM step WHERE task_id = %s",
        "SELECT count(*) FROM picture WHERE task_id = %s",
    ]
    with database(stack) as connection:
        return sum(int(str(connection.execute(one, [task_id]).fetchone()[0])) for one in questions)  # type: ignore[index,misc]
