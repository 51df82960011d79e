"""Silhouettes of people, lit from behind."""

from PIL import Image, ImageChops, ImageFilter

from sandbox.painter.canvas import Canvas, Point, dimmed, mix, rounded, soft, times
from sandbox.painter.light import radial

HEAD = [(-0.046, 0.03), (0, -0.01), (0.046, 0.03), (0.047, 0.095), (0, 0.15), (-0.047, 0.095)]
HAIR = [(-0.055, 0.03), (0, -0.025), (0.055, 0.03), (0.062, 0.13), (0.078, 0.24), (0.02, 0.26)]
HAIR += [(-0.078, 0.24), (-0.062, 0.13)]
BUN = [(-0.03, -0.055), (0.03, -0.055), (0.036, 0.005), (-0.036, 0.005)]
NECK = [(-0.026, 0.1), (0.026, 0.1), (0.04, 0.19), (-0.04, 0.19)]
# half outlines, from the neck down the right side; a point given twice keeps its corner
COAT = [(0.03, 0.155), (0.075, 0.172), (0.118, 0.192), (0.138, 0.27), (0.152, 0.4), (0.156, 0.53), (0.14, 0.565)]
COAT += [(0.12, 0.545), (0.118, 0.43), (0.104, 0.34), (0.1, 0.42), (0.12, 0.62), (0.122, 0.64), (0.122, 0.64)]
DRESS = [(0.028, 0.155), (0.066, 0.175), (0.1, 0.195), (0.118, 0.28), (0.132, 0.42), (0.13, 0.54), (0.114, 0.56)]
DRESS += [(0.102, 0.45), (0.084, 0.34), (0.078, 0.4), (0.115, 0.58), (0.148, 0.75), (0.15, 0.76), (0.15, 0.76)]
ROBE = [(0.034, 0.155), (0.08, 0.172), (0.12, 0.195), (0.16, 0.36), (0.205, 0.52), (0.205, 0.56), (0.14, 0.55)]
ROBE += [(0.106, 0.44), (0.1, 0.46), (0.13, 0.7), (0.185, 0.97), (0.19, 1.0), (0.19, 1.0)]
LEG = [(0.0, 0.6), (0.0, 0.6), (0.104, 0.6), (0.104, 0.6), (0.092, 0.78), (0.076, 0.95), (0.1, 0.99), (0.1, 1.003)]
LEG += [(0.1, 1.003), (0.022, 1.003), (0.022, 1.003), (0.024, 0.95), (0.016, 0.78)]
UMBRELLA = [(-0.36, 0.03), (-0.36, 0.03), (-0.3, -0.12), (-0.16, -0.23), (0, -0.27), (0.16, -0.23), (0.3, -0.12)]
UMBRELLA += [(0.36, 0.03), (0.36, 0.03), (0.27, -0.01), (0.18, 0.02), (0.18, 0.02), (0.09, -0.02), (0, 0.02)]
UMBRELLA += [(0, 0.02), (-0.09, -0.02), (-0.18, 0.02), (-0.18, 0.02), (-0.27, -0.01)]
STICK = [(0.1, -0.2), (0.112, -0.2), (0.126, 0.44), (0.114, 0.44)]
# a head and shoulders in profile, looking right
BUST = [(-0.46, 1.2), (-0.45, 0.86), (-0.38, 0.72), (-0.2, 0.63), (-0.1, 0.56), (-0.11, 0.44), (0.06, 0.44)]
BUST += [(0.07, 0.56), (0.12, 0.62), (0.26, 0.68), (0.36, 0.78), (0.4, 0.95), (0.42, 1.2)]
FACE = [(-0.19, 0.26), (-0.185, 0.15), (-0.12, 0.06), (0.0, 0.03), (0.1, 0.06), (0.142, 0.13), (0.146, 0.2)]
FACE += [(0.138, 0.235), (0.16, 0.275), (0.186, 0.318), (0.182, 0.334), (0.15, 0.345), (0.15, 0.358), (0.166, 0.376)]
FACE += [(0.15, 0.392), (0.164, 0.41), (0.15, 0.43), (0.146, 0.452), (0.14, 0.492), (0.1, 0.51), (0.04, 0.49)]
FACE += [(-0.02, 0.48), (-0.1, 0.475), (-0.165, 0.38)]
FLOWING = [(-0.23, 0.26), (-0.21, 0.11), (-0.12, 0.015), (0.01, -0.01), (0.12, 0.035), (0.156, 0.12), (0.11, 0.14)]
FLOWING += [(0.05, 0.22), (0.03, 0.33), (-0.02, 0.46), (-0.03, 0.62), (-0.12, 0.76), (-0.3, 0.8), (-0.27, 0.55)]


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
    foot = canvas.height * (0.83 if canvas.mood.shot == "wide" and canvas.mood.place != "sea" else 0.945)
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
    parts = [*_clothes(canvas), HEAD, NECK, *([HAIR] if canvas.mood.long_hair else [])]
    outlines = [_placed(part, x, foot - tall, tall) for part in parts]
    if with_umbrella and "rain" in canvas.mood.weather:
        outlines += [_placed(UMBRELLA, x + tall * 0.08, foot - tall, tall), _straight(STICK, x, foot - tall, tall)]
    mask = canvas.shape(*outlines)
    _shadow(canvas, mask, foot)
    _backlit(canvas, mask, canvas.unit * 0.22)


def _clothes(canvas: Canvas) -> list[list[Point]]:
    if canvas.mood.robed:
        return [_mirrored(ROBE), BUN]
    legs = [LEG, [(-across, down) for across, down in LEG]]
    return [_mirrored(DRESS if canvas.mood.long_hair else COAT), *legs]


def _mirrored(half: list[Point]) -> list[Point]:
    return [*half, *((-across, down) for across, down in reversed(half))]


def _placed(part: list[Point], x: float, top: float, size: float) -> list[Point]:
    return [(x + across * size, top + down * size) for across, down in rounded(part, 2)]


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
        parts = [BUST, FACE, *([FLOWING] if canvas.mood.long_hair != bool(n) else [])]
        facing = [[(across * looks, down) for across, down in part] for part in parts]
        outlines = [_placed(part, x, canvas.height - size, size) for part in facing]
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
