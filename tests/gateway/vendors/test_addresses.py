"""Every spelling of a configured address that people use."""

import pytest

from gateway.addresses import claude_address, deepseek_base

CLAUDE = "https://api.anthropic.com"


@pytest.mark.parametrize(
    "tail", ["", "/", "/v1", "/v1/", "/v1/messages", "/v1/messages/", "/messages", "/v1/v1/messages", "/v1?beta=true"]
)
def test_every_spelling_of_claudes_address_is_understood(tail: str) -> None:
    assert claude_address(CLAUDE + tail) == (CLAUDE, "anthropic")


@pytest.mark.parametrize("base", ["https://relay.example/v1", "https://relay.example/api/openai"])
def test_a_completions_address_is_another_dialect(base: str) -> None:
    assert claude_address(f"{base}/chat/completions/") == (f"{base}/chat/completions", "openai")


def test_a_relay_in_a_folder_keeps_its_folder() -> None:
    assert claude_address(" https://relay.example/claude/v1 ") == ("https://relay.example/claude", "anthropic")


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/chat/completions"])
def test_deepseeks_address_always_ends_in_its_version(tail: str) -> None:
    assert deepseek_base(f"https://api.deepseek.com{tail}") == "https://api.deepseek.com/v1"
