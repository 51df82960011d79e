"""What endpoints read from a request beside its body: owner, Idempotency-Key, Prefer."""

import asyncio
import re
from typing import Annotated

from fastapi import Depends, Header, Request

from shared.errors import InvalidParameter
from shared.tasks.accept import HEADER, IdempotencyKey, checked, fingerprint

_PREFER_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})")
LONGEST_WAIT = 60
_SMALL = 256 * 1024
# The gateway's word on the request that it makes its own out of.
ORIGINAL = "X-Original-Fingerprint"


def owner_of(request: Request) -> str:
    """Whose tasks the caller may see: a hash of its API key, or empty when access is open."""
    return str(request.scope.get("owner", ""))


async def fingerprint_of(request: Request) -> str:
    """The fingerprint of a request's JSON, its query and the ids in its path. A batch brings up to 100 MB: too much
    for the event loop."""
    body, query = await request.body(), dict(request.query_params)
    query |= {f"path {name}": value for name, value in request.path_params.items()}
    if original := request.headers.get(ORIGINAL):
        query |= {ORIGINAL: original}
    try:
        told = await request.json() if body else None
    except ValueError as error:
        raise InvalidParameter("请求参数无效: body: 不是有效的JSON") from error
    return await asyncio.to_thread(fingerprint, told, query) if len(body) > _SMALL else fingerprint(told, query)


GivenKey = Annotated[
    str | None,
    Header(
        alias=HEADER,
        description="1 to 255 characters of your choice. Sent again with the same body, the request is answered from "
        "the work that was done; nothing is bought twice. Remembered for 24 hours at least.",
    ),
]


async def idempotency_key(request: Request, given: GivenKey = None) -> IdempotencyKey | None:
    """The key with the request's fingerprint, or None. Raises IdempotencyKeyReused."""
    if given is None:
        return None
    endpoint = request.scope["route"].operation_id or request.url.path
    known = IdempotencyKey(endpoint, checked(given), await fingerprint_of(request))
    # A key that stands for another request is refused before anything else is looked at.
    await request.state.core.registry.lookup(owner_of(request), known)
    return known


def preferred_wait(
    prefer: Annotated[
        str | None,
        Header(alias="Prefer", description="`wait=n`: answer once it has ended, after n seconds at most (1 to 60)."),
    ] = None,
) -> int | None:
    """Seconds of `Prefer: wait=n`, 1…60; None when not asked for."""
    found = _PREFER_WAIT.search(prefer or "")
    return min(int(found[1]), LONGEST_WAIT) if found and int(found[1]) > 0 else None


Owner = Annotated[str, Depends(owner_of)]
Key = Annotated[IdempotencyKey | None, Depends(idempotency_key)]
PreferredWait = Annotated[int | None, Depends(preferred_wait)]
