"""What imagegen can be told."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, model_validator

from shared.errors import ConfigurationError
from shared.settings import (
    SANDBOX_ACCESS_KEY,
    SANDBOX_RUNNINGHUB_KEY,
    SANDBOX_SECRET_KEY,
    SharedSettings,
    clean_secret,
)

MISSING_VOLCENGINE = "未配置VOLCENGINE_ACCESS_KEY_ID或VOLCENGINE_SECRET_ACCESS_KEY"
MISSING_RUNNINGHUB = "未配置RUNNINGHUB_API_KEY"
MISSING_WORKFLOW = "未配置RUNNINGHUB_WORKFLOW_ID或RUNNINGHUB_NODE_ID"
_RUNNINGHUB = "https://www.runninghub.cn/task/openapi"
_KEY_NAMES = ("VOLCENGINE_ACCESS_KEY_ID", "VOLCENGINE_SECRET_ACCESS_KEY")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class VolcengineAccess:
    """Where and as whom Volcengine is called."""

    base_url: str
    access_key: str
    secret_key: str
    demo: bool


@dataclass(frozen=True, slots=True)
class RunningHubAccess:
    """Where and as whom RunningHub is called."""

    create_url: str
    status_url: str
    outputs_url: str
    cancel_url: str
    api_key: str
    workflow_id: str
    node_id: str
    demo: bool


class ImagegenSettings(SharedSettings):
    """Names and defaults: contract §1.2."""

    host: str = "127.0.0.1"
    port: int = 8081
    volcengine_access_key_id: SecretStr = SecretStr("")
    volcengine_secret_access_key: SecretStr = SecretStr("")
    volcengine_base_url: str = "https://visual.volcengineapi.com"
    jimeng_max_concurrency: int = Field(default=2, ge=1)
    poll_interval: float = Field(default=2, gt=0)
    max_poll_times: int = Field(default=150, ge=1)
    runninghub_create_api_url: str = f"{_RUNNINGHUB}/create"
    runninghub_status_api_url: str = f"{_RUNNINGHUB}/status"
    runninghub_result_api_url: str = f"{_RUNNINGHUB}/outputs"
    runninghub_cancel_api_url: str = f"{_RUNNINGHUB}/cancel"
    runninghub_api_key: SecretStr = SecretStr("")
    runninghub_workflow_id: str = ""
    runninghub_node_id: str = ""
    runninghub_max_concurrency: int = Field(default=3, ge=1)
    runninghub_poll_interval: float = Field(default=5, gt=0)
    runninghub_retry_wait: float = Field(default=30, gt=0)
    picture_store_url: str = ""

    def secrets(self) -> Iterator[str]:
        """With Volcengine's keys as they are sent, if they are configured in Base64."""
        yield from super().secrets()
        if keys := self.volcengine_keys():
            yield from keys[:2]

    @model_validator(mode="after")
    def _whole_pair(self) -> Self:
        access, secret = clean_secret(self.volcengine_access_key_id), clean_secret(self.volcengine_secret_access_key)
        if bool(access) != bool(secret):
            there, missing = _KEY_NAMES if access else reversed(_KEY_NAMES)
            raise ValueError(f"{missing}: is missing although {there} is set, and one needs the other")
        return self

    def volcengine_keys(self) -> tuple[str, str, bool] | None:
        """Access key, secret key and whether they came in Base64; None when one is missing."""
        access = clean_secret(self.volcengine_access_key_id)
        secret = clean_secret(self.volcengine_secret_access_key)
        return decoded_keys(access, secret) if access and secret else None

    def volcengine(self) -> VolcengineAccess:
        """Raises ConfigurationError when neither keys nor a sandbox are there."""
        if keys := self.volcengine_keys():
            access, secret, _ = keys
            return VolcengineAccess(self.volcengine_base_url.rstrip("/"), access, secret, demo=False)
        if self.sandbox_url:
            return VolcengineAccess(self.sandbox_url, SANDBOX_ACCESS_KEY, SANDBOX_SECRET_KEY, demo=True)
        raise ConfigurationError(MISSING_VOLCENGINE)

    def runninghub(self) -> RunningHubAccess:
        """Raises ConfigurationError when key and sandbox, or workflow and node, are missing."""
        urls = (
            self.runninghub_create_api_url,
            self.runninghub_status_api_url,
            self.runninghub_result_api_url,
            self.runninghub_cancel_api_url,
        )
        workflow, node = self.runninghub_workflow_id, self.runninghub_node_id
        if key := clean_secret(self.runninghub_api_key):
            if not (workflow and node):
                raise ConfigurationError(MISSING_WORKFLOW)
            return RunningHubAccess(*urls, key, workflow, node, demo=False)
        if self.sandbox_url:
            create, status, outputs, cancel = (_moved(url, self.sandbox_url) for url in urls)
            workflow, node = workflow or "1904136902449209346", node or "6"
            return RunningHubAccess(create, status, outputs, cancel, SANDBOX_RUNNINGHUB_KEY, workflow, node, demo=True)
        raise ConfigurationError(MISSING_RUNNINGHUB)


def _moved(url: str, base: str) -> str:
    target, origin = urlsplit(url), urlsplit(base)
    return urlunsplit((origin.scheme, origin.netloc, target.path, target.query, ""))


def decoded_keys(access: str, secret: str) -> tuple[str, str, bool]:
    """The keys as they are sent, and whether they were Base64: only if both decode strictly to printable ASCII."""
    plain = [_decoded(access), _decoded(secret)]
    if plain[0] is not None and plain[1] is not None:
        return plain[0], plain[1], True
    return access, secret, False


def _decoded(value: str) -> str | None:
    try:
        text = base64.b64decode(value, validate=True).decode("ascii").strip()
    except (binascii.Error, ValueError):
        return None
    return text if _PRINTABLE.fullmatch(text) else None
