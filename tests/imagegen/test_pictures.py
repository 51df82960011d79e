"""I3 and N1 to N4 through HTTP."""

import httpx

from tests.stack import Stack


def test_a_prompt_becomes_a_picture(imagegen: httpx.Client) -> None:
    answer = imagegen.post("/api/generate-image", json={"prompt": "清晨的山谷"}).json()
    assert answer["success"] is True
    assert answer["error"] is None
    assert answer["data"]["demo"] is True
    content = imagegen.get(answer["data"]["contentUrl"])
    assert content.headers["content-type"] == "image/png"
    assert content.content.startswith(b"\x89PNG")


def test_no_prompt_is_refused(imagegen: httpx.Client, stack: Stack) -> None:
    answer = imagegen.post("/api/generate-image", json={"prompt": "  "})
    assert (answer.status_code, answer.json()["error"]) == (400, "缺少必要参数: prompt")
    assert answer.json()["errorCode"] == "MISSING_PARAMETER"
