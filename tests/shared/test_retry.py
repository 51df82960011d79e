"""Repeating what is free, and the vendor's word on when."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from shared.errors import LLMError
from shared.outbound.retry import Transient, retry_after_seconds, retry_transient

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("3", 3),
        ("0.5", 0.5),
        ("-5", 0),
        ("100000", 60),
        ("inf", 60),
        ("nan", None),
        ("Fri, 32 Foo 2026", None),
        ("Sat, 21 Nov 2020 10:00:00 GMT", 0),
        ("Sat, 21 Nov 2099 10:00:00 GMT", 60),
        ("Sat, 21 Nov 2099 10:00:00 -0000", None),
    ],
)
def test_both_forms_of_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header) == seconds


def test_a_date_in_the_near_future_is_waited_for() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert 18 <= (retry_after_seconds(soon) or 0) <= 20


class Mood:
    """Fails as scripted, then is well."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "well"


def passing(retry_after: float | None = None) -> Transient:
    return Transient(LLMError("HTTP 500"), retry_after)


async def test_what_may_pass_is_repeated() -> None:
    mood = Mood(passing(), passing(0.01))
    assert await retry_transient(mood, (0, 0)) == "well"
    assert mood.calls == 3


async def test_after_the_last_repetition_the_cause_is_raised() -> None:
    mood = Mood(passing(), passing(), passing(), passing())
    with pytest.raises(LLMError, match="HTTP 500"):
        await retry_transient(mood, (0, 0))
    assert mood.calls == 3


async def test_what_is_final_is_not_repeated() -> None:
    mood = Mood(LLMError("HTTP 400"))
    with pytest.raises(LLMError, match="HTTP 400"):
        await retry_transient(mood, (0, 0))
    assert mood.calls == 1
