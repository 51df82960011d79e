"""What is to be painted: effective prompt, and the size that a config asks for (contract §6.3)."""

from dataclasses import dataclass
from typing import Any

from shared.image_request import Provider

INTERACTIVE = 0
BATCH = 10

AREAS = {"1k": 1_048_576, "2k": 4_194_304, "4k": 16_777_216}
SIZES: dict[str, dict[str, tuple[int, int]]] = {
    "16:9": {"1k": (1376, 774), "2k": (2048, 1152), "4k": (4096, 2304)},
    "1:1": {"1k": (1024, 1024), "2k": (2048, 2048), "4k": (4096, 4096)},
    "4:3": {"1k": (1184, 888), "2k": (2048, 1536), "4k": (4096, 3072)},
    "3:2": {"1k": (1260, 840), "2k": (2040, 1360), "4k": (4080, 2720)},
    "21:9": {"1k": (1568, 672), "2k": (2016, 864), "4k": (4032, 1728)},
}
for _wide in ("16:9", "4:3", "3:2"):
    _tall = ":".join(reversed(_wide.split(":")))
    SIZES[_tall] = {name: (height, width) for name, (width, height) in SIZES[_wide].items()}


@dataclass(frozen=True, slots=True)
class Order:
    """An accepted picture request. `prompt` is the effective one, unstripped; `queued_at` its turn, if not now."""

    prompt: str
    frame: dict[str, Any] | None
    config: dict[str, Any] | None
    provider: Provider = "jimeng"
    priority: int = INTERACTIVE
    queued_at: float | None = None


def effective_prompt(prompt: str | None, frame: dict[str, Any] | None) -> str:
    """`frame.prompt`, else `frame.jimengPrompt`, else `prompt`; what is blank counts as absent."""
    for candidate in ((frame or {}).get("prompt"), (frame or {}).get("jimengPrompt")):
        if isinstance(candidate, str) and candidate.strip():
            return candidate
    return prompt or ""


def size_fields(config: dict[str, Any] | None) -> dict[str, int]:
    """Jimeng's `width` and `height`, or `size` (an area in pixels), or nothing."""
    resolution = _known((config or {}).get("resolution"), AREAS)
    sizes = SIZES.get(ratio) if isinstance(ratio := (config or {}).get("aspectRatio"), str) else None
    if sizes is None:
        return {"size": AREAS[resolution]} if resolution else {}
    width, height = sizes[resolution or "2k"]
    return {"width": width, "height": height}


def _known(value: object, table: dict[str, int]) -> str | None:
    return value.lower() if isinstance(value, str) and value.lower() in table else None
