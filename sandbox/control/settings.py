"""What the sandbox can be told by the environment, and at run time by POST /_settings."""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Span = tuple[float, float]

FIXED = frozenset({"host", "port", "data_dir"})


class SandboxSettings(BaseSettings):
    """Times are seconds, a span is (shortest, longest); a limit of 0 is no limit."""

    model_config = SettingsConfigDict(
        env_prefix="SANDBOX_", env_file=".env", extra="ignore", populate_by_name=True, validate_assignment=True
    )

    host: str = "127.0.0.1"
    port: int = 8090
    data_dir: Path = Field(default=Path("data"), validation_alias=AliasChoices("SANDBOX_DATA_DIR", "DATA_DIR"))

    jimeng_seconds: Span = (1.0, 3.0)
    jimeng_concurrency: int = Field(default=2, ge=0)
    jimeng_qps: float = Field(default=20, ge=0)
    clock_skew: float = 0.0
    runninghub_seconds: Span = (1.0, 3.0)
    runninghub_concurrency: int = Field(default=3, ge=0)
    runninghub_outputs_lag: float = Field(default=0.5, ge=0)
    deepseek_seconds: Span = (0.3, 0.8)
    deepseek_tokens_per_second: float = Field(default=0, ge=0)
    claude_deltas_per_second: float = Field(default=50, ge=0)
    paint: Literal["full", "plain"] = "full"

    @property
    def directory(self) -> Path:
        return self.data_dir / "sandbox"


def within(span: Span, text: str) -> float:
    """The service time of one request: any point of the span, but always the same for the same text."""
    part = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    return span[0] + (span[1] - span[0]) * part
