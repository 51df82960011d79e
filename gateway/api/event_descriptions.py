"""The events of every stream, as readers see them (contract §5)."""

from shared.web.api_descriptions import IMAGE_ID, TASK_ID
from shared.web.openapi import Events

_SUBTASK = f"{TASK_ID}_1_1-1_0"
_PLACE = {"episode": "第1集", "scene": "场次1-1", "prompt_index": "0", "task_id": _SUBTASK}
_DEMO = frozenset({"demo"})

SCRIPT_EVENTS = Events(
    "Script",
    {
        "task_id": {"task_id": TASK_ID, "demo": True},
        "status": {"message": "正在生成角色表和目录..."},
        "content_chunk": {"content": "剧名：《雨夜来客》", "is_complete": False, "episode": 0},
        "initial_content": {"content": "剧名：《雨夜来客》\n\n|角色名称|…|\n\n**短剧分集目录**\n第01集 …"},
        "progress": {"current": 1, "total": 8},
        "episode_content": {"episode": 1, "content": "集数：第1集 …", "is_complete": True},
        "complete": {"task_id": TASK_ID, "message": "剧本生成完成", "demo": True},
        "error": {"message": "生成内容出错: LLM调用失败", "errorCode": "LLM_ERROR", "demo": True},
        "canceled": {"message": "生成已被用户取消", "demo": True},
    },
)
EXTRACTION_EVENTS = Events(
    "Extraction",
    {
        "status": {"message": "正在提取画面描述词..."},
        "episode_prompts": {"episode": "1", "content": "第1集：\n场次1-1：\n#雨夜的便利店，暖光，近景\n"},
        "complete": {"task_id": TASK_ID, "message": "画面描述词提取完成"},
        "error": {"message": "提取画面描述词出错: …"},
    },
)
RUNNINGHUB_EVENTS = Events(
    "RunningHub",
    {
        "status": {"message": "正在提取画面描述词并发送到RunningHub...", "request_id": TASK_ID},
        "task_created": _PLACE | {"runninghub_task_id": None, "worker_id": 1},
        "task_waiting": _PLACE
        | {
            "retry": 1,
            "max_retries": 10,
            "wait_seconds": 30,
            "message": "RunningHub队列已满，等待30秒后重试 (1/10)",
            "worker_id": 1,
        },
        "task_requeued": _PLACE | {"message": "已达最大重试次数，任务放回队列末尾，将在稍后处理", "worker_id": 1},
        "subtask_completed": _PLACE | {"runninghub_task_id": None, "status": "SUCCESS", "worker_id": 1, "result": None},
        "task_error": _PLACE | {"error": "网络错误", "worker_id": 1},
        "task_cancelled": {"task_id": _SUBTASK, "message": "任务已取消", "worker_id": 1},
        "progress": {"completed": 1, "total": 8, "waiting": 7, "percentage": 12},
        "all_tasks_completed": {"request_id": TASK_ID, "completed": 8, "total": 8},
        "cancel_complete": {"message": "所有任务已成功取消", "request_id": TASK_ID, "cancelled_count": 3},
        "complete": {
            "message": "所有任务处理完成",
            "request_id": TASK_ID,
            "reason": "任务已取消",
            "completed_tasks": 8,
            "total_tasks": 8,
        },
        "error": {"message": "未找到第9集的画面描述词"},
    },
    optional=_DEMO | {"worker_id", "reason", "request_id"},
)
ANALYSIS_EVENTS = Events(
    "Analysis",
    {
        "progress": {"progress": 25, "message": "正在提取关键帧...", "step": 2, "demo": True},
        "complete": {"data": {"storyboard_frames": [], "intelligentAnalysisComplete": True}, "demo": True},
        "error": {
            "error": "智能分析失败: 第1步: 故事切分失败: HTTP 500",
            "detail": "智能分析失败: 第1步: 故事切分失败: HTTP 500",
            "errorCode": "ANALYSIS_FAILED",
            "failedStep": "第1步 故事切分",
            "demo": True,
        },
    },
    tag="type",
)
BATCH_EVENTS = Events(
    "Batch",
    {
        "progress": {"current": 1, "total": 6, "progress": 0, "message": "正在生成第1/6帧...", "sequence": None},
        "frame_complete": {
            "sequence": None,
            "imageUrl": None,
            "progress": 17,
            "responseTime": 2400,
            "taskId": IMAGE_ID,
        },
        "frame_error": {"sequence": None, "error": "图片生成超时", "progress": 33},
        "complete": {
            "message": "所有帧生成完成",
            "stats": {"total": 6, "success": 5, "failed": 1, "successRate": 83, "averageTime": 2400},
            "demo": True,
        },
        "error": {"error": "批量生成失败: …", "detail": "批量生成失败: …", "errorCode": "BATCH_FAILED"},
    },
    tag="type",
)
