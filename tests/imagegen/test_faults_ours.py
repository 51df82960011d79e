"""What fails on our own side: the signing library is missing, the store cannot be written."""

from collections.abc import Callable
from pathlib import Path

import httpx

from tests.imagegen.ordering import look, paint
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


def test_an_unforeseen_failure_is_the_seed_s_200(
    stack: Stack, add_imagegen: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    walled = add_imagegen(PICTURE_STORE_URL=store.as_uri())
    store.rmdir()
    store.write_text("a file where the folder was")
    answer = paint(walled, "无处可放")
    told = answer.json()
    assert (answer.status_code, told["success"], told["data"]) == (200, False, None)
    assert told["error"].startswith("图片生成失败: ")
    assert (told["errorCode"], told["detail"]) == ("IMAGE_GENERATION_ERROR", told["error"])
    assert str(tmp_path) not in told["error"]
    assert look(walled, told["taskId"])["status"] == "failed"
