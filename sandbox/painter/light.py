"""Sky, sun and moon, haze, shafts, and the finish: bloom, vignette, grain."""

import math
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from sandbox.painter.canvas import Canvas, cut, dimmed, mix, soft, times, tinted
from sandbox.painter.mood import Color

BALL = 192


def paint_sky(canvas: Canvas) -> None:
    palette, horizon = canvas.mood.palette, canvas.horizon / canvas.height
    below = canvas.band((0, 0), (horizon * 0.55, 255), (1, 255))
    lowest = canvas.band((0, 0), (horizon * 0.35, 0), (horizon, 255), (1, 255))
    canvas.image.paste(palette.top, (0, 0, canvas.width, canvas.height))
    canvas.cover(palette.middle, below)
    canvas.cover(palette.horizon, lowest)
    if canvas.mood.palette.dark and not canvas.mood.weather & {"rain", "snow", "mist"}:
        _stars(canvas)
    _clouds(canvas)
    _halo(canvas)


def radial(canvas: Canvas, x: float, y: float, radius: float) -> Image.Image:
    """A soft ball of light."""
    size = max(2, round(radius * 2))
    sheet = Image.new("L", (canvas.width, canvas.height))
    sheet.paste(_ball().resize((size, size), Image.Resampling.BICUBIC), (round(x - radius), round(y - radius)))
    return sheet


@lru_cache(maxsize=1)
def _ball() -> Image.Image:
    """255 in the middle, 0 at the rim and beyond; Pillow's own radial gradient is not 0 in its corners."""
    ball, middle = Image.new("L", (BALL, BALL)), (BALL - 1) / 2
    distances = (math.hypot(n % BALL - middle, n // BALL - middle) / middle for n in range(BALL * BALL))
    ball.putdata([round(255 * max(0.0, 1 - distance) ** 2.2) for distance in distances])
    return ball


def disk(canvas: Canvas, x: float, y: float, radius: float) -> Image.Image:
    def fill(draw: ImageDraw.ImageDraw, scale: float) -> None:
        box = ((x - radius) * scale, (y - radius) * scale, (x + radius) * scale, (y + radius) * scale)
        draw.ellipse(box, fill=255)

    return canvas.mask(fill)


def paint_disk(canvas: Canvas) -> None:
    """Sun or moon, behind everything that stands on the ground."""
    (x, y), radius = canvas.glow, canvas.unit * canvas.dice.uniform(4.5, 7)
    palette = canvas.mood.palette
    body = soft(disk(canvas, x, y, radius), 0.8)
    canvas.cover(mix(palette.glow, (255, 255, 255), 0.45), dimmed(body, 0.95))
    canvas.lights.paste(tinted(palette.glow, dimmed(body, 0.3 if palette.dark else 0.75)))
    if palette.dark:
        spots = times(body, cut(canvas.noise(14, 9, 3), 120, 1.6))
        canvas.cover(mix(palette.glow, palette.middle, 0.45), dimmed(spots, 0.5))


def haze(canvas: Canvas, y: float, strength: float) -> None:
    """Mist lying around one height, in the colour of the horizon."""
    at, spread = y / canvas.height, 0.16
    lying = canvas.band((0, 0), (max(0.0, at - spread), 0), (at, 255), (min(1.0, at + spread), 40), (1, 0))
    patches = dimmed(times(lying, cut(canvas.noise(3, 5), 10, 1.2)), strength)
    canvas.cover(mix(canvas.mood.palette.horizon, canvas.mood.palette.glow, 0.2), patches)


def shafts(canvas: Canvas, strength: float) -> None:
    """Light falling from the glow, broken by what it passes."""
    x, y = canvas.glow
    reach = max(canvas.width, canvas.height) * 1.3
    beams = []
    for _ in range(9):
        angle, spread = canvas.dice.uniform(0.15, math.pi - 0.15), canvas.dice.uniform(0.015, 0.05)
        ends = [(x + math.cos(a) * reach, y + math.sin(a) * reach) for a in (angle - spread, angle + spread)]
        beams.append([(x, y), *ends])
    rays = soft(canvas.shape(*beams), canvas.unit * 1.2)
    canvas.shine(canvas.mood.palette.glow, dimmed(times(rays, radial(canvas, x, y, reach * 0.8)), strength))


def finish(canvas: Canvas) -> Image.Image:
    """What gives light spreads, the corners fall off, a breath of grain."""
    lights = canvas.lights
    wide, narrow = (spread(lights, canvas.unit * size) for size in (4, 0.9))
    image = canvas.image
    for layer, part in ((lights, 1.0), (narrow, 0.9), (wide, 0.9)):
        image = ImageChops.screen(image, layer.point([round(value * part) for value in range(256)] * 3))
    image = ImageChops.screen(image, spread(image.point([max(0, v - 150) for v in range(256)] * 3), canvas.unit * 3))
    image = ImageChops.multiply(image, Image.merge("RGB", [_vignette(canvas)] * 3))
    image = ImageEnhance.Color(ImageEnhance.Contrast(image).enhance(1.06)).enhance(1.08)
    return ImageChops.add(image, _grain(canvas), 1, -4)


def spread(image: Image.Image, radius: float) -> Image.Image:
    """A wide blur, worked out on a quarter of the pixels."""
    small = image.reduce(2).filter(ImageFilter.GaussianBlur(radius / 2))
    return small.resize(image.size, Image.Resampling.BILINEAR)


def light(canvas: Canvas, x: float, y: float, radius: float, color: Color) -> None:
    ImageDraw.Draw(canvas.lights).ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def _halo(canvas: Canvas) -> None:
    x, y = canvas.glow
    across = max(canvas.width, canvas.height)
    for radius, part in ((0.75, 0.42), (0.28, 0.6)):
        canvas.shine(canvas.mood.palette.glow, dimmed(radial(canvas, x, y, across * radius), part))


def _clouds(canvas: Canvas) -> None:
    palette, heavy = canvas.mood.palette, bool(canvas.mood.weather & {"rain", "snow"})
    shapes = cut(canvas.noise(2, 5, 5), 92 if heavy else 120, 2.4)
    shapes = times(shapes, canvas.band((0, 255), (canvas.horizon / canvas.height, 110), (1, 0)))
    canvas.cover(mix(palette.top, palette.near, 0.25), dimmed(shapes, 0.8 if heavy else 0.5))
    lit = times(cut(canvas.noise(2, 7, 5), 118, 2.6), radial(canvas, *canvas.glow, canvas.width * 0.7))
    canvas.shine(palette.glow, dimmed(lit, 0.6))


def _stars(canvas: Canvas) -> None:
    draw = ImageDraw.Draw(canvas.image)
    for _ in range(canvas.width * canvas.horizon // 2600):
        x, y = canvas.dice.random() * canvas.width, canvas.dice.random() ** 1.5 * canvas.horizon
        size, shade = canvas.dice.choice((0, 0, 0.5, 0.9)), canvas.dice.randint(110, 245)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(shade, shade, min(255, shade + 12)))


def _vignette(canvas: Canvas) -> Image.Image:
    return _corners().resize((canvas.width, canvas.height), Image.Resampling.BICUBIC)


@lru_cache(maxsize=1)
def _corners() -> Image.Image:
    sheet, middle = Image.new("L", (BALL, BALL)), (BALL - 1) / 2
    distances = (math.hypot(n % BALL - middle, n // BALL - middle) / middle for n in range(BALL * BALL))
    sheet.putdata([round(255 - 140 * (distance / math.sqrt(2)) ** 2.4) for distance in distances])
    return sheet


def _grain(canvas: Canvas) -> Image.Image:
    size = canvas.image.size
    grain = dimmed(Image.frombytes("L", size, canvas.dice.randbytes(size[0] * size[1])), 8 / 255)
    return Image.merge("RGB", [grain] * 3)
