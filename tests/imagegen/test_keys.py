"""Keys of Volcengine (contract §6.4) and the clock of polling, on replicas with settings of their own."""

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from imagegen.settings import ImagegenSettings, decoded_keys
from shared.settings import SANDBOX_ACCESS_KEY, SANDBOX_SECRET_KEY
from tests.imagegen.ordering import ended, look, paint
from tests.stack import Stack


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (("AKLTabc", "secret"), ("AKLTabc", "secret")),
        ((coded("AKLTabc"), coded("secret!")), ("AKLTabc", "secret!")),
        ((coded("AKLTabc\n"), coded("secret!\n")), ("AKLTabc", "secret!")),
        ((coded("AKLTabc"), "not base64?"), (coded("AKLTabc"), "not base64?")),
        (("not base64?", coded("secret!")), ("not base64?", coded("secret!"))),
        ((coded("AKLTabc"), coded("密钥")), (coded("AKLTabc"), coded("密钥"))),
        ((coded("AKLT abc"), coded("secret!")), (coded("AKLT abc"), coded("secret!"))),
        ((coded("AKLTabc")[:-1], coded("secret!")), (coded("AKLTabc")[:-1], coded("secret!"))),
        ((f' "{coded("AKLTabc")}" ', f"'{coded('secret!')}'\r\n"), ("AKLTabc", "secret!")),
    ],
)
def test_base64_is_undone_only_when_both_are_surely_base64(given: tuple[str, str], sent: tuple[str, str]) -> None:
    keys: dict[str, Any] = {"volcengine_access_key_id": given[0], "volcengine_secret_access_key": given[1]}
    access = ImagegenSettings(_env_file=None, **keys).volcengine()
    assert (access.access_key, access.secret_key, access.demo) == (*sent, False)


def test_it_is_said_whether_the_keys_were_base64() -> None:
    assert decoded_keys(coded("AKLTabc"), coded("secret!")) == ("AKLTabc", "secret!", True)
    assert decoded_keys("AKLTabc", "secret!") == ("AKLTabc", "secret!", False)


@pytest.fixture
def hurried(stack: Stack, add_imagegen: Callable[..., httpx.Client]) -> httpx.Client:
    """Real keys, in Base64 and in quotes, of an account whose pictures are waited for only half a second."""
    return add_imagegen(
        VOLCENGINE_ACCESS_KEY_ID=f'"{coded(SANDBOX_ACCESS_KEY)}"',
        VOLCENGINE_SECRET_ACCESS_KEY=coded(SANDBOX_SECRET_KEY),
        VOLCENGINE_BASE_URL=stack.sandbox_url,
        POLL_INTERVAL="0.25",
        MAX_POLL_TIMES="2",
    )


def test_with_keys_nothing_is_called_a_demo(hurried: httpx.Client, stack: Stack) -> None:
    stack.tune(jimeng_seconds=[0.05, 0.05])
    answer = paint(hurried, "有密钥").json()
    stack.tune(jimeng_seconds=[0.2, 0.5])
    assert answer["success"] is True
    assert "demo" not in answer["data"]
    assert "demo" not in look(hurried, answer["data"]["taskId"])
    health = hurried.get("/api/health").json()["dependencies"]["volcengine_api"]
    assert health == {"status": "healthy", "sdk_version": "latest"}
    log = next(process.log for process in stack.of("imagegen") if process.url == str(hurried.base_url).rstrip("/"))
    assert '"form":"base64"' in log.read_text()
    assert SANDBOX_SECRET_KEY not in log.read_text()


def test_when_the_polls_are_used_up_the_picture_still_comes(hurried: httpx.Client, stack: Stack) -> None:
    stack.tune(jimeng_seconds=[2, 2])
    answer = paint(hurried, "迟到的图")
    stack.tune(jimeng_seconds=[0.2, 0.5])
    told = answer.json()
    assert (answer.status_code, told["error"], told["errorCode"]) == (408, "图片生成超时", "GENERATION_TIMEOUT")
    assert (told["success"], told["data"]) == (False, None)
    late = look(hurried, told["taskId"])
    assert late["status"] == "running"
    assert ended(hurried, told["taskId"])["status"] == "succeeded"
    assert hurried.get(f"/api/images/{told['taskId']}/content").status_code == 200


def test_a_wrong_secret_is_told_in_the_vendor_s_words(stack: Stack, add_imagegen: Callable[..., httpx.Client]) -> None:
    stranger = add_imagegen(
        VOLCENGINE_ACCESS_KEY_ID=SANDBOX_ACCESS_KEY,
        VOLCENGINE_SECRET_ACCESS_KEY="wrong-secret",
        VOLCENGINE_BASE_URL=stack.sandbox_url,
    )
    answer = paint(stranger, "错误的密钥")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "VOLCENGINE_API_ERROR")
    assert answer.json()["error"] == "任务提交失败: The request signature does not match."
