"""I1, I2 and the probes of imagegen."""

import time

import httpx


def test_the_service_describes_itself(imagegen: httpx.Client) -> None:
    told = imagegen.get("/").json()
    assert (told["service"], told["version"]) == ("ScriptToFrame Image Generation API", "1.0.0")
    assert told["sdk_available"] is True
    assert told["endpoints"][:2] == ["POST /api/generate-image - 生成图片", "GET /api/health - 健康检查"]


def test_health_says_what_is_well_and_that_it_is_the_sandbox(imagegen: httpx.Client) -> None:
    answer = imagegen.get("/api/health")
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "healthy")
    assert (told["service"], told["sdk_available"]) == ("Image Generation Backend", True)
    assert isinstance(told["timestamp"], int)
    assert abs(told["timestamp"] - time.time()) < 60
    assert told["dependencies"] == {
        "volcengine_api": {"status": "healthy", "sdk_version": "latest", "demo": True},
        "disk_space": {"status": "healthy"},
        "memory_usage": {"status": "healthy"},
    }


def test_the_probes_answer(imagegen: httpx.Client) -> None:
    assert imagegen.get("/livez").status_code == 200
    assert imagegen.get("/readyz").status_code == 200


def test_the_api_describes_itself(imagegen: httpx.Client) -> None:
    info = imagegen.get("/openapi.json").json()["info"]
    assert info["title"] == "ScriptToFrame Image Generation API"
    assert (info["description"], info["version"]) == ("火山引擎即梦图片生成服务", "1.0.0")
