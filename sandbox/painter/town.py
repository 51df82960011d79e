"""Built places: a street between towers, the roofs of a palace, a room with a window."""

from PIL import ImageDraw

from sandbox.painter.canvas import Canvas, Point, dimmed, mix, soft, times
from sandbox.painter.land import mirror, ridge
from sandbox.painter.light import haze, light, paint_disk, radial, shafts
from sandbox.painter.mood import Color

WARM = (255, 196, 118)
SIGNS: tuple[Color, ...] = ((255, 66, 120), (74, 214, 255), (255, 176, 64), (150, 104, 255), (92, 255, 190))


def paint_city(canvas: Canvas) -> None:
    paint_disk(canvas)
    middle = canvas.width * canvas.dice.uniform(0.44, 0.56)
    for step in range(4):
        _towers(canvas, middle, step)
        if step < 3:
            haze(canvas, canvas.horizon, 0.62 - step * 0.16)
    _street_lamps(canvas, middle)
    wet = bool(canvas.mood.weather & {"rain", "snow"}) or canvas.mood.palette.dark
    mirror(canvas, canvas.horizon, 0.62 if wet else 0.34)
    _road(canvas, middle)


def _towers(canvas: Canvas, middle: float, step: int) -> None:
    """One row of towers. Nearer rows stand farther from the middle and rise higher."""
    gap, near = canvas.width * (0.0, 0.09, 0.2, 0.32)[step], (0.2, 0.4, 0.66, 0.92)[step]
    blocks: list[list[Point]] = []
    for side in (-1, 1):
        x = middle + side * gap
        while -canvas.width * 0.1 < x < canvas.width * 1.1:
            across = canvas.unit * canvas.dice.uniform(4.5, 9) * (1 + step * 0.75)
            out = min(1.0, abs(x - middle) / canvas.width * 2)
            top = canvas.horizon * (1 - (0.26 + step * 0.13 + out * 0.4) * canvas.dice.uniform(0.6, 1.15))
            blocks.append(_box(x, x + side * across, top, canvas.horizon + 2))
            blocks.extend(_roof(canvas, x + side * across / 2, across, top))
            x += side * across * canvas.dice.uniform(0.96, 1.25)
    canvas.cover(canvas.depth(near), canvas.shape(*blocks))
    if step:
        for block in blocks:
            _windows(canvas, block, step)


def _box(left: float, right: float, top: float, bottom: float) -> list[Point]:
    left, right = min(left, right), max(left, right)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _roof(canvas: Canvas, x: float, across: float, top: float) -> list[list[Point]]:
    half, mast = across * canvas.dice.uniform(0.18, 0.34), across * canvas.dice.uniform(0.3, 0.9)
    step = _box(x - half, x + half, top - across * 0.14, top + 1)
    return [step, _box(x - 0.7, x + 0.7, top - mast, top)] if canvas.dice.random() < 0.55 else []


def _windows(canvas: Canvas, block: list[Point], step: int) -> None:
    (left, top), (right, bottom) = block[0], block[2]
    size = canvas.unit * (0, 0.42, 0.62, 0.95)[step]
    if right - left < size * 5:
        return
    dark = canvas.mood.palette.dark or "rain" in canvas.mood.weather
    color = mix(WARM, canvas.mood.palette.glow, canvas.dice.uniform(0, 0.7))
    busy, draw = canvas.dice.uniform(0.1, 0.4), ImageDraw.Draw(canvas.lights if dark else canvas.image)
    shadow = (0, 0, 0) if dark else canvas.depth((0, 0.4, 0.66, 0.92)[step])
    y = top + size * 1.6
    while y < bottom - size * 2:
        x = left + size
        while x < right - size * 1.3:
            if canvas.dice.random() < busy:
                shade = mix(shadow, color if dark else canvas.mood.palette.horizon, canvas.dice.uniform(0.15, 0.6))
                draw.rectangle((x, y, x + size * 0.75, y + size * 1.1), fill=shade)
            x += size * 1.7
        y += size * 2.3
    if step > 1 and dark and canvas.dice.random() < 0.5:
        _sign(canvas, block)


def _sign(canvas: Canvas, block: list[Point]) -> None:
    (left, top), (right, bottom) = block[0], block[2]
    x, y = canvas.dice.uniform(left, right - canvas.unit * 3), canvas.dice.uniform(top, (top + bottom) / 2)
    y, across = max(y, canvas.horizon * 0.2), canvas.unit * canvas.dice.uniform(1.4, 2.6)
    color = mix((0, 0, 0), canvas.dice.choice(SIGNS), canvas.dice.uniform(0.55, 0.9))
    draw = ImageDraw.Draw(canvas.lights)
    draw.rounded_rectangle(
        (x, y, x + across, y + across * canvas.dice.uniform(3, 6)), across / 3, outline=color, width=2
    )
    for row in range(canvas.dice.randint(2, 4)):
        mark = y + across * (0.6 + row)
        draw.line((x + across * 0.28, mark, x + across * 0.72, mark), fill=color, width=2)


def _street_lamps(canvas: Canvas, middle: float) -> None:
    for n in range(6):
        part = 1.35 ** (n + 1) / 1.35**6
        for side in (-1, 1):
            x = middle + side * canvas.width * 0.46 * part
            foot, head = canvas.horizon + 2, canvas.horizon - canvas.height * 0.24 * part
            canvas.cover(canvas.depth(0.95), canvas.shape(_box(x, x + max(1, canvas.unit * 0.5 * part), head, foot)))
            if canvas.mood.palette.dark or "rain" in canvas.mood.weather:
                light(canvas, x - side * canvas.unit * part, head, canvas.unit * 0.9 * part, WARM)
                canvas.shine(WARM, dimmed(radial(canvas, x, head, canvas.unit * 16 * part), 0.35))


def _road(canvas: Canvas, middle: float) -> None:
    low, lines = canvas.height - canvas.horizon, []
    for n in range(9):
        near, far = 1 - n * 0.12, 1 - n * 0.12 - 0.05
        half = canvas.width * 0.012
        top, bottom = canvas.horizon + low * max(0.0, far) ** 2.2, canvas.horizon + low * near**2.2
        wide, slim = half * near**2.2, half * max(0.0, far) ** 2.2
        lines.append([(middle - slim, top), (middle + slim, top), (middle + wide, bottom), (middle - wide, bottom)])
    canvas.cover(mix(canvas.mood.palette.horizon, (255, 255, 255), 0.2), dimmed(canvas.shape(*lines), 0.35))
    edge, top, low = canvas.width * 0.36, canvas.horizon, canvas.height
    kerbs = [
        [(middle + side * x, y) for x, y in ((2, top), (edge * 1.9, low), (edge * 6, low), (6, top))]
        for side in (-1, 1)
    ]
    canvas.cover(canvas.depth(0.96), dimmed(canvas.shape(*kerbs), 0.62))


def paint_palace(canvas: Canvas) -> None:
    paint_disk(canvas)
    ridge(canvas, canvas.horizon - canvas.height * 0.16, canvas.height * 0.2, 0.16, 0.54)
    haze(canvas, canvas.horizon - canvas.height * 0.06, 0.8)
    base, u = canvas.horizon, canvas.unit
    for x, size, near in ((0.14, 0.8, 0.36), (0.88, 0.9, 0.36), (0.32, 0.7, 0.48), (0.7, 0.7, 0.48)):
        _hall(canvas, canvas.width * x, base + u * near * 4, u * 26 * size, near, 1)
    haze(canvas, base + u * 2, 0.6)
    _hall(canvas, canvas.width / 2, base + u * 4, u * 46, 0.74, 2)
    haze(canvas, base + u * 9, 0.55)
    _court(canvas)
    for side in (-1, 1):
        _hall(canvas, canvas.width * (0.5 + side * 0.56), canvas.height * 0.84, u * 42, 0.97, 2)
    _lanterns(canvas)


def _hall(canvas: Canvas, x: float, foot: float, across: float, near: float, storeys: int) -> None:
    shapes: list[list[Point]] = []
    for storey in range(storeys):
        wide, tall = across * (1 - storey * 0.34), across * 0.15
        shapes.append(_box(x - wide * 0.4, x + wide * 0.4, foot - tall * 1.2, foot))
        foot -= tall
        shapes.append(_eaves(x, foot, wide, across * 0.17))
        foot -= across * 0.15
    shapes.append(_box(x - across * 0.015, x + across * 0.015, foot - across * 0.06, foot + across * 0.05))
    canvas.cover(canvas.depth(near), canvas.shape(*shapes))
    _lit_doors(canvas, x, foot + across * 0.3 * storeys, across, near)


def _eaves(x: float, y: float, wide: float, tall: float) -> list[Point]:
    """A hip roof whose corners turn up."""
    half = [(0.57, -0.24), (0.5, 0.0), (0.42, 0.1), (0.0, 0.12)]
    slope = [(0.57, -0.24), (0.43, -0.3), (0.33, -0.5), (0.27, -0.85), (0.285, -1.06), (0.24, -0.97), (0.0, -0.95)]
    right = [*reversed(slope[1:]), *half]
    left = [(-across, up) for across, up in reversed(right)]
    return [(x + across * wide, y + up * tall) for across, up in [*right, *left]]


def _lit_doors(canvas: Canvas, x: float, foot: float, across: float, near: float) -> None:
    dusk = canvas.mood.palette.dark or canvas.mood.palette.glow != (255, 248, 222)
    draw = ImageDraw.Draw(canvas.lights)
    for n in range(-4, 5):
        door = x + n * across * 0.08
        shade = mix((0, 0, 0), WARM, (0.5 if dusk else 0.2) * (0.5 + near / 2) * canvas.dice.uniform(0.5, 1))
        draw.rectangle((door, foot - across * 0.1, door + across * 0.045, foot - across * 0.012), fill=shade)


def _court(canvas: Canvas) -> None:
    top, low = canvas.horizon + canvas.unit * 4, canvas.height
    steps = [
        _box(canvas.width * (0.5 - spread), canvas.width * (0.5 + spread), top + n * canvas.unit * 1.3, low)
        for n, spread in enumerate((0.24, 0.29, 0.35, 0.42, 0.6))
    ]
    for n, step in enumerate(steps):
        canvas.cover(mix(canvas.depth(0.62 + n * 0.07), canvas.mood.palette.horizon, 0.12), canvas.shape(step))
    floor = canvas.shape(_box(0, canvas.width, top + canvas.unit * 6, low))
    pool = times(floor, radial(canvas, canvas.glow[0], top, canvas.width * 0.6))
    canvas.shine(canvas.mood.palette.horizon, dimmed(pool, 0.35))


def _lanterns(canvas: Canvas) -> None:
    for side in (-1, 1):
        for n in range(4):
            part = 0.5 + n * 0.28
            x, y = canvas.width * (0.5 + side * (0.14 + n * 0.09)), canvas.horizon + canvas.unit * (2 + n * n * 1.5)
            light(canvas, x, y, canvas.unit * 1.1 * part, (255, 96, 48))
            canvas.shine((255, 120, 60), dimmed(radial(canvas, x, y, canvas.unit * 11 * part), 0.4))


def paint_room(canvas: Canvas) -> None:
    """Looking past the dark of a room at a wide window."""
    for step in range(1, 3):
        _towers(canvas, canvas.width / 2, step)
    haze(canvas, canvas.horizon, 0.6)
    left, right, top, sill = canvas.width * 0.16, canvas.width * 0.84, canvas.height * 0.09, canvas.height * 0.66
    wall = canvas.shape(_box(-5, canvas.width + 5, -5, canvas.height + 5))
    hole = canvas.shape(_box(left, right, top, sill))
    wall.paste(0, (0, 0), hole)
    canvas.cover(canvas.depth(0.93), wall)
    _frame(canvas, (left, right, top, sill))
    _floor(canvas, (left, right, sill))
    shafts(canvas, 0.2)
    _furniture(canvas)


def _frame(canvas: Canvas, window: tuple[float, float, float, float]) -> None:
    left, right, top, sill = window
    bar = canvas.unit * 0.8
    bars = [
        _box(left + (right - left) * n / 4 - bar / 2, left + (right - left) * n / 4 + bar / 2, top, sill)
        for n in range(5)
    ]
    bars += [_box(left, right, y, y + bar) for y in (top, top + (sill - top) * 0.3, sill - bar)]
    canvas.cover(canvas.depth(0.97), canvas.shape(*bars))
    curtains = [
        _box(
            edge + side * canvas.unit * (n * 2.2 - 3),
            edge + side * canvas.unit * (n * 2.2 - 1.6),
            top - bar * 3,
            canvas.height * 0.8,
        )
        for edge, side in ((left, 1), (right, -1))
        for n in range(4)
    ]
    canvas.cover(
        mix(canvas.depth(0.85), canvas.mood.palette.glow, 0.1), soft(canvas.shape(*curtains), canvas.unit * 0.35)
    )


def _floor(canvas: Canvas, window: tuple[float, float, float]) -> None:
    left, right, sill = window
    edge = canvas.height * 0.78
    canvas.cover(canvas.depth(0.98), canvas.shape(_box(0, canvas.width, edge, canvas.height)))
    slant = (canvas.width / 2 - canvas.glow[0]) * 0.5
    pane = (right - left) / 4
    patches = []
    for n in range(4):
        a, b = left + pane * n + canvas.unit, left + pane * (n + 1) - canvas.unit
        spread = [canvas.width / 2 + (x - canvas.width / 2) * 1.35 + slant for x in (a, b)]
        patches.append([(a, edge), (b, edge), (spread[1], canvas.height), (spread[0], canvas.height)])
    falling = times(soft(canvas.shape(*patches), canvas.unit * 0.7), canvas.band((0, 0), (0.76, 210), (1, 60)))
    canvas.shine(mix(canvas.mood.palette.horizon, canvas.mood.palette.glow, 0.5), dimmed(falling, 0.5))
    canvas.shine(canvas.mood.palette.horizon, dimmed(soft(canvas.shape(_box(left, right, sill, sill + 3)), 2), 0.6))


def _furniture(canvas: Canvas) -> None:
    u, floor, side = canvas.unit, canvas.height * 0.9, canvas.dice.choice((-1, 1))
    x = canvas.width / 2 + side * canvas.width * 0.24
    desk = [_box(x - 17 * u, x + 17 * u, floor - 19 * u, floor - 17 * u)]
    desk += [_box(x + leg * u, x + (leg + 1.2) * u, floor - 18 * u, floor) for leg in (-15.5, 14)]
    books = [
        _box(x + (4 + n * 1.4) * u, x + (5.2 + n * 1.4) * u, floor - (23 + n % 3) * u, floor - 18 * u) for n in range(5)
    ]
    screen = [
        _box(x - 11 * u, x - 1 * u, floor - 27 * u, floor - 20.4 * u),
        _box(x - 6.6 * u, x - 5.4 * u, floor - 21 * u, floor - 18 * u),
    ]
    canvas.cover(canvas.depth(1), canvas.shape(*desk, *books, *screen))
    lamp = x + 13 * u, floor - 27 * u
    canvas.cover(canvas.depth(1), canvas.shape(_box(lamp[0] - 0.3 * u, lamp[0] + 0.3 * u, lamp[1], floor - 18 * u)))
    light(canvas, lamp[0], lamp[1], u * 1.5, WARM)
    canvas.shine(WARM, dimmed(radial(canvas, lamp[0], lamp[1] + 3 * u, u * 26), 0.5))
