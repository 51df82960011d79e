"""How tests order pictures and wait for them."""

from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from tests.stack import Stack
from tests.waiting import eventually


def paint(client: httpx.Client, prompt: str, **more: Any) -> httpx.Response:
    """I3."""
    return client.post("/api/generate-image", json={"prompt": prompt} | more)


def order(client: httpx.Client, prompt: str, **more: Any) -> str:
    """N1: the picture's id."""
    answer = client.post("/api/images", json={"prompt": prompt} | more)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def look(client: httpx.Client, image_id: str, wait: int = 0) -> dict[str, Any]:
    """N2."""
    answer = client.get(f"/api/images/{image_id}", headers={"Prefer": f"wait={wait}"} if wait else {})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ended(client: httpx.Client, image_id: str) -> dict[str, Any]:
    shown = look(client, image_id, wait=45)
    assert shown["status"] not in {"queued", "running"}, shown
    return shown


def until(client: httpx.Client, image_id: str, status: str) -> dict[str, Any]:
    """Ask until the picture stands so."""
    eventually(lambda: bool(look(client, image_id)["status"] == status), f"{image_id} never was {status}", 60)
    return look(client, image_id)


def png(width: int = 8, height: int = 8, kind: str = "PNG") -> bytes:
    target = BytesIO()
    Image.new("RGB", (width, height), (90, 20, 40)).save(target, kind)
    return target.getvalue()


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(data)) as image:
        return image.size


def asked(stack: Stack, call: str, prompt: str) -> list[dict[str, Any]]:
    """The vendor's record of the calls about a prompt."""
    return [entry for entry in stack.requests("jimeng") if entry["call"] == call and entry["prompt"] == prompt]


def bought(stack: Stack, prompt: str) -> int:
    """How often the vendor billed this prompt."""
    return stack.submissions("jimeng")[prompt]
