"""What the environment says and what it leaves open."""

from pathlib import Path

import pytest

from gateway.settings import GatewaySettings
from imagegen.settings import ImagegenSettings


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SANDBOX_URL", "DEEPSEEK_API_KEY", "ANTHROPIC_API_KEY", "API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_the_sandbox_is_there_by_default() -> None:
    assert GatewaySettings().sandbox_url == "http://localhost:8090"


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_sandbox_url_means_no_sandbox(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SANDBOX_URL", value)
    assert ImagegenSettings().sandbox_url == ""


def test_so_it_does_in_the_file_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SANDBOX_URL=\n")
    assert GatewaySettings().sandbox_url == ""
    monkeypatch.setenv("SANDBOX_URL", "http://box:1/")
    assert GatewaySettings().sandbox_url == "http://box:1"
    Path(".env").write_text("SANDBOX_URL=http://file:2\n")
    monkeypatch.setenv("SANDBOX_URL", "")
    assert GatewaySettings().sandbox_url == ""


def test_any_other_empty_value_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("APP_PORT=\nLOG_LEVEL=\nANTHROPIC_API_KEY=\nAPI_KEY=sk-alias\nDEEPSEEK_API_KEY=sk-file\n")
    monkeypatch.setenv("DEEPSEEK_API_KEY", "")
    settings = GatewaySettings()
    assert (settings.app_port, settings.log_level) == (3000, "info")
    assert settings.deepseek_api_key.get_secret_value() == "sk-file"
    assert settings.anthropic_api_key.get_secret_value() == "sk-alias"


def test_the_main_name_wins_over_its_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "sk-alias")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-main")
    assert GatewaySettings().anthropic_api_key.get_secret_value() == "sk-main"
