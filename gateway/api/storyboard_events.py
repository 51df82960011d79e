"""What is told while a story is analysed and while its frames are drawn (A1, A3 with `?stream=true`)."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.api.batches import STATS, BatchStats
from gateway.api.script_events import example
from gateway.api.storyboard_answers import STORYBOARD, Storyboard
from shared.errors import Reason
from shared.web.answers import IMAGE_ID, MOMENT, Demo, Facts, VendorReply


class AnalysisProgress(
    BaseModel, json_schema_extra=example(type="progress", progress=25, message="第2步: 关键帧提取...", step=2)
):
    """Which step is being done."""

    type: Literal["progress"] = Field(description="Always `progress`")
    progress: int = Field(description="0 to 100; never falls")
    message: str = Field(description="For people")
    step: int = Field(description="1 to 4")
    demo: Demo = False


class AnalysisComplete(BaseModel, json_schema_extra=example(type="complete", data=STORYBOARD)):
    """The last event of an analysis that went well."""

    type: Literal["complete"] = Field(description="Always `complete`")
    data: Storyboard = Field(description="The storyboard")
    demo: Demo = False


class AnalysisFailed(
    Facts,
    json_schema_extra=example(
        type="error",
        error="智能分析失败: …",
        detail="智能分析失败: …",
        errorCode="ANALYSIS_FAILED",
        failedStep="第1步 故事切分",
    ),
):
    """The last event of an analysis that failed."""

    type: Literal["error"] = Field(description="Always `error`")
    error: str = Field(description="The reason, for people")
    detail: str = Field(description="The same text")
    errorCode: str = Field(description="The reason, for programs")
    failedStep: str | None = Field(default=None, description="The step that failed")
    demo: Demo = False


class FrameBegun(
    BaseModel,
    json_schema_extra=example(
        type="progress", current=1, total=6, progress=0, message="正在生成第1/6帧...", sequence=1
    ),
):
    """A frame was handed over."""

    type: Literal["progress"] = Field(description="Always `progress`")
    current: int = Field(description="The frame's position, from 1")
    total: int = Field(description="How many frames there are")
    progress: int = Field(description="The share of finished frames, 0 to 100; never falls")
    message: str = Field(description="For people")
    sequence: float | str = Field(description="The frame's own number")
    demo: Demo = False


class FrameDone(BaseModel):
    """A frame has its ending."""

    sequence: float | str = Field(description="The frame's own number")
    progress: int = Field(description="The share of finished frames, 0 to 100")
    responseTime: int = Field(description="Milliseconds at the vendor; 0 when it never got there")
    current: int = Field(description="The frame's position, from 1")
    generatedAt: str = Field(description="When, in RFC 3339")
    taskId: str | None = Field(default=None, description="The picture's id at `/api/images/{id}`")
    demo: Demo = False


class FrameComplete(
    FrameDone,
    json_schema_extra=example(
        type="frame_complete",
        sequence=1,
        imageUrl="https://…",
        contentUrl=f"/api/images/{IMAGE_ID}/content",
        progress=17,
        responseTime=2400,
        current=1,
        generatedAt=MOMENT,
        taskId=IMAGE_ID,
    ),
):
    """A frame has its picture."""

    type: Literal["frame_complete"] = Field(description="Always `frame_complete`")
    imageUrl: str = Field(description="The vendor's link; our own where the vendor sent bytes")
    contentUrl: str | None = Field(default=None, description="The picture from our own storage")


class FrameError(
    FrameDone,
    Facts,
    json_schema_extra=example(
        type="frame_error", sequence=1, error="图片生成超时", progress=33, responseTime=0, current=2, generatedAt=MOMENT
    ),
):
    """A frame failed; the others go on."""

    type: Literal["frame_error"] = Field(description="Always `frame_error`")
    error: str = Field(description="Why")
    errorCode: str | None = Field(default=None, description="The reason, for programs")


class BatchComplete(BaseModel, json_schema_extra=example(type="complete", message="所有帧生成完成", stats=STATS)):
    """The last event of a batch."""

    type: Literal["complete"] = Field(description="Always `complete`")
    message: str = Field(description="For people")
    stats: BatchStats = Field(description="How the frames ended")
    demo: Demo = False


class BatchFailed(
    BaseModel,
    json_schema_extra=example(
        type="error",
        error="批量生成失败: …",
        detail="批量生成失败: …",
        errorCode="BATCH_FAILED",
        requestId=1703456789000,
    ),
):
    """The last event of a batch that could not go on."""

    type: Literal["error"] = Field(description="Always `error`")
    error: str = Field(description="The reason, for people")
    detail: str = Field(description="The same text")
    errorCode: str = Field(description="The reason, for programs")
    reason: Reason | None = Field(default=None, description="Why, as far as a caller can act on it; only if known")
    vendor: VendorReply | None = Field(default=None, description="Only where a vendor answered")
    requestId: int = Field(description="When the batch was accepted, in ms since 1970")
    failedAt: str | None = Field(default=None, description="When it failed, in RFC 3339")
    demo: Demo = False
