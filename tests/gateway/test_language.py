"""Error texts in the caller's language: Chinese unless English is preferred, one language per answer."""

import re

import httpx
import pytest

from shared.english import in_english
from tests.gateway.stories import analyse, analyse_streamed
from tests.gateway.told import ORDER, script
from tests.stack import Stack

ENGLISH = {"Accept-Language": "en-US,en;q=0.9,zh;q=0.5"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (None, "缺少必要参数: prompt"),
        ("", "缺少必要参数: prompt"),
        ("*", "缺少必要参数: prompt"),
        ("fr", "缺少必要参数: prompt"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "缺少必要参数: prompt"),
        ("en;q=0.3, zh-TW", "缺少必要参数: prompt"),
        ("en", "missing parameter: prompt"),
        ("fr, en-GB;q=0.8, zh;q=0.2", "missing parameter: prompt"),
        ("en;q=nonsense", "缺少必要参数: prompt"),
    ],
)
@pytest.mark.parametrize("path", ["/api/generate-image", "/api/images"])
def test_the_language_of_an_error(gateway: httpx.Client, path: str, header: str | None, text: str) -> None:
    headers = {} if header is None else {"Accept-Language": header}
    answer = gateway.post(path, json={}, headers=headers)
    assert (answer.json()["error"], answer.json()["detail"]) == (text, text)
    assert "Accept-Language" in answer.headers["vary"]


@pytest.mark.parametrize("headers", [{}, ENGLISH], ids=["zh", "en"])
@pytest.mark.parametrize(
    "change",
    [{"episodes": 101}, {"episodes": "3"}, {"genre": None}, {"characters": ["x", 7]}, {"duration": 3}],
    ids=str,
)
def test_broken_rules_are_told_in_one_language(
    gateway: httpx.Client, change: dict[str, object], headers: dict[str, str]
) -> None:
    told = gateway.post("/api/stream/generate-script", json=ORDER | change, headers=headers).json()["error"]
    if headers:
        assert told.startswith("invalid request: ")
        assert not CHINESE.search(told)
    else:
        rule = told.removeprefix("请求参数无效: ").partition(": ")[2]
        assert CHINESE.search(rule)
        assert not re.search("[A-Za-z]{4}", rule)


def test_a_failed_analysis_is_told_in_english_as_a_whole(gateway: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="deepseek", call="chat", kind="code", value="Content Exists Risk", times=2)
    told = analyse(gateway, ENGLISH).json()
    assert told["error"] == "the analysis failed: step 1, cutting the story: HTTP 400: Content Exists Risk"
    assert told["failedStep"] == "step 1, cutting the story"
    event = analyse_streamed(gateway, ENGLISH)[-1].data
    assert (event["error"], event["failedStep"]) == (told["error"], told["failedStep"])


def test_a_stream_and_the_tasks_state_tell_the_same_in_both_languages(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", kind="html")
    events = script(gateway, ENGLISH)
    text = "writing failed: the answer is no event stream (text/html), please check ANTHROPIC_BASE_URL"
    assert events[-1].data["message"] == text
    path = f"/api/stream/tasks/{events[0].data['task_id']}"
    assert gateway.get(path, headers=ENGLISH).json()["error"] == text
    chinese = "生成内容出错: 返回的不是事件流（text/html），请检查ANTHROPIC_BASE_URL"
    assert gateway.get(path).json()["error"] == chinese


def test_a_problem_document_is_in_the_callers_language(gateway: httpx.Client) -> None:
    headers = ENGLISH | {"Accept": "application/problem+json"}
    told = gateway.get("/api/images/jimeng_v4_nobody", headers=headers).json()
    assert told["title"] == told["detail"] == "no image jimeng_v4_nobody"


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        (
            "智能分析失败: 第1步: 故事切分失败: HTTP 404: no（地址 h/v1，请检查X_URL）",
            "the analysis failed: step 1, cutting the story: HTTP 404: no (asked at h/v1, please check X_URL)",
        ),
        (
            "生成内容出错: 网络连接错误 - 未配置X_API_KEY，且沙盒（http://h:1）未运行",
            "writing failed: no connection: X_API_KEY is not configured, and the sandbox (http://h:1) is not running",
        ),
        (
            "未配置VOLCENGINE_ACCESS_KEY_ID或VOLCENGINE_SECRET_ACCESS_KEY",
            "VOLCENGINE_ACCESS_KEY_ID or VOLCENGINE_SECRET_ACCESS_KEY is not configured",
        ),
        ("生成内容出错: 用户额度不足", "writing failed: 用户额度不足"),
        ("", ""),
    ],
)
def test_a_vendors_own_words_are_kept(chinese: str, english: str) -> None:
    assert in_english(chinese) == english
