"""Puts a scene together, from the far to the near."""

from collections.abc import Callable
from random import Random

from PIL import Image

from sandbox.painter.canvas import Canvas
from sandbox.painter.land import paint_field, paint_forest, paint_mountains, paint_sea, paint_space
from sandbox.painter.light import finish, paint_sky
from sandbox.painter.mood import Mood
from sandbox.painter.people import paint_people
from sandbox.painter.town import paint_city, paint_palace, paint_room
from sandbox.painter.weather import paint_weather

PLACES: dict[str, Callable[[Canvas], None]] = {
    "city": paint_city,
    "palace": paint_palace,
    "room": paint_room,
    "forest": paint_forest,
    "sea": paint_sea,
    "mountain": paint_mountains,
    "field": paint_field,
    "space": paint_space,
}


def compose(mood: Mood, dice: Random, width: int, height: int) -> Image.Image:
    """The same dice give the same picture."""
    horizon = round(height * dice.uniform(0.58, 0.66))
    glow = width * dice.choice((dice.uniform(0.24, 0.42), dice.uniform(0.58, 0.76))), horizon * dice.uniform(0.3, 0.72)
    black = (0, 0, 0)
    sheets = Image.new("RGB", (width, height), black), Image.new("RGB", (width, height), black)
    canvas = Canvas(*sheets, mood=mood, dice=dice, horizon=horizon, glow=glow)
    paint_sky(canvas)
    PLACES[mood.place](canvas)
    paint_people(canvas)
    paint_weather(canvas)
    return finish(canvas)
