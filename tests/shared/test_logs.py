"""Logs: one JSON object per line, without keys, pictures or whole stories."""

import base64
import json
import logging
import sys

import pytest

from imagegen.settings import ImagegenSettings
from shared.telemetry.logs import JsonLines, redact
from shared.telemetry.request_id import request_id


def line(message: str, **data: object) -> str:
    record = logging.makeLogRecord({"msg": message, "levelno": 20, "levelname": "INFO", "name": "test", **data})
    return JsonLines("python-backend").format(record)


def test_a_line_is_the_seed_s_object() -> None:
    token = request_id.set("abc")
    told = json.loads(line("image.submitted", task_id="7", seconds=1.5, none=None, ok=True))
    request_id.reset(token)
    assert set(told) == {"timestamp", "request_id", "event", "service", "data"}
    assert (told["request_id"], told["event"], told["service"]) == ("abc", "image.submitted", "python-backend")
    assert told["data"] == {
        "task_id": "7",
        "seconds": 1.5,
        "none": None,
        "ok": True,
        "level": "info",
        "logger": "test",
    }


def test_settings_may_be_logged_without_a_key_showing() -> None:
    settings = ImagegenSettings.model_validate(
        {
            "volcengine_access_key_id": "AKLTverysecret123",
            "volcengine_secret_access_key": "TopSecretValue==",
            "runninghub_api_key": "0123456789abcdef0123456789abcdef",
            "database_url": "postgresql://me:hunter22@db/x",
        }
    )
    for shown in (line("a", settings=settings), line("a", data=settings.model_dump()), line(f"{settings!r}")):
        for secret in ("verysecret", "TopSecret", "0123456789abcdef", "hunter22"):
            assert secret not in shown


@pytest.mark.parametrize("name", ["api_key", "X-Api-Key", "authorization", "password", "secret", "cookie", "signature"])
def test_what_is_named_like_a_secret_is_masked(name: str) -> None:
    assert redact({name: "value-1", "list": [{name: "value-1"}]}) == {name: "***", "list": [{name: "***"}]}


@pytest.mark.parametrize("secret", ["sk-abcdef123456", "AKLTabcd1234", "Bearer abc.def", "postgres://u:p4ss@host/db"])
def test_a_secret_inside_of_text_is_masked(secret: str) -> None:
    assert "***" in redact(f"call to x failed: {secret} refused")
    assert not {"abcdef123456", "abcd1234", "abc.def", "p4ss"} & set(redact(secret).replace("@", " ").split())


def test_two_megabytes_of_picture_leave_no_byte() -> None:
    encoded = base64.b64encode(bytes(range(256)) * 8192).decode()
    for value in (f"data:image/png;base64,{encoded}", {"url": f"see data:image/jpeg;base64,{encoded}!"}):
        shown = line("a", value=value)
        assert encoded[:40] not in shown
        assert len(shown) < 1000
    assert redact(b"\x89PNG" * 1000) == "<4000 bytes>"


def test_a_long_text_is_shortened_and_says_by_how_much() -> None:
    assert redact("雨" * 3000) == "雨" * 300 + "…(+2500)…" + "雨" * 200
    assert redact("雨" * 30_000) == "雨" * 300 + "…(+29700)"


def test_an_exception_is_told_in_one_line_without_secrets() -> None:
    try:
        int("key sk-abcdef123456 is bad\n\x00")
    except ValueError:
        shown = line("task.broke", exc_info=sys.exc_info())
    assert "\n" not in shown
    assert "ValueError" in json.loads(shown)["data"]["exception"]
    assert "sk-abcdef" not in shown


def test_what_cannot_be_json_is_still_a_line() -> None:
    told = json.loads(line("a", odd=object(), nan=float("nan"), big=2**80, numbers={1: {2, 3}}, half="\ud83d"))
    assert told["data"]["numbers"] in ({"1": [2, 3]}, {"1": [3, 2]})
