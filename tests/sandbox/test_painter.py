"""What a person sees in the sandbox's pictures, as far as numbers can tell."""

from io import BytesIO
from random import Random

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.painter import caption, paint, paint_jpeg, paint_plain, paint_png
from sandbox.painter.mood import PALETTES, PLACES, Mood, read_mood
from sandbox.painter.scene import PLACES as PAINTERS


def mood(prompt: str) -> Mood:
    return read_mood(prompt, Random(prompt))


def brightness(image: Image.Image) -> float:
    return float(ImageStat.Stat(image.convert("L")).mean[0])


@pytest.mark.parametrize(
    ("prompt", "place", "palette"),
    [
        ("雨夜，都市街头", "city", "night"),
        ("清晨的森林", "forest", "dawn"),
        ("古代宫殿，黄昏", "palace", "dusk"),
        ("办公室里，火焰升起", "room", "fire"),
        ("a snowy mountain in winter", "mountain", "snow"),
        ("neon street in the rain", "city", "neon"),
    ],
)
def test_light_and_place_come_from_the_words(prompt: str, place: str, palette: str) -> None:
    assert (mood(prompt).place, mood(prompt).palette) == (place, PALETTES[palette])


@pytest.mark.parametrize(
    ("prompt", "people"), [("两人对视", 2), ("two people at dusk", 2), ("她独自走着", 1), ("an old man", 1)]
)
def test_as_many_people_stand_there_as_the_words_say(prompt: str, people: int) -> None:
    assert mood(prompt).people == people


def test_short_english_words_count_only_as_whole_words() -> None:
    other = mood("the other theory: many seasons in a valley")
    assert other.place == "mountain"
    assert mood("the lady").long_hair
    assert not mood("the old man").long_hair
    assert mood("she waits").people == 1


def test_a_crowd_is_many() -> None:
    assert mood("街上人群涌动").people > 5


def test_every_place_can_be_painted() -> None:
    assert PAINTERS.keys() == PLACES.keys()


@pytest.mark.parametrize(("width", "height"), [(1024, 1024), (1365, 768), (640, 1136), (300, 900), (64, 64)])
def test_any_shape_comes_out_in_its_size(width: int, height: int) -> None:
    image = Image.open(BytesIO(paint_png("清晨的森林，女孩回头", width, height)))
    image.load()
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (width, height))


@pytest.mark.parametrize("place", sorted(PLACES))
def test_every_place_has_light_and_dark_and_colour(place: str) -> None:
    image = paint(f"{PLACES[place][0]}，黄昏，雨，雪，雾，花瓣，火，两人", 640, 360)
    low, high = image.convert("L").getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    assert high - low > 150
    assert ImageStat.Stat(image.convert("HSV")).mean[1] > 20


def test_the_same_prompt_gives_the_same_bytes_and_another_another() -> None:
    assert paint_png("大海", 320, 180) == paint_png("大海", 320, 180)
    pictures = {paint_png(f"大海{n}", 320, 180) for n in range(3)} | {paint_png("大海0", 320, 180, variant=1)}
    assert len(pictures) == 4


def test_a_night_is_darker_than_a_day() -> None:
    assert brightness(paint("夜，山", 640, 360)) < brightness(paint("正午，山", 640, 360)) * 0.7


def test_mark_and_words_stand_in_the_foot_of_the_picture() -> None:
    plain = Image.new("RGB", (640, 360), (90, 90, 90))
    marked = plain.copy()
    caption.write_caption(marked, "雨夜 rain")
    touched = ImageChops.difference(plain, marked).getbbox()
    assert touched is not None
    assert touched[1] > 300
    left, right = marked.crop((0, 310, 200, 360)), marked.crop((440, 310, 640, 360))
    assert all(part.convert("L").getextrema()[1] > 120 for part in (left, right))  # type: ignore[operator]


def test_without_a_chinese_font_nothing_but_latin_is_written() -> None:
    assert caption._latin("雨夜 street，霓虹 café") == "street café"


@pytest.mark.parametrize("prompt", ["", "\n\t", "🌧️" * 50, "字" * 5000, "\x00"])
def test_no_prompt_is_too_strange_to_paint(prompt: str) -> None:
    assert paint(prompt, 200, 120).size == (200, 120)


def test_plain_pictures_and_jpegs_are_real_ones() -> None:
    assert Image.open(BytesIO(paint_plain("x", 640, 360))).size == (640, 360)
    assert Image.open(BytesIO(paint_jpeg("海", 320, 180))).format == "JPEG"
    assert Image.open(BytesIO(paint_plain("x", 64, 64))).info["Software"] == "ScriptToFrame sandbox"
