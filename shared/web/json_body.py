"""JSON bodies: parsed strictly, off the event loop where they are large, and dropped as soon as nobody needs them."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException

_SMALL = 64 * 1024


def parsed(raw: bytes) -> Any:
    """The value of UTF-8 JSON. Raises json.JSONDecodeError, and HTTPException (422) for what is nested too deeply or
    is no UTF-8."""
    try:
        return from_json(raw)
    except ValueError as error:
        if "recursion limit" in str(error):
            raise _too_deep() from error
    return _leniently_parsed(raw)


def _leniently_parsed(raw: bytes) -> Any:
    """Halves of surrogate pairs are accepted, which pydantic's parser refuses; whatever is wrong gets its reason."""
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HTTPException(422, "请求参数无效: body: 不是有效的UTF-8") from error
    except RecursionError as error:
        raise _too_deep() from error


def _too_deep() -> HTTPException:
    # Of this class, because FastAPI turns any other exception of the body's reading into a 400.
    return HTTPException(422, "请求参数无效: body: JSON嵌套超过100层")


class JsonRequest(Request):
    """A request whose JSON is parsed once."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            raw = await self.body()
            self._json = parsed(raw) if len(raw) <= _SMALL else await asyncio.to_thread(parsed, raw)
        return self._json

    def forget_body(self) -> None:
        """Let go of the body: an answer may be waited for much longer than its request is needed."""
        self._body, self._json = b"", None
        self.scope["body_room"].release()


class JsonRoute(APIRoute):
    """The route class of routers that take JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_json
