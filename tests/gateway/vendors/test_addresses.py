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


def test_a_completions_address_is_used_as_it_is() -> None:
    address = "https://relay.example/openai/deployments/x/chat/completions?api-version=2026-01-01"
    assert claude_address(address) == (address, "openai")


@pytest.mark.parametrize(
    "base",
    [
        "https://ark.example/api/v3",
        "https://relay.example/api/paas/v4",
        "https://relay.example/compatible-mode/v1",
        "https://relay.example/v1beta/openai",
        "https://api.deepseek.com/beta",
    ],
)
@pytest.mark.parametrize("tail", ["", "/", "/chat/completions", "/chat/completions/"])
def test_a_version_in_the_address_is_kept(base: str, tail: str) -> None:
    assert deepseek_base(base + tail) == base


def test_a_whole_completions_address_without_a_version_gets_none() -> None:
    assert deepseek_base("https://relay.example/ai/chat/completions") == "https://relay.example/ai"


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/chat/completions"])
def test_deepseeks_address_always_ends_in_its_version(tail: str) -> None:
    assert deepseek_base(f"https://api.deepseek.com{tail}") == "https://api.deepseek.com/v1"
