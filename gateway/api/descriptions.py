"""What the gateway's routes answer, for `/openapi.json`."""

from gateway.api.event_descriptions import (
    ANALYSIS_EVENTS,
    BATCH_EVENTS,
    EXTRACTION_EVENTS,
    RUNNINGHUB_EVENTS,
    SCRIPT_EVENTS,
)
from shared.web.api_descriptions import IMAGES, MOMENT, OPERATORS, PAINTING, PROBES, TASK_ID
from shared.web.openapi import Answer, Operation

_TASK = {
    "task_id": TASK_ID,
    "task_type": "script_generation",
    "status": "running",
    "last_event_id": 42,
    "current": None,
    "total": None,
    "message": None,
    "error": None,
    "errorCode": None,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "demo": True,
}
_FRAME = {
    "sequence": 1,
    "sceneIndex": 1,
    "frameType": "开始帧",
    "chineseDescription": "雨夜，少女推开便利店的门",
    "jimengPrompt": "雨夜，少女推开便利店的门，暖光，电影感",
    "imageUrl": None,
    "isGenerating": False,
    "error": None,
}
_ANALYSIS = {
    "success": True,
    "data": {
        "script_analysis": {
            "sceneCount": 5,
            "frameCount": 6,
            "genre_detected": None,
            "segmented_story": "[第1份] …",
            "extracted_frames": "[第1份-开始帧] …",
        },
        "storyboard_frames": [_FRAME],
        "recommendedStyle": None,
        "recommendedGenre": None,
        "estimatedScenes": 5,
        "intelligentAnalysisComplete": True,
        "demo": True,
    },
}
_BATCH_ITEM = {
    "sequence": None,
    "imageUrl": None,
    "error": None,
    "prompt": None,
    "chineseDescription": None,
    "frameType": None,
    "progress": 25,
    "generatedAt": None,
    "responseTime": 1234,
    "taskId": None,
    "demo": True,
}
_BATCH = {
    "success": True,
    "data": [_BATCH_ITEM],
    "stats": {"total": 4, "success": 3, "failed": 1, "successRate": 75, "averageTime": 1200},
    "requestId": 1703456789000,
    "completedAt": MOMENT,
}
_HEALTH = {
    "service": "ScriptToFrame API",
    "status": "healthy",
    "timestamp": MOMENT,
    "version": "1.0.0",
    "dependencies": {"deepseek": {"status": "healthy"}, "python_backend": {"status": "healthy"}},
}
_CANCELED = {
    "status": "success",
    "message": "任务取消请求已处理",
    "request_id": TASK_ID,
    "cancelled_runninghub_tasks": 1,
    "updated_tasks": 1,
    "removed_from_queue": 2,
    "tasks_affected": 1,
    "request_ids_notified": 1,
}
_VENDORS = {"deepseek": True, "claude": True, "volcengine": True, "runninghub": True}
_META = {"version": "1.0.0", "demo": _VENDORS, "keys": dict.fromkeys(_VENDORS, "DEEPSEEK_API_KEY")}
_OPTIONAL = frozenset({"demo", "error"})
_FOLLOWED = (SCRIPT_EVENTS, RUNNINGHUB_EVENTS, ANALYSIS_EVENTS, BATCH_EVENTS)
_EXTRACTION = Operation(errors=(400,), events=EXTRACTION_EVENTS)
_PROCESSING = Operation(errors=(400, 409), events=RUNNINGHUB_EVENTS)


def _download(media: str, text: str) -> Operation:
    return Operation({200: Answer(media=media, text=text)}, (409,))


TAGS = {
    "storyboards": "From a story to frames with picture prompts, and from frames to pictures.",
    "images": "Single pictures: paint one and wait, or order it and ask later.",
    "scripts": "From an idea to a whole script, streamed as it is written; the picture prompts in it; the text itself.",
    "runninghub": "A script's picture prompts, drawn by a RunningHub workflow.",
    "tasks": "Whatever runs or ran: how it stands, its events from any number on, its pictures as a zip.",
    "access": "Tickets for what cannot send a key: `EventSource` and `<img>`.",
} | OPERATORS
OPERATIONS = (
    PROBES
    | IMAGES
    | {
        "getHealth": Operation(
            {200: Answer(_HEALTH, text="All is well"), 503: Answer(_HEALTH, text="A dependency is missing: `degraded`")}
        ),
        "getMeta": Operation({200: Answer(_META)}),
        "createTicket": Operation({200: Answer({"success": True, "ticket": "MTc2…", "expires_in": 600})}, (400,)),
        "analyzeScript": Operation({200: Answer(_ANALYSIS)}, (400, 409), ANALYSIS_EVENTS),
        "generateImage": PAINTING,
        "generateImagePython": PAINTING,
        "generateAllImages": Operation({200: Answer(_BATCH)}, (400, 409), BATCH_EVENTS),
        "generateScript": Operation(errors=(409,), events=SCRIPT_EVENTS),
        "cancelStream": Operation(
            {200: Answer({"status": "canceled", "task_id": TASK_ID, "task_type": "script_generation"})}
        ),
        "extractScenePrompts": _EXTRACTION,
        "extractScenePromptsByPath": _EXTRACTION,
        "extractScenePromptsByBody": _EXTRACTION,
        "processPrompts": _PROCESSING,
        "processPromptsByPath": _PROCESSING,
        "getRunningHubStatus": Operation(
            {200: Answer({"task_id": "1920031617669115905", "status": None, "result": None}, frozenset({"result"}))},
            (400, 404),
        ),
        "getRunningHubResult": Operation({200: Answer({"task_id": "1920031617669115905", "result": None})}, (400, 404)),
        "cancelRunningHub": Operation({200: Answer(_CANCELED)}),
        "listTasks": Operation({200: Answer({"success": True, "tasks": [_TASK], "next": None})}),
        "getTask": Operation({200: Answer({"success": True} | _TASK)}),
        "followTask": Operation({204: Answer(text="The task has ended and nothing is left to send")}, (), _FOLLOWED),
        "downloadScriptMarkdown": _download("text/markdown", "The finished parts"),
        "downloadScriptText": _download("text/plain", "The finished parts"),
        "downloadStoryboard": _download("application/zip", "Frames, prompts and pictures"),
    }
)
