"""What both services can be told; settings classes are the only readers of the environment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from shared.masking import secrets_of_url

SANDBOX_ACCESS_KEY = "AKLTsandbox"
SANDBOX_SECRET_KEY = "sandbox-secret"
SANDBOX_DEEPSEEK_KEY = "sk-sandbox-deepseek"
SANDBOX_CLAUDE_KEY = "sk-sandbox-claude"
SANDBOX_RUNNINGHUB_KEY = "sandbox0000000000000000000runninghub"

Exposure = Literal["open", "internal", "off"]
LogFormat = Literal["auto", "json", "text"]
LogLevel = Literal["debug", "info", "warning", "error"]


# For these an empty value is a value: no sandbox.
_MAY_BE_EMPTY = frozenset({"sandbox_url"})


class _Emptied(EnvSettingsSource):
    """The environment's word on what may be empty."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name in _MAY_BE_EMPTY}


class _EmptiedInFile(DotEnvSettingsSource):
    """The same of `.env`."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name in _MAY_BE_EMPTY}


class SharedSettings(BaseSettings):
    """Settings of every service. An empty value means "not set", but an empty SANDBOX_URL means "no sandbox"."""

    # Inputs are hidden in errors: some of them are secrets.
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_ignore_empty=True, populate_by_name=True, hide_input_in_errors=True
    )

    database_url: str = ""
    pgpassword: SecretStr = SecretStr("")
    data_dir: Path = Path("./data")
    sandbox_url: str = "http://localhost:8090"
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"
    log_file: str = ""
    outbound_proxy: SecretStr = SecretStr("")
    internal_token: SecretStr = SecretStr("")
    retention_days: float = Field(default=7, gt=0)
    heartbeat_seconds: float = Field(default=2, gt=0)
    replica_dead_seconds: float = Field(default=10, gt=0)
    otel_exporter_otlp_endpoint: str = ""
    metrics_access: Exposure = "open"
    docs_access: Exposure = "open"
    rate_limit_per_minute: int = Field(default=0, ge=0)
    max_readers: int = Field(default=5000, ge=0)
    max_readers_per_key: int = Field(default=2000, ge=0)
    max_open_tasks: int = Field(default=10_000, ge=0)
    max_open_tasks_per_key: int = Field(default=5000, ge=0)
    head_seconds: float = Field(default=15, gt=0)
    body_idle_seconds: float = Field(default=20, gt=0)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)

    def secrets(self) -> Iterator[str]:
        """Every configured value that must not be shown, passwords inside of URLs included."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                yield from {value.get_secret_value(), clean_secret(value)}
            elif isinstance(value, str) and "://" in value:
                yield from secrets_of_url(value.strip())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = dotenv_settings.env_file if isinstance(dotenv_settings, DotEnvSettingsSource) else None
        emptied = _Emptied(settings_cls, env_ignore_empty=False)
        emptied_in_file = _EmptiedInFile(settings_cls, env_file=file, env_ignore_empty=False)
        return init_settings, emptied, env_settings, emptied_in_file, dotenv_settings, file_secret_settings

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("outbound_proxy")
    @classmethod
    def _a_proxy(cls, value: SecretStr) -> SecretStr:
        told = value.get_secret_value().strip().rstrip("/")
        if told and not (told.startswith(("http://", "https://")) and urlsplit(told).hostname):
            raise ValueError("must look like http://host:port or https://host:port")
        return SecretStr(told)

    @field_validator("sandbox_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.strip().rstrip("/")


def clean_secret(secret: SecretStr) -> str:
    """Without the blanks and quotes that stick to a key when it is copied."""
    return secret.get_secret_value().strip(" \t\r\n'\"")
