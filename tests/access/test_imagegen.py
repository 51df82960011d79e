"""With INTERNAL_TOKEN set: imagegen works for the gateway only."""

from collections.abc import Iterator

import httpx
import pytest

from tests.access.conftest import TOKEN
from tests.plain import calling
from tests.stack import Stack


@pytest.fixture
def direct(locked: Stack) -> Iterator[httpx.Client]:
    with calling(locked.imagegen_url, timeout=30) as client:
        yield client


def test_nobody_orders_pictures_without_the_token(direct: httpx.Client) -> None:
    for headers in ({}, {"X-Internal-Token": "guess"}, {"Authorization": "Bearer guess"}, {"X-Owner": "0" * 24}):
        answer = direct.post("/api/images", json={"prompt": "灯塔"}, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "UNAUTHORIZED")
    assert direct.get("/internal/demo").status_code == 401


def test_the_probes_need_no_token(direct: httpx.Client) -> None:
    assert [direct.get(path).status_code for path in ("/", "/livez", "/readyz", "/api/health")] == [200] * 4


def test_the_bearer_of_the_token_names_the_owner(direct: httpx.Client) -> None:
    trusted = {"X-Internal-Token": TOKEN}
    mine, theirs = trusted | {"X-Owner": "1" * 24}, trusted | {"X-Owner": "2" * 24}
    image_id = direct.post("/api/images", json={"prompt": "灯塔"}, headers=mine).json()["id"]
    assert direct.get(f"/api/images/{image_id}", headers=mine).status_code == 200
    assert direct.get(f"/api/images/{image_id}", headers=theirs).status_code == 404
    assert direct.get(f"/api/images/{image_id}", headers=trusted).status_code == 404
