"""The shapes of the model's answers, as closed JSON schemas: every property is required, as strict tools demand."""

from typing import Any

Schema = dict[str, Any]


def _record(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_TEXTS = _many(_TEXT)

_BEAT = _record(first=_NUMBER, last=_NUMBER, decisive=_NUMBER, place=_TEXT, time=_TEXT, people=_TEXTS, weight=_NUMBER)
_MENTION = _record(name=_TEXT, aliases=_TEXTS, described=_many(_NUMBER))
_VARIANT = _record(since=_NUMBER, name=_TEXT, look=_TEXT, lookEnglish=_TEXT)
_PERSON = _record(name=_TEXT, aliases=_TEXTS, look=_TEXT, lookEnglish=_TEXT, variants=_many(_VARIANT))
_PLACE = _record(name=_TEXT, aliases=_TEXTS, look=_TEXT, lookEnglish=_TEXT)
_PART = _record(start=_NUMBER, moment=_TEXT)
_FRAME = _record(frame=_NUMBER, description=_TEXT, prompt=_TEXT, people=_TEXTS)
_CAST = {"people": _many(_PERSON), "places": _many(_PLACE), "style": _TEXT}
_PARTS = {"parts": _many(_PART), "end": _NUMBER, "end_moment": _TEXT}

READING = _record(beats=_many(_BEAT), people=_many(_MENTION))
CAST = _record(**_CAST)
PARTS = _record(**_PARTS)
PLAN = _record(**_CAST, **_PARTS)
FRAMES = _record(frames=_many(_FRAME))
