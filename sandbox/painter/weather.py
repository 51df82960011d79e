"""What falls, drifts and glows in the air between us and the scene."""

import math

from PIL import Image, ImageDraw

from sandbox.painter.canvas import Canvas, dimmed, mix, soft
from sandbox.painter.light import haze, light


def paint_weather(canvas: Canvas) -> None:
    weather = canvas.mood.weather
    if "mist" in weather:
        haze(canvas, canvas.horizon + canvas.unit * 8, 0.55)
    if "rain" in weather and canvas.mood.place != "room":
        _rain(canvas)
    if "snow" in weather and canvas.mood.place != "room":
        _flakes(canvas)
    if "petals" in weather:
        _petals(canvas)
    if "embers" in weather:
        _embers(canvas)


def _rain(canvas: Canvas) -> None:
    lean = canvas.dice.uniform(0.06, 0.2)
    for count, length, part, width in ((1100, 3.6, 0.24, 1), (130, 9, 0.36, 1)):
        sheet = Image.new("L", canvas.image.size)
        draw = ImageDraw.Draw(sheet)
        for _ in range(round(count * canvas.width * canvas.height / 720_000)):
            x, y = canvas.dice.uniform(-0.1, 1.1) * canvas.width, canvas.dice.uniform(-0.1, 1) * canvas.height
            fall = canvas.unit * length * canvas.dice.uniform(0.6, 1.3)
            draw.line((x, y, x - fall * lean, y + fall), fill=canvas.dice.randint(90, 220), width=width)
        canvas.shine(mix(canvas.mood.palette.glow, (255, 255, 255), 0.4), dimmed(soft(sheet, 0.6), part))


def _flakes(canvas: Canvas) -> None:
    for count, size, blur in ((420, 0.22, 0.5), (130, 0.45, 0.9), (26, 1.3, 3.2)):
        sheet = Image.new("L", canvas.image.size)
        draw = ImageDraw.Draw(sheet)
        for _ in range(count):
            x, y = canvas.dice.random() * canvas.width, canvas.dice.random() * canvas.height
            radius = canvas.unit * size * canvas.dice.uniform(0.6, 1.3)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=canvas.dice.randint(150, 255))
        canvas.cover((248, 250, 255), dimmed(soft(sheet, blur), 0.85))


def _petals(canvas: Canvas) -> None:
    for count, size, blur, part in ((90, 0.6, 0.4, 0.9), (16, 2.0, 2.6, 0.7)):
        shapes = []
        for _ in range(count):
            x, y = canvas.dice.random() * canvas.width, canvas.dice.random() * canvas.height
            turn, radius = canvas.dice.uniform(0, math.pi), canvas.unit * size * canvas.dice.uniform(0.6, 1.2)
            ring = [n * math.tau / 10 for n in range(10)]
            points = [(math.cos(a) * radius, math.sin(a) * radius * 0.45) for a in ring]
            shapes.append(
                [
                    (x + p * math.cos(turn) - q * math.sin(turn), y + p * math.sin(turn) + q * math.cos(turn))
                    for p, q in points
                ]
            )
        canvas.cover((255, 198, 208), dimmed(soft(canvas.shape(*shapes), blur), part))


def _embers(canvas: Canvas) -> None:
    for _ in range(150):
        x, y = canvas.dice.random() * canvas.width, canvas.height * (1 - canvas.dice.random() ** 1.6)
        heat = canvas.dice.uniform(0.35, 1)
        light(canvas, x, y, canvas.unit * canvas.dice.uniform(0.08, 0.32), mix((90, 20, 0), (255, 190, 90), heat))
