"""Plain HTTP to loopback, without certificates: loading those costs 40 ms a client, more than most tests."""

from typing import Any

import httpx

_FRESH = httpx.Limits(max_keepalive_connections=0)


def calling(base_url: str = "", *, timeout: float = 60, **options: Any) -> httpx.Client:
    return httpx.Client(base_url=base_url, timeout=timeout, trust_env=False, verify=False, **options)


# For single calls: no connection survives one, so that no service that was killed in between is met again.
http = calling(limits=_FRESH)
