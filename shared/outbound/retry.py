"""The two tenacity policies: free calls may be repeated, paid ones only after an explicit refusal."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

T = TypeVar("T")
LONGEST_RETRY_AFTER = 60.0


class Transient(Exception):
    """A failure that may pass: worth another try, after `retry_after` seconds where the vendor named them."""

    def __init__(self, cause: Exception, retry_after: float | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.retry_after = retry_after


def retry_after_seconds(header: str | None) -> float | None:
    """Both forms of Retry-After, in seconds, capped at a minute; None when absent or unreadable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if seconds == seconds else None  # noqa: PLR0124 NaN


def _wait(waits: tuple[float, ...]) -> Callable[[RetryCallState], float]:
    def wait(state: RetryCallState) -> float:
        usual = waits[min(state.attempt_number, len(waits)) - 1]
        error = state.outcome.exception() if state.outcome else None
        named = error.retry_after if isinstance(error, Transient) else None
        return max(usual, named or 0.0)

    return wait


async def retry_transient(call: Callable[[], Awaitable[T]], waits: tuple[float, ...] = (1.0, 2.0)) -> T:
    """Await `call()` until it succeeds, at most `len(waits)` times again, only on Transient; then raise its cause."""
    retrying = AsyncRetrying(
        stop=stop_after_attempt(len(waits) + 1),
        wait=_wait(waits),
        reraise=True,
        retry=retry_if_exception(lambda error: isinstance(error, Transient)),
    )

    async def attempt() -> T:
        return await call()

    try:
        return await retrying(attempt)
    except Transient as passing:
        raise passing.cause from None
