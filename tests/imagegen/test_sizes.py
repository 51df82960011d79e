"""`config` becomes a size (contract §6.3): every cell of the table, and what the vendor really got."""

import json
from typing import Any

import httpx
import pytest

from imagegen.images.order import size_fields
from tests.imagegen.ordering import asked, paint, size_of
from tests.stack import Stack

TABLE = {
    "16:9": ((1376, 774), (2048, 1152), (4096, 2304)),
    "9:16": ((774, 1376), (1152, 2048), (2304, 4096)),
    "1:1": ((1024, 1024), (2048, 2048), (4096, 4096)),
    "4:3": ((1184, 888), (2048, 1536), (4096, 3072)),
    "3:4": ((888, 1184), (1536, 2048), (3072, 4096)),
    "3:2": ((1260, 840), (2040, 1360), (4080, 2720)),
    "2:3": ((840, 1260), (1360, 2040), (2720, 4080)),
    "21:9": ((1568, 672), (2016, 864), (4032, 1728)),
}
CELLS = [
    (ratio, resolution, size)
    for ratio, sizes in TABLE.items()
    for resolution, size in zip(("1k", "2k", "4k"), sizes, strict=True)
]


@pytest.mark.parametrize(("ratio", "resolution", "size"), CELLS)
def test_every_cell_of_the_table(ratio: str, resolution: str, size: tuple[int, int]) -> None:
    config = {"aspectRatio": ratio, "resolution": resolution}
    assert size_fields(config) == {"width": size[0], "height": size[1]}
    assert 1_048_576 <= size[0] * size[1] <= 16_777_216
    assert 1 / 3 <= size[0] / size[1] <= 3


@pytest.mark.parametrize("ratio", TABLE)
def test_a_ratio_alone_means_2k(ratio: str) -> None:
    assert size_fields({"aspectRatio": ratio}) == size_fields({"aspectRatio": ratio, "resolution": "2k"})


@pytest.mark.parametrize(("resolution", "area"), [("1k", 1_048_576), ("2k", 4_194_304), ("4k", 16_777_216)])
def test_a_resolution_alone_is_an_area(resolution: str, area: int) -> None:
    assert size_fields({"resolution": resolution}) == {"size": area}


ODD: list[dict[str, Any] | None] = [
    None,
    {},
    {"aspectRatio": "5:4"},
    {"aspectRatio": "auto", "resolution": "8k"},
    {"aspectRatio": 16 / 9, "resolution": 2},
    {"aspectRatio": ["16:9"], "resolution": {"2k": 1}},
    {"aspectRatio": None, "resolution": None},
    {"style": "anime", "frameCount": 5, "language": "zh"},
]


@pytest.mark.parametrize("config", ODD)
def test_what_is_unknown_sends_no_size(config: dict[str, Any] | None) -> None:
    assert size_fields(config) == {}


@pytest.mark.parametrize(
    ("config", "fields", "size"),
    [
        ({"aspectRatio": "9:16", "resolution": "1k"}, {"width": 774, "height": 1376}, (774, 1376)),
        ({"aspectRatio": "16:9"}, {"width": 2048, "height": 1152}, (2048, 1152)),
        ({"resolution": "1k"}, {"size": 1_048_576}, (1024, 1024)),
        ({"resolution": "不知道"}, {}, (2048, 2048)),
    ],
)
def test_the_vendor_gets_the_size_and_the_picture_has_it(
    imagegen: httpx.Client, stack: Stack, config: dict[str, Any], fields: dict[str, int], size: tuple[int, int]
) -> None:
    prompt = f"尺寸 {config}"
    data = paint(imagegen, prompt, config=config).json()["data"]
    sent = json.loads(asked(stack, "submit", prompt)[0]["body"])
    assert {name: sent[name] for name in ("width", "height", "size") if name in sent} == fields
    assert size_of(imagegen.get(data["contentUrl"]).content) == size
