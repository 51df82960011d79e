"""Silhouettes of people, lit from behind."""

from PIL import Image, ImageChops, ImageFilter

from sandbox.painter.canvas import Canvas, Point, dimmed, mix, rounded, soft, times
from sandbox.painter.light import radial

HEAD = [(-0.052, 0.03), (0, -0.012), (0.052, 0.03), (0.05, 0.105), (0, 0.142), (-0.05, 0.105)]
BOB = [(-0.068, 0.03), (0, -0.03), (0.068, 0.03), (0.078, 0.2), (0.03, 0.21), (-0.03, 0.21), (-0.078, 0.2)]
BUN = [(-0.03, -0.06), (0.03, -0.06), (0.034, 0.0), (-0.034, 0.0)]
COAT = [
    *[(-0.028, 0.12), (-0.032, 0.155), (-0.125, 0.182), (-0.15, 0.3), (-0.158, 0.5), (-0.12, 0.52), (-0.11, 0.36)],
    *[(-0.128, 0.7), (0.128, 0.7), (0.11, 0.36), (0.12, 0.52), (0.158, 0.5), (0.15, 0.3), (0.125, 0.182)],
    *[(0.032, 0.155), (0.028, 0.12)],
]
ROBE = [
    *[(-0.028, 0.12), (-0.034, 0.155), (-0.12, 0.185), (-0.2, 0.46), (-0.215, 0.56), (-0.11, 0.5), (-0.1, 0.42)],
    *[(-0.19, 0.985), (0.19, 0.985), (0.1, 0.42), (0.11, 0.5), (0.215, 0.56), (0.2, 0.46), (0.12, 0.185)],
    *[(0.034, 0.155), (0.028, 0.12)],
]
LEGS = [
    [(-0.085, 0.66), (-0.005, 0.66), (-0.022, 0.97), (-0.012, 1.0), (-0.085, 1.0), (-0.07, 0.95)],
    [(0.085, 0.66), (0.005, 0.66), (0.034, 0.97), (0.1, 1.0), (0.03, 1.0), (0.07, 0.95)],
]
UMBRELLA = [
    (-0.36, 0.02),
    (-0.27, -0.14),
    (0, -0.225),
    (0.27, -0.14),
    (0.36, 0.02),
    (0.18, -0.02),
    (0, 0.01),
    (-0.18, -0.02),
]
STICK = [(0.1, -0.2), (0.112, -0.2), (0.126, 0.44), (0.114, 0.44)]
BUST = [
    *[(-0.4, 1.1), (-0.37, 0.62), (-0.26, 0.5), (-0.09, 0.43), (-0.085, 0.36), (0.085, 0.36), (0.09, 0.43)],
    *[(0.26, 0.5), (0.37, 0.62), (0.4, 1.1)],
]
FACE = [
    *[(-0.12, 0.1), (-0.1, 0.0), (0, -0.05), (0.1, -0.01), (0.128, 0.09), (0.13, 0.14), (0.152, 0.2)],
    *[(0.132, 0.222), (0.136, 0.262), (0.12, 0.32), (0.05, 0.375), (-0.06, 0.38), (-0.12, 0.25)],
]
FLOWING = [
    (-0.16, 0.1),
    (-0.1, -0.06),
    (0.04, -0.1),
    (0.13, 0.0),
    (0.06, 0.06),
    (-0.02, 0.2),
    (-0.06, 0.5),
    (-0.22, 0.62),
    (-0.2, 0.3),
]


def paint_people(canvas: Canvas) -> None:
    if canvas.mood.people == 0:
        return
    if canvas.mood.shot == "close" and canvas.mood.people < 3:
        _close(canvas)
    elif canvas.mood.people > 2:
        _crowd(canvas)
    else:
        _standing(canvas)


def _standing(canvas: Canvas) -> None:
    tall = min(canvas.height * (0.17 if canvas.mood.shot == "wide" else 0.4), canvas.width * 0.62)
    foot = canvas.height * (0.83 if canvas.mood.shot == "wide" else 0.91)
    middle = canvas.width * canvas.dice.uniform(0.42, 0.58)
    for n in range(canvas.mood.people):
        apart = tall * 0.34 * (n - (canvas.mood.people - 1) / 2)
        height = tall * canvas.dice.uniform(0.9, 1.0)
        figure(canvas, middle + apart, foot + n * canvas.unit * 0.6, height, with_umbrella=n == 0)


def _crowd(canvas: Canvas) -> None:
    tall = canvas.height * 0.3
    places = sorted(
        (canvas.dice.uniform(0.8, 0.94), canvas.dice.uniform(0.06, 0.94)) for _ in range(canvas.mood.people)
    )
    for low, across in places:
        near = (low - 0.7) * 4.5
        figure(
            canvas, canvas.width * across, canvas.height * low, tall * near, with_umbrella=canvas.dice.random() < 0.4
        )


def figure(canvas: Canvas, x: float, foot: float, tall: float, *, with_umbrella: bool) -> None:
    """One person, seen from behind, with the light around the edges and a shadow towards us."""
    parts = [COAT, *LEGS] if not canvas.mood.robed else [ROBE, BUN]
    parts = [*parts, HEAD, *([BOB] if canvas.dice.random() < 0.5 else [])]
    outlines = [_placed(part, x, foot - tall, tall) for part in parts]
    if with_umbrella and "rain" in canvas.mood.weather:
        outlines += [_placed(UMBRELLA, x + tall * 0.08, foot - tall, tall), _straight(STICK, x, foot - tall, tall)]
    mask = canvas.shape(*outlines)
    _shadow(canvas, mask, foot)
    _backlit(canvas, mask, canvas.unit * 0.22)


def _placed(part: list[Point], x: float, top: float, size: float) -> list[Point]:
    return [(x + across * size, top + down * size) for across, down in rounded(part)]


def _straight(part: list[Point], x: float, top: float, size: float) -> list[Point]:
    return [(x + across * size, top + down * size) for across, down in part]


def _shadow(canvas: Canvas, mask: Image.Image, foot: float) -> None:
    """The silhouette laid down on the ground, fading."""
    low = round(foot)
    length = min(canvas.height - low, round(canvas.height * 0.2))
    if length < 3:
        return
    lying = mask.crop((0, low - 2 * length, canvas.width, low)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    sheet = Image.new("L", mask.size)
    sheet.paste(lying.resize((canvas.width, length)), (0, low))
    fading = times(soft(sheet, canvas.unit * 0.5), canvas.band((0, 255), (foot / canvas.height, 230), (1, 20)))
    canvas.cover(canvas.depth(1), dimmed(fading, 0.7))


def _backlit(canvas: Canvas, mask: Image.Image, edge: float) -> None:
    towards = 1 if canvas.glow[0] > canvas.width / 2 else -1
    shift = max(1, round(edge))
    dark = mix(canvas.depth(1), (0, 0, 0), 0.25)
    canvas.cover(dark, mask)
    canvas.lights.paste((0, 0, 0), (0, 0), mask)
    rim = ImageChops.subtract(mask, ImageChops.offset(mask, -towards * shift, shift))
    canvas.cover(mix(canvas.mood.palette.glow, canvas.mood.palette.horizon, 0.25), dimmed(soft(rim, 0.7), 0.85))


def _close(canvas: Canvas) -> None:
    """A head and shoulders against a blurred world."""
    canvas.image.paste(canvas.image.filter(ImageFilter.GaussianBlur(canvas.unit * 1.6)))
    _bokeh(canvas)
    size = min(canvas.height * 0.88, canvas.width * 0.95)
    apart = canvas.width * 0.22 if canvas.mood.people == 2 else 0
    for n in range(canvas.mood.people):
        x = canvas.width * (0.5 if apart else canvas.dice.choice((0.36, 0.62))) + apart * (2 * n - 1)
        looks = -1 if (n == 1 or (not apart and x > canvas.width / 2)) else 1
        parts = [BUST, FACE, *([FLOWING] if canvas.dice.random() < 0.6 or n else [])]
        outlines = [
            [(x + (px - x) * looks, py) for px, py in _placed(part, x, canvas.height - size, size)] for part in parts
        ]
        _backlit(canvas, canvas.shape(*outlines), canvas.unit * 0.55)


def _bokeh(canvas: Canvas) -> None:
    soft_lights = canvas.lights.filter(ImageFilter.GaussianBlur(canvas.unit * 1.4))
    canvas.lights.paste(soft_lights.point([min(255, v * 2) for v in range(256)] * 3))
    colors = (canvas.mood.palette.glow, canvas.mood.palette.horizon)
    for _ in range(16):
        x, y = canvas.dice.random() * canvas.width, canvas.dice.uniform(0.15, 0.8) * canvas.height
        ball = radial(canvas, x, y, canvas.unit * canvas.dice.uniform(3, 9)).point(
            [min(255, v * 3) for v in range(256)]
        )
        canvas.shine(canvas.dice.choice(colors), dimmed(ball, canvas.dice.uniform(0.08, 0.26)))
