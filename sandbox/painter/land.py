"""Open country: ridges, water, grass, trees, other worlds."""

import math
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from sandbox.painter.canvas import Canvas, Point, cut, dimmed, mix, soft, times
from sandbox.painter.light import disk, haze, light, paint_disk, radial, shafts


def paint_mountains(canvas: Canvas) -> None:
    paint_disk(canvas)
    base, tall = canvas.horizon, canvas.height * 0.34
    for step in range(5):
        near = (0.14, 0.3, 0.48, 0.7, 0.95)[step]
        y = base - tall * (0.55 - step * 0.26)
        ridge(canvas, y, tall * (0.62 - step * 0.07), near, rough=0.56)
        if step < 4:
            haze(canvas, y + tall * 0.34, 0.75 - step * 0.14)
    conifers(canvas, canvas.height * 0.97, canvas.height * 0.16, 0.98)


def ridge(canvas: Canvas, y: float, tall: float, near: float, rough: float) -> None:
    line = _crest(canvas, tall, rough)
    step = canvas.width / (len(line) - 1)
    top = [(n * step, y - height) for n, height in enumerate(line)]
    canvas.cover(canvas.depth(near), canvas.shape([(0, canvas.height), *top, (canvas.width, canvas.height)]))


def _crest(canvas: Canvas, tall: float, rough: float) -> list[float]:
    """Midpoint displacement."""
    line, swing = [canvas.dice.uniform(-0.4, 0.6) * tall for _ in range(4)], tall * 0.6
    for _ in range(7):
        middles = [(a + b) / 2 + canvas.dice.uniform(-swing, swing) for a, b in pairwise(line)]
        line = [height for pair in zip(line, middles, strict=False) for height in pair] + [line[-1]]
        swing *= rough
    return line


def conifers(canvas: Canvas, y: float, tall: float, near: float) -> None:
    """A dark edge of firs, higher towards the sides."""
    trees: list[list[Point]] = []
    x = -tall * 0.2
    while x < canvas.width + tall * 0.2:
        side = abs(x / canvas.width - 0.5) * 2
        height = tall * canvas.dice.uniform(0.35, 0.75) * (0.45 + side)
        trees.extend(_fir(canvas, x, y + tall * 0.1, height))
        x += height * canvas.dice.uniform(0.16, 0.4)
    ground = [(0, y), (canvas.width, y), (canvas.width, canvas.height), (0, canvas.height)]
    canvas.cover(canvas.depth(near), canvas.shape(ground, *trees))


def _fir(canvas: Canvas, x: float, y: float, height: float) -> list[list[Point]]:
    tiers = []
    for tier in range(7):
        top, bottom = y - height * (1 - tier * 0.12), y - height * (0.76 - tier * 0.125)
        half = height * (0.05 + tier * 0.024) * canvas.dice.uniform(0.8, 1.2)
        tiers.append([(x, top), (x + half, bottom), (x, bottom - height * 0.03), (x - half, bottom)])
    return [*tiers, [(x - height * 0.012, y - height * 0.2), (x + height * 0.012, y - height * 0.2), (x, y)]]


def paint_sea(canvas: Canvas) -> None:
    paint_disk(canvas)
    ridge(canvas, canvas.horizon - canvas.unit, canvas.height * 0.09, 0.22, 0.5)
    haze(canvas, canvas.horizon - canvas.unit * 2, 0.8)
    mirror(canvas, canvas.horizon, 0.72)
    _glitter(canvas)
    _boat(canvas)
    _shore(canvas)


def mirror(canvas: Canvas, y: int, dark: float) -> None:
    """What stands above `y` lies, broken and darker, below it."""
    below = canvas.height - y
    above = canvas.image.crop((0, max(0, y - below), canvas.width, y))
    lights = canvas.lights.crop((0, max(0, y - below), canvas.width, y))
    for sheet, source, part in ((canvas.image, above, dark), (canvas.lights, lights, dark * 0.6)):
        flipped = ImageOps.flip(source).resize((canvas.width, below))
        smeared = flipped.resize((canvas.width, max(2, below // 14))).resize((canvas.width, below))
        blurred = Image.blend(flipped.filter(ImageFilter.GaussianBlur(canvas.unit * 0.5)), smeared, 0.7)
        sheet.paste(blurred.point([round(v * part) for v in range(256)] * 3), (0, y))
    _ripples(canvas, y)


def _ripples(canvas: Canvas, y: int) -> None:
    sheet = canvas.noise(4, 90, 3)
    waves = times(cut(sheet, 140, 2.2), canvas.band((0, 0), (y / canvas.height, 30), (1, 150)))
    waves.paste(0, (0, 0, canvas.width, y))
    canvas.cover(canvas.depth(0.85), dimmed(waves, 0.4))


def _glitter(canvas: Canvas) -> None:
    x, low = canvas.glow[0], canvas.height - canvas.horizon
    color = mix(canvas.mood.palette.glow, canvas.mood.palette.horizon, 0.3)
    draw = ImageDraw.Draw(canvas.lights)
    for _ in range(220):
        part = canvas.dice.random() ** 1.4
        y, half = canvas.horizon + part * low, canvas.unit * (0.6 + part * 4) * canvas.dice.random()
        middle = canvas.dice.gauss(x, canvas.unit * (1.5 + part * 9))
        shade = mix((0, 0, 0), color, canvas.dice.uniform(0.15, 0.7))
        draw.line((middle - half, y, middle + half, y), fill=shade, width=1 + round(part * 1.6))


def _boat(canvas: Canvas) -> None:
    x, y = canvas.width * canvas.dice.uniform(0.28, 0.72), canvas.horizon + canvas.unit * canvas.dice.uniform(7, 12)
    u = canvas.unit * 1.5
    hull = [(x - 5 * u, y - u), (x + 5.4 * u, y - 1.3 * u), (x + 3.6 * u, y + 0.5 * u), (x - 3.8 * u, y + 0.5 * u)]
    sail = [(x - 0.2 * u, y - 1.4 * u), (x - 0.2 * u, y - 10 * u), (x + 4 * u, y - 2 * u)]
    jib = [(x - 0.6 * u, y - 1.8 * u), (x - 0.6 * u, y - 8.6 * u), (x - 3.2 * u, y - 2 * u)]
    canvas.cover(canvas.depth(0.96), canvas.shape(hull, sail, jib))
    light(canvas, x - 3 * u, y - 1.8 * u, u * 0.32, (255, 190, 110))


def _shore(canvas: Canvas) -> None:
    canvas.cover(canvas.depth(1), _bank(canvas, canvas.height * 0.915, canvas.height * 0.018))


def _bank(canvas: Canvas, y: float, tall: float) -> Image.Image:
    turn, phase = canvas.dice.uniform(3, 5), canvas.dice.uniform(0, 6)
    top = [
        (x, y - tall * math.sin(x / canvas.width * turn + phase) - tall * 0.2 * math.sin(x / canvas.width * 17 + phase))
        for x in range(0, canvas.width + 8, 8)
    ]
    return canvas.shape([(0, canvas.height), *top, (canvas.width, canvas.height)])


def paint_field(canvas: Canvas) -> None:
    paint_disk(canvas)
    ridge(canvas, canvas.horizon, canvas.height * 0.12, 0.2, 0.5)
    haze(canvas, canvas.horizon, 0.8)
    for step in range(4):
        bank = _bank(canvas, canvas.horizon + canvas.height * (0.03 + step * 0.085), canvas.height * 0.03)
        canvas.cover(canvas.depth(0.38 + step * 0.17), bank)
        lit = times(bank, radial(canvas, canvas.glow[0], canvas.horizon, canvas.width * 0.5))
        canvas.shine(canvas.mood.palette.glow, dimmed(lit, 0.12))
    _lone_tree(canvas)
    _grass(canvas)


def _lone_tree(canvas: Canvas) -> None:
    x = canvas.width * (0.2 if canvas.glow[0] > canvas.width / 2 else 0.8)
    branches: list[list[Point]] = []
    _grow(canvas, branches, (x, canvas.height * 0.86), -math.pi / 2, canvas.height * 0.13, 8)
    canvas.cover(canvas.depth(0.97), canvas.shape(*branches))


def _grow(canvas: Canvas, branches: list[list[Point]], foot: Point, angle: float, length: float, left: int) -> None:
    tip = foot[0] + math.cos(angle) * length, foot[1] + math.sin(angle) * length
    half, end = length * 0.055 + 0.5, length * 0.038 + 0.35
    branches.append(
        [(foot[0] - half, foot[1]), (foot[0] + half, foot[1]), (tip[0] + end, tip[1]), (tip[0] - end, tip[1])]
    )
    if left == 0:
        r = canvas.unit * canvas.dice.uniform(0.5, 1.1)
        branches.append([(tip[0] + r * math.cos(a), tip[1] + r * 0.7 * math.sin(a)) for a in (0, 1, 2, 3, 4, 5)])
        return
    for side in (-1, 1):
        turn = side * canvas.dice.uniform(0.2, 0.55)
        _grow(canvas, branches, tip, angle + turn, length * canvas.dice.uniform(0.68, 0.84), left - 1)


def _grass(canvas: Canvas) -> None:
    blades: list[list[Point]] = []
    for _ in range(canvas.width // 2):
        x, y = canvas.dice.uniform(-10, canvas.width), canvas.height * 1.01
        tall, lean = canvas.height * canvas.dice.uniform(0.03, 0.12), canvas.dice.uniform(-0.4, 0.7)
        half = canvas.unit * 0.18
        blades.append(
            [(x - half, y), (x + half, y), (x + lean * tall * 0.4, y - tall * 0.6), (x + lean * tall, y - tall)]
        )
    canvas.cover(canvas.depth(1), canvas.shape(*blades))


def paint_forest(canvas: Canvas) -> None:
    paint_disk(canvas)
    for step in range(4):
        near = (0.16, 0.38, 0.64, 0.97)[step]
        floor = canvas.horizon + canvas.height * (0.02 + step * 0.075)
        canvas.cover(canvas.depth(near), canvas.shape(*_trunks(canvas, floor, step)))
        canvas.cover(canvas.depth(near), _bank(canvas, floor, canvas.height * 0.018))
        if step < 3:
            haze(canvas, floor, 0.75 - step * 0.18)
            shafts(canvas, 0.34)
    _canopy(canvas)
    _grass(canvas)


def _trunks(canvas: Canvas, floor: float, step: int) -> list[list[Point]]:
    shapes: list[list[Point]] = []
    count = (22, 14, 8, 4)[step]
    for n in range(count):
        x = canvas.width * (n + canvas.dice.uniform(0.1, 0.9)) / count
        if step > 1 and abs(x / canvas.width - 0.5) < 0.17:
            continue  # the middle stays open for the light and for whoever walks there
        half, lean = (
            canvas.unit * (0.5, 0.9, 1.6, 3.4)[step] * canvas.dice.uniform(0.7, 1.3),
            canvas.dice.uniform(-2, 2),
        )
        top = x + lean * canvas.unit * 2
        shapes.append([(x - half * 1.7, floor + half), (x - half, floor - half * 4), (top - half * 0.6, -5)])
        shapes[-1] += [(top + half * 0.6, -5), (x + half, floor - half * 4), (x + half * 1.9, floor + half)]
        shapes.extend(_branches(canvas, x, half, floor))
    return shapes


def _branches(canvas: Canvas, x: float, half: float, floor: float) -> list[list[Point]]:
    shapes: list[list[Point]] = []
    for _ in range(4):
        y, side = canvas.dice.uniform(0.02, 0.55) * floor, canvas.dice.choice((-1, 1))
        reach = half * canvas.dice.uniform(5, 11) * side
        shapes.append([(x, y - half * 0.4), (x, y + half * 0.7), (x + reach, y - abs(reach) * 0.45)])
    return shapes


def _canopy(canvas: Canvas) -> None:
    """Leaves hang from above, thick at the top and thinning out below; one layer behind the other."""
    for near, low in ((0.42, 0.42), (0.7, 0.32), (0.97, 0.22)):
        shapes: list[list[Point]] = []
        for _ in range(1100):
            x, y = canvas.dice.uniform(-0.02, 1.02) * canvas.width, canvas.dice.random() ** 1.8 * low * canvas.height
            side = abs(x / canvas.width - 0.5) * 2
            turn, size = canvas.dice.uniform(0, math.pi), canvas.unit * canvas.dice.uniform(0.5, 1.5) * (0.6 + near)
            if y < canvas.height * low * (0.35 + 0.65 * side):
                shapes.append(_leaf(x, y, turn, size))
        canvas.cover(canvas.depth(near), canvas.shape(*shapes))


def _leaf(x: float, y: float, turn: float, size: float) -> list[Point]:
    along, across = (math.cos(turn) * size, math.sin(turn) * size), (math.sin(turn) * size, -math.cos(turn) * size)
    ring = ((1, 0), (0.3, 0.34), (-0.6, 0.3), (-1, 0), (-0.6, -0.3), (0.3, -0.34))
    return [(x + a * along[0] + b * across[0], y + a * along[1] + b * across[1]) for a, b in ring]


def paint_space(canvas: Canvas) -> None:
    x, y = canvas.width * canvas.dice.uniform(0.58, 0.78), canvas.height * canvas.dice.uniform(0.3, 0.42)
    radius = canvas.unit * canvas.dice.uniform(20, 28)
    globe = soft(disk(canvas, x, y, radius), 1)
    canvas.cover(canvas.mood.palette.near, globe)
    lit = times(globe, radial(canvas, x - radius * 0.75, y - radius * 0.7, radius * 2.1))
    canvas.shine(mix(canvas.mood.palette.horizon, (255, 190, 140), 0.5), times(lit, canvas.noise(2, 14, 4)))
    canvas.shine(canvas.mood.palette.glow, dimmed(lit, 0.55))
    nebula = times(cut(canvas.noise(2, 3, 5), 120, 1.6), canvas.band((0, 200), (0.8, 60), (1, 0)))
    canvas.shine((120, 60, 150), dimmed(nebula, 0.35))
    ridge(canvas, canvas.height * 0.78, canvas.height * 0.13, 0.55, 0.52)
    haze(canvas, canvas.height * 0.86, 0.5)
    ridge(canvas, canvas.height * 0.9, canvas.height * 0.08, 1, 0.55)
