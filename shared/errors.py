"""Everything that can go wrong, as one tree.

ScriptToFrameError                       500 INTERNAL_ERROR
├── MissingParameter                     400 MISSING_PARAMETER
├── InvalidParameter                     422 VALIDATION_ERROR
├── Unauthorized                         401 UNAUTHORIZED
├── NotFound                             404 NOT_FOUND
│   ├── TaskNotFound                     404 TASK_NOT_FOUND
│   └── ImageNotFound                    404 IMAGE_NOT_FOUND
├── ImageNotReady                        409 IMAGE_NOT_READY
├── RequestInProgress                    409 REQUEST_IN_PROGRESS
├── IdempotencyKeyReused                 422 IDEMPOTENCY_KEY_REUSED
├── PayloadTooLarge                      413 PAYLOAD_TOO_LARGE
├── TooManyRequests                      429 TOO_MANY_REQUESTS
├── ConfigurationError                   500 CONFIGURATION_ERROR
├── BackendUnavailable                   503 BACKEND_UNAVAILABLE
├── BackendError                         500 BACKEND_ERROR
├── AnalysisFailed                       500 ANALYSIS_FAILED
├── BatchFailed                          500 BATCH_FAILED
├── GenerationTimeout                    408 GENERATION_TIMEOUT
├── OutcomeUnknown                       500 OUTCOME_UNKNOWN
├── ImageGenerationError                 500 IMAGE_GENERATION_ERROR
├── Canceled                             409 CANCELED
└── VendorError                          500
    ├── VolcengineError                  400/500 VOLCENGINE_API_ERROR
    ├── RunningHubError                  500 RUNNINGHUB_API_ERROR
    └── LLMError                         500 LLM_ERROR
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self


class Reason(StrEnum):
    """Why something failed, as far as a caller can act on it (contract §2.1)."""

    VENDOR_KEY_REFUSED = "VENDOR_KEY_REFUSED"
    VENDOR_BALANCE_EMPTY = "VENDOR_BALANCE_EMPTY"
    VENDOR_BUSY = "VENDOR_BUSY"
    VENDOR_DOWN = "VENDOR_DOWN"
    VENDOR_NOT_OPENED = "VENDOR_NOT_OPENED"
    CONTENT_REFUSED = "CONTENT_REFUSED"
    PICTURE_LOST = "PICTURE_LOST"
    STORAGE_FULL = "STORAGE_FULL"
    REFERENCE_MISSING = "REFERENCE_MISSING"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
    NO_TEXT = "NO_TEXT"
    OUTPUT_NOT_A_PICTURE = "OUTPUT_NOT_A_PICTURE"
    NO_READER = "NO_READER"


@dataclass(frozen=True, slots=True)
class VendorReply:
    """Which vendor answered (`deepseek`, `claude`, `volcengine`, `runninghub`), its error code and its request id."""

    name: str
    code: str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Read back from the wire."""
        return cls(str(told["name"]), told.get("code"), told.get("requestId"))

    def as_wire(self) -> dict[str, str | None]:
        return {"name": self.name, "code": self.code, "requestId": self.request_id}


class ScriptToFrameError(Exception):
    """The root. `message` is for people, `error_code` for programs, `extras` stand beside them on the wire.

    `reason` and `vendor` may also be given as they stand on the wire.
    """

    status: int = 500
    error_code: str = "INTERNAL_ERROR"
    text: ClassVar[str] = "服务器内部错误"

    def __init__(
        self,
        message: str | None = None,
        *,
        reason: str | None = None,
        vendor: VendorReply | Mapping[str, Any] | None = None,
        **extras: Any,
    ) -> None:
        self.message = message or self.text
        self.headers: dict[str, str] = {}
        self.reason = reason
        self.vendor = VendorReply.of(vendor) if isinstance(vendor, Mapping) else vendor
        self.extras = extras
        super().__init__(self.message)

    def because_of(self, other: "ScriptToFrameError") -> Self:
        """With the other's reason and vendor: the same failure in other words."""
        self.reason, self.vendor = other.reason, other.vendor
        return self

    def facts(self) -> dict[str, Any]:
        """`reason` and `vendor` as they stand on the wire, each where it is known."""
        told: dict[str, Any] = {"reason": str(self.reason)} if self.reason else {}
        return told | ({"vendor": self.vendor.as_wire()} if self.vendor else {})

    def retry_after(self, seconds: float) -> "ScriptToFrameError":
        self.headers["Retry-After"] = str(max(1, round(seconds)))
        return self


class MissingParameter(ScriptToFrameError):
    status, error_code = 400, "MISSING_PARAMETER"


class InvalidParameter(ScriptToFrameError):
    status, error_code = 422, "VALIDATION_ERROR"


class Unauthorized(ScriptToFrameError):
    status, error_code, text = 401, "UNAUTHORIZED", "缺少或无效的API密钥"

    def __init__(self) -> None:
        super().__init__()
        self.headers["WWW-Authenticate"] = "Bearer"


class NotFound(ScriptToFrameError):
    status, error_code, text = 404, "NOT_FOUND", "Not Found"


class TaskNotFound(NotFound):
    error_code = "TASK_NOT_FOUND"


class ImageNotFound(NotFound):
    error_code = "IMAGE_NOT_FOUND"


class ImageNotReady(ScriptToFrameError):
    status, error_code, text = 409, "IMAGE_NOT_READY", "图片尚未生成完成"


class RequestInProgress(ScriptToFrameError):
    status, error_code, text = 409, "REQUEST_IN_PROGRESS", "相同Idempotency-Key的请求正在处理中，请稍后重试"


class IdempotencyKeyReused(ScriptToFrameError):
    status, error_code, text = 422, "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key已用于另一个不同的请求"


class PayloadTooLarge(ScriptToFrameError):
    status, error_code, text = 413, "PAYLOAD_TOO_LARGE", "请求体过大"


class TooManyRequests(ScriptToFrameError):
    status, error_code, text = 429, "TOO_MANY_REQUESTS", "请求过于频繁，请稍后重试"


class ConfigurationError(ScriptToFrameError):
    error_code = "CONFIGURATION_ERROR"


class BackendUnavailable(ScriptToFrameError):
    status, error_code, text = 503, "BACKEND_UNAVAILABLE", "Python后端服务未启动，请先启动Python服务 (端口8081)"


class BackendError(ScriptToFrameError):
    error_code = "BACKEND_ERROR"


class AnalysisFailed(ScriptToFrameError):
    error_code = "ANALYSIS_FAILED"


class BatchFailed(ScriptToFrameError):
    error_code = "BATCH_FAILED"


class GenerationTimeout(ScriptToFrameError):
    status, error_code, text = 408, "GENERATION_TIMEOUT", "图片生成超时"


class OutcomeUnknown(ScriptToFrameError):
    error_code, text = "OUTCOME_UNKNOWN", "提交结果未知，可能已计费，请确认后重试"


class ImageGenerationError(ScriptToFrameError):
    error_code, text = "IMAGE_GENERATION_ERROR", "任务执行失败"


class Canceled(ScriptToFrameError):
    status, error_code, text = 409, "CANCELED", "图片生成已取消"


class VendorError(ScriptToFrameError):
    """A vendor said no, said nonsense, or said nothing."""


class VolcengineError(VendorError):
    error_code = "VOLCENGINE_API_ERROR"


class VolcengineRefusal(VolcengineError):
    """A submit that Volcengine refused."""

    status = 400


class RunningHubError(VendorError):
    error_code = "RUNNINGHUB_API_ERROR"


class LLMError(VendorError):
    error_code, text = "LLM_ERROR", "LLM调用失败"
