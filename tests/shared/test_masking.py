"""Configured secrets are masked by their value, in every form in which they travel."""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest

from gateway.settings import GatewaySettings
from imagegen.settings import ImagegenSettings
from shared.masking import keep_secret, mask, mask_bytes
from shared.telemetry.logs import redact_text

SECRET = 'TVdVek5qZz+k/a9<b&"c\\d=='


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    keep_secret([])


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "plain": SECRET,
    "in a URL": quote(SECRET, safe=""),
    "in a form": quote_plus(SECRET),
    "in a URL with small digits": re.sub("%..", lambda code: code[0].lower(), quote(SECRET, safe="")),
    "in JSON": json.dumps(SECRET)[1:-1],
    "in JSON in JSON": json.dumps(json.dumps(SECRET))[3:-3],
    "in HTML": html.escape(SECRET),
    "Base64": encoded(SECRET),
    "Base64 of URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "Base64 without its end": encoded(SECRET).rstrip("="),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_masked_in_every_form(form: str) -> None:
    keep_secret([SECRET])
    assert mask(f"refused: {form} is unknown") == "refused: *** is unknown"
    assert mask_bytes(f"拒绝: {form}".encode()) == "拒绝: ***".encode()


@pytest.mark.parametrize("user", ["", "a", "ab", "abc"])
def test_the_base64_of_user_and_password_is_masked(user: str) -> None:
    keep_secret([SECRET])
    shown = mask(f"Authorization: Basic {encoded(f'{user}:{SECRET}')}")
    assert encoded(SECRET)[8:20] not in shown
    assert "***" in shown
    rest = shown.split("***")[-1]
    assert len(rest) <= 4, "no more than what two bytes can be seen of"


def test_what_is_short_or_everyday_is_left_alone() -> None:
    keep_secret(["", "12345", "a", "password", "postgres", "ScriptToFrame"])
    for text in ("12345 a password", "urn:scripttoframe:error", "postgres"):
        assert mask(text) == text


def test_nothing_is_masked_where_nothing_is_secret() -> None:
    keep_secret([])
    assert mask(SECRET) == SECRET
    assert mask_bytes(SECRET.encode()) == SECRET.encode()


def test_of_a_secret_that_is_cut_off_nothing_is_shown() -> None:
    keep_secret([SECRET])
    for before in range(280, 301):
        shown = redact_text("雨" * before + SECRET + "雨" * 5000)
        assert SECRET[:4] not in shown
    traceback = "Traceback " + "x" * 9000 + SECRET + "y" * (4000 - len(SECRET) // 2)
    assert SECRET[-6:] not in redact_text(traceback)


def test_pictures_are_passed_by_and_text_beside_them_is_not() -> None:
    keep_secret([SECRET])
    picture = "A" * 3_000_000
    body = json.dumps({"before": encoded(SECRET), "url": f"data:image/png;base64,{picture}", "after": encoded(SECRET)})
    assert json.loads(mask_bytes(body.encode())) == {
        "before": "***",
        "url": f"data:image/png;base64,{picture}",
        "after": "***",
    }
    assert SECRET[:8].encode() not in mask_bytes(f"{'x' * 30_000};base64,{SECRET}".encode())


def test_settings_know_what_is_secret_in_them() -> None:
    gateway = GatewaySettings.model_validate(
        {
            "gateway_api_keys": "team:key-of-the-team, key-of-nobody",
            "database_url": "postgresql://app:p%40ss%2Fword@db/frames?sslpassword=of-the-file",
            "anthropic_base_url": "https://me:relay-pass@relay.example/v1?token=relay-token",
            "deepseek_api_key": " 'sk-with-quotes' ",
        }
    )
    expected = {"key-of-the-team", "key-of-nobody", "p@ss/word", "p%40ss%2Fword", "of-the-file", "relay-pass"}
    assert expected | {"relay-token", "sk-with-quotes"} <= set(gateway.secrets())
    imagegen = ImagegenSettings.model_validate(
        {"volcengine_access_key_id": encoded("AKLTraw0123"), "volcengine_secret_access_key": encoded("a-raw-secret")}
    )
    assert {"AKLTraw0123", "a-raw-secret", encoded("a-raw-secret")} <= set(imagegen.secrets())
    open_database = GatewaySettings.model_validate({"database_url": "postgresql://frames:frames@db/frames"})
    assert "frames" not in set(open_database.secrets()), "a password that is the user's name hides nothing"
