"""What the gateway can be told."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator

from gateway.addresses import claude_address, deepseek_base
from shared.errors import ConfigurationError
from shared.settings import SANDBOX_CLAUDE_KEY, SANDBOX_DEEPSEEK_KEY, SharedSettings, clean_secret

MISSING_DEEPSEEK = "未配置DEEPSEEK_API_KEY"
MISSING_CLAUDE = "未配置ANTHROPIC_API_KEY"

DEEPSEEK_ADDRESS = "DEEPSEEK_BASE_URL"
CLAUDE_ADDRESS = "ANTHROPIC_BASE_URL"

Dialect = Literal["anthropic", "openai"]


@dataclass(frozen=True, slots=True)
class LLMAccess:
    """Where, as whom and which model is asked. `base_url` is what the dialect's client wants."""

    base_url: str
    api_key: str
    model: str
    demo: bool
    dialect: Dialect


class GatewaySettings(SharedSettings):
    """Names and defaults: contract §1.2."""

    app_host: str = "127.0.0.1"
    app_port: int = 3000
    deepseek_api_key: SecretStr = SecretStr("")
    deepseek_base_url: str = "https://api.deepseek.com/v1"
    deepseek_model: str = "deepseek-flash"
    anthropic_api_key: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("ANTHROPIC_API_KEY", "API_KEY"))
    anthropic_base_url: str = Field(
        "https://api.anthropic.com", validation_alias=AliasChoices("ANTHROPIC_BASE_URL", "API_URL")
    )
    claude_model: str = Field("claude-sonnet-5-5", validation_alias=AliasChoices("CLAUDE_MODEL", "MODEL_NAME"))
    python_backend_url: str = "http://localhost:8081"
    next_public_version: str = "1.0.0"
    gateway_api_keys: SecretStr = SecretStr("")
    ticket_secret: SecretStr = SecretStr("")
    ticket_seconds: int = Field(default=600, ge=1, le=86_400)
    llm_step_seconds: float = Field(default=60, gt=0)
    llm_silence_seconds: float = Field(default=120, gt=0)
    llm_text_seconds: float = Field(default=600, gt=0)
    image_seconds: float = Field(default=600, gt=0)

    @field_validator("gateway_api_keys")
    @classmethod
    def _some_key(cls, value: SecretStr) -> SecretStr:
        """Whoever sets this wants callers to show a key: to let everybody in instead would be wrong."""
        told = value.get_secret_value()
        if told.strip() and not any(entry.rpartition(":")[2].strip() for entry in told.split(",")):
            raise ValueError("no entry is a key; write key or label:key, separated by commas")
        return value

    def secrets(self) -> Iterator[str]:
        """With each of the API keys by itself."""
        yield from super().secrets()
        for entry in self.gateway_api_keys.get_secret_value().split(","):
            label, labelled, key = entry.partition(":")
            yield (key if labelled else label).strip()

    def deepseek(self) -> LLMAccess:
        """Raises ConfigurationError when neither key nor sandbox is there."""
        if key := clean_secret(self.deepseek_api_key):
            base = deepseek_base(self.deepseek_base_url)
            return LLMAccess(base, key, self.deepseek_model, demo=False, dialect="openai")
        if self.sandbox_url:
            base = deepseek_base(self.sandbox_url)
            return LLMAccess(base, SANDBOX_DEEPSEEK_KEY, self.deepseek_model, demo=True, dialect="openai")
        raise ConfigurationError(MISSING_DEEPSEEK)

    def claude(self) -> LLMAccess:
        """Raises ConfigurationError when neither key nor sandbox is there."""
        if key := clean_secret(self.anthropic_api_key):
            base, dialect = claude_address(self.anthropic_base_url)
            return LLMAccess(base, key, self.claude_model, demo=False, dialect=dialect)
        if self.sandbox_url:
            return LLMAccess(self.sandbox_url, SANDBOX_CLAUDE_KEY, self.claude_model, demo=True, dialect="anthropic")
        raise ConfigurationError(MISSING_CLAUDE)
