"""What fails on our own side: the signing library is missing, the store cannot be written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.imagegen.ordering import bought, ended, look, order
from tests.stack import ROOT, Stack


def test_without_the_signing_library_nothing_pretends_to_work(
    stack: Stack, add_imagegen: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    (tmp_path / "volcengine").mkdir()
    (tmp_path / "volcengine" / "__init__.py").write_text("raise ImportError\n")
    bare = add_imagegen(PYTHONPATH=f"{tmp_path}:{ROOT}")
    for path in ("/api/generate-image", "/api/images"):
        answer = bare.post(path, json={"prompt": "无库"})
        assert (answer.status_code, answer.json()["error"]) == (500, "火山引擎SDK未安装")
        assert answer.json()["errorCode"] == "CONFIGURATION_ERROR"
    assert bare.get("/").json()["sdk_available"] is False
    health = bare.get("/api/health")
    assert (health.status_code, health.json()["sdk_available"]) == (503, False)
    volcengine = health.json()["dependencies"]["volcengine_api"]
    assert volcengine == {"status": "unhealthy", "error": "SDK not available"}


def test_a_store_that_is_away_stops_the_buying_and_loses_nothing_that_is_paid(
    stack: Stack, add_imagegen: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    walled = add_imagegen(PICTURE_STORE_URL=store.as_uri())
    store.rmdir()
    store.write_text("a file where the folder was")
    paid = order(walled, "付了钱的图")
    refused = answered(walled, "/readyz", 503)
    assert (refused["errorCode"], refused["reason"]) == ("STORAGE_FULL", "STORAGE_FULL")
    waiting = order(walled, "还没买的图")
    health = walled.get("/api/health")
    assert (health.status_code, health.json()["dependencies"]["disk_space"]["status"]) == (503, "unhealthy")
    assert health.json()["dependencies"]["disk_space"]["error"].startswith("STORAGE_FULL")
    assert (look(walled, paid)["status"], look(walled, waiting)["status"]) == ("running", "queued")
    assert (bought(stack, "付了钱的图"), bought(stack, "还没买的图")) == (1, 0)
    store.unlink()
    store.mkdir()
    for image_id in (paid, waiting):
        assert ended(walled, image_id)["status"] == "succeeded"
        assert walled.get(f"/api/images/{image_id}/content").content.startswith(b"\x89PNG")
    assert (bought(stack, "付了钱的图"), bought(stack, "还没买的图")) == (1, 1)
    answered(walled, "/readyz", 200)


def answered(client: httpx.Client, path: str, status: int) -> dict[str, Any]:
    """Ask until the answer has this status."""
    for _ in range(2000):
        if (answer := client.get(path)).status_code == status:
            return dict(answer.json())
    raise AssertionError(answer.text)
