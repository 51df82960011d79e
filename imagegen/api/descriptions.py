"""What imagegen's routes answer, for `/openapi.json`."""

from shared.web.api_descriptions import IMAGES, OPERATORS, PAINTING, PROBES
from shared.web.openapi import Answer, Operation

_SERVICE = {
    "service": "ScriptToFrame Image Generation API",
    "version": "1.0.0",
    "sdk_available": True,
    "endpoints": ["POST /api/generate-image - 生成图片", "GET /api/health - 健康检查"],
}
_HEALTH = {
    "status": "healthy",
    "service": "Image Generation Backend",
    "sdk_available": True,
    "timestamp": 1703456789,
    "dependencies": {
        "volcengine_api": {"status": "healthy"},
        "disk_space": {"status": "healthy"},
        "memory_usage": {"status": "healthy"},
    },
}

TAGS = {"images": "Pictures from Jimeng or RunningHub: paint one and wait, or order it and ask later."} | OPERATORS
OPERATIONS = (
    PROBES
    | IMAGES
    | {
        "describeService": Operation({200: Answer(_SERVICE)}),
        "getHealth": Operation({200: Answer(_HEALTH), 503: Answer(_HEALTH, text="Something is missing: `degraded`")}),
        "generateImage": PAINTING,
    }
)
