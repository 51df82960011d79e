"""The routes that both services have, described."""

from shared.web.openapi import Answer, Operation

TASK_ID = "0b0e7ad1-6a1c-4d3f-9a57-6a8c2e0f4b11"
IMAGE_ID = "jimeng_v4_5f3c2a7be01d4c6a9e8f7b6a5c4d3e2f"
MOMENT = "2026-01-01T10:00:00.000Z"
IMAGE = {
    "success": True,
    "id": IMAGE_ID,
    "status": "running",
    "provider": "jimeng",
    "prompt": "雨夜的霓虹街头，少女撑伞回头",
    "frame": None,
    "config": None,
    "imageUrl": None,
    "contentUrl": None,
    "error": None,
    "errorCode": None,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "queue": {"position": 2, "eta_seconds": 9},
    "demo": True,
    "cancelRequested": True,
    "overdue": True,
}
_OCCASIONAL = frozenset({"queue", "demo", "cancelRequested", "overdue"})
_ORDERED = {"success": True, "id": IMAGE_ID, "status": "queued", "demo": True}
_IMAGE = Answer(IMAGE, _OCCASIONAL)

OPERATORS = {
    "health": "Whether it runs, whether it can take work, and what it is made of.",
    "metrics": "What is counted: for Prometheus, and as JSON.",
}
PROBES = {
    "getLiveness": Operation({200: Answer({"status": "alive"})}),
    "getReadiness": Operation({200: Answer({"status": "ready"})}),
    "getPrometheusMetrics": Operation({200: Answer(media="text/plain", text="Prometheus's text format")}),
    "getMetrics": Operation(
        {200: Answer({"system": {"cpu_percent": 3.5, "memory_percent": 41.0, "disk_usage": 55.0}})}
    ),
}
IMAGES = {
    "createImage": Operation({202: Answer(_ORDERED), 200: _IMAGE}, (400, 409)),
    "getImage": Operation({200: _IMAGE}),
    "cancelImage": Operation({200: _IMAGE}),
    "getImageContent": Operation(
        {200: Answer(media="image/*", text="PNG or JPEG"), 304: Answer(text="Not modified")}, (409,)
    ),
}
# Some failures are 200 with `success: false`, as the first backend had it.
PAINTING = Operation({200: Answer({"success": True, "data": None, "error": None})}, (400, 408, 409))
