"""Large JSON bodies, parsed and checked off the event loop."""

import asyncio
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.errors import InvalidParameter
from shared.wire import loads

Model = TypeVar("Model", bound=BaseModel)


async def validated(request: Request, model: type[Model]) -> Model:
    """The body as `model`. Raises RequestValidationError, InvalidParameter, and what the model itself raises."""
    return await asyncio.to_thread(_parsed, await request.body(), model)


def _parsed(raw: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate(loads(raw))
    except ValidationError as error:
        raise RequestValidationError([item | {"loc": ("body", *item["loc"])} for item in error.errors()]) from error
    except ValueError as error:
        raise InvalidParameter("请求参数无效: body: 不是有效的JSON") from error
