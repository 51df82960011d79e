"""What is told once at start of every configured vendor: real or sandbox, reachable, key accepted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from shared.errors import ConfigurationError, Reason, ScriptToFrameError

logger = logging.getLogger(__name__)

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class VendorCheck:
    """How a vendor is asked for free. `demo` says whether it is the sandbox; both raise ScriptToFrameError."""

    demo: Callable[[], bool]
    ask: Callable[[], Awaitable[None]]


async def report(vendors: Mapping[str, VendorCheck]) -> dict[str, str]:
    """Ask all at once and write one line; never raises."""
    words = await asyncio.gather(*map(_in_words, vendors.values()))
    told = dict(zip(vendors, words, strict=True))
    logger.info("vendors.checked", extra=told)
    return told


async def _in_words(vendor: VendorCheck) -> str:
    try:
        kind = "sandbox" if vendor.demo() else "real"
    except ConfigurationError:
        return "not configured"
    try:
        async with asyncio.timeout(SECONDS):
            await vendor.ask()
    except TimeoutError:
        return f"{kind}, not reachable: no answer in {SECONDS:g} s"
    except ScriptToFrameError as error:
        return f"{kind}, {_failed(error)}"
    except Exception as error:
        # A summary must not keep a service from starting.
        return f"{kind}, answer not understood: {type(error).__name__}"
    return f"{kind}, reachable, key accepted"


def _failed(error: ScriptToFrameError) -> str:
    if error.reason == Reason.VENDOR_KEY_REFUSED:
        return f"reachable, key refused: {error.message}"
    if error.vendor is None:
        return f"not reachable: {error.message}"
    return f"reachable, key not checked: {error.message}"
