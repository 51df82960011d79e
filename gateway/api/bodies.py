"""Large JSON bodies, checked off the event loop and held no longer than that takes."""

import asyncio
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.errors import InvalidParameter
from shared.web.json_body import JsonRequest

Model = TypeVar("Model", bound=BaseModel)


async def validated(request: JsonRequest, model: type[Model]) -> Model:
    """The body as `model`. Raises RequestValidationError, InvalidParameter, and what the model itself raises."""
    try:
        return await asyncio.to_thread(model.model_validate, await request.json())
    except ValidationError as error:
        raise RequestValidationError([item | {"loc": ("body", *item["loc"])} for item in error.errors()]) from error
    except ValueError as error:
        raise InvalidParameter("请求参数无效: body: 不是有效的JSON") from error
    finally:
        request.forget_body()
