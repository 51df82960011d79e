"""Bodies whose texts go to a language model."""

from typing import Any

from pydantic import BaseModel, model_validator

from shared.wire import well_formed


class RequestBody(BaseModel):
    """Its texts are such as UTF-8 can carry: front ends cut texts in the middle of an emoji."""

    @model_validator(mode="before")
    @classmethod
    def _texts_well_formed(cls, values: Any) -> Any:
        return mended(values)


def mended(value: Any) -> Any:
    """A JSON value with every text in it well-formed."""
    match value:
        case str():
            return value if value.isascii() else well_formed(value)
        case dict():
            return {mended(name): mended(inner) for name, inner in value.items()}
        case list():
            return [mended(inner) for inner in value]
    return value
