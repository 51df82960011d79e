"""The sheet that a scene is painted on, and the few strokes everything is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from sandbox.painter.mood import Color, Mood

Point = tuple[float, float]
FINE = 2


@dataclass(slots=True)
class Canvas:
    """`image` is what reflects light, `lights` what gives it; they meet at the end."""

    image: Image.Image
    lights: Image.Image
    mood: Mood
    dice: Random
    horizon: int
    glow: Point

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @property
    def unit(self) -> float:
        """One hundredth of the shorter side."""
        return min(self.width, self.height) / 100

    def depth(self, near: float) -> Color:
        """The colour of a silhouette: 0 dissolves in the haze of the horizon, 1 stands right before us."""
        return mix(self.mood.palette.horizon, self.mood.palette.near, near)

    def mask(self, draw: Callable[[ImageDraw.ImageDraw, float], None]) -> Image.Image:
        """What `draw` fills with 255 on a finer sheet (it is given the scale), smoothed down."""
        sheet = Image.new("L", (self.width * FINE, self.height * FINE))
        draw(ImageDraw.Draw(sheet), FINE)
        return sheet.reduce(FINE)

    def shape(self, *outlines: Sequence[Point]) -> Image.Image:
        def fill(draw: ImageDraw.ImageDraw, scale: float) -> None:
            for outline in outlines:
                draw.polygon([(x * scale, y * scale) for x, y in outline], fill=255)

        return self.mask(fill)

    def cover(self, color: Color, mask: Image.Image) -> None:
        """What stands in front also hides the lights behind it."""
        box = mask.getbbox()
        if box:
            part = mask.crop(box)
            self.image.paste(color, box, part)
            self.lights.paste((0, 0, 0), box, part)

    def shine(self, color: Color, mask: Image.Image) -> None:
        """Adds light where the mask is bright."""
        box = mask.getbbox()
        if box:
            self.image.paste(ImageChops.screen(self.image.crop(box), tinted(color, mask.crop(box))), box)

    def noise(self, across: int, down: int, octaves: int = 4) -> Image.Image:
        """Fractal clouds, 0…255 over the whole sheet."""
        layers = [self._cells(across * 2**n, down * 2**n) for n in range(octaves)]
        sheet = layers[-1]
        for layer in reversed(layers[:-1]):
            sheet = Image.blend(sheet, layer, 0.62)
        return ImageOps.autocontrast(sheet).resize(self.image.size, Image.Resampling.BILINEAR)

    def _cells(self, across: int, down: int) -> Image.Image:
        cells = Image.frombytes("L", (across, down), self.dice.randbytes(across * down))
        return cells.resize((self.width // 2, self.height // 2), Image.Resampling.BICUBIC)

    def band(self, *stops: tuple[float, int]) -> Image.Image:
        """Brightness from top to bottom, between (height as a part, value) stops."""
        column = Image.new("L", (1, 256))
        column.putdata([round(_between(stops, y / 255)) for y in range(256)])
        return column.resize((self.width, self.height), Image.Resampling.BICUBIC)


def mix(first: Color, second: Color, part: float) -> Color:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def tinted(color: Color, mask: Image.Image) -> Image.Image:
    return Image.merge("RGB", [dimmed(mask, channel / 255) for channel in color])


def dimmed(mask: Image.Image, part: float) -> Image.Image:
    return mask.point([min(255, round(value * part)) for value in range(256)])


def cut(mask: Image.Image, low: int, gain: float) -> Image.Image:
    """Only what is brighter than `low`, steeper."""
    return mask.point([max(0, min(255, round((value - low) * gain))) for value in range(256)])


def soft(mask: Image.Image, radius: float) -> Image.Image:
    return mask.filter(ImageFilter.GaussianBlur(radius))


def times(first: Image.Image, second: Image.Image) -> Image.Image:
    return ImageChops.multiply(first, second)


def rounded(points: Sequence[Point], rounds: int = 3) -> list[Point]:
    """Chaikin's corner cutting on a closed outline."""
    outline = list(points)
    for _ in range(rounds):
        pairs = zip(outline, [*outline[1:], outline[0]], strict=True)
        outline = [corner for a, b in pairs for corner in (_along(a, b, 0.25), _along(a, b, 0.75))]
    return outline


def _along(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _between(stops: Sequence[tuple[float, int]], at: float) -> float:
    before = stops[0]
    for stop in stops:
        if at <= stop[0]:
            span = stop[0] - before[0]
            return stop[1] if span <= 0 else before[1] + (stop[1] - before[1]) * (at - before[0]) / span
        before = stop
    return before[1]
