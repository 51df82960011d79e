"""The picture prompts of a RunningHub request, one subtask each, and the events that tell of them (contract §5.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.images import content_path
from gateway.screenplay.parsing.scene_prompts import EpisodePrompts, sendable


@dataclass(frozen=True, slots=True)
class Subtask:
    """A prompt as it is sent. `index` counts all prompts of its scene, empty ones too."""

    id: str
    episode: str
    scene: str
    index: str
    prompt: str

    @property
    def place(self) -> dict[str, str]:
        return {"episode": self.episode, "scene": self.scene, "prompt_index": self.index, "task_id": self.id}

    def beginning(self) -> dict[str, Any]:
        message = f"开始处理任务: {self.episode} {self.scene} 提示词{self.index}"
        return {"message": message, "task_id": self.id, "status": "PROCESSING"}


def subtasks(request_id: str, episodes: Iterable[EpisodePrompts]) -> list[Subtask]:
    """All prompts that hold text."""
    found = []
    for one in episodes:
        for scene in one.scenes:
            for prompt in scene.prompts:
                place = (f"第{one.episode}集", f"场次{scene.id}", str(prompt.index))
                found.append(Subtask("_".join((request_id, *place)), *place, sendable(prompt.text)))
    return [subtask for subtask in found if subtask.prompt]


@dataclass(slots=True)
class ImageProgress:
    """What is known of a subtask's picture so far."""

    image_id: str = ""
    worker_id: int | None = None
    vendor_task_id: str | None = None
    created: Any = None

    def created_event(self, subtask: Subtask) -> dict[str, Any]:
        return subtask.place | {"runninghub_task_id": self.vendor_task_id, "worker_id": self.worker_id}

    def waiting_event(self, subtask: Subtask, refusal: dict[str, Any]) -> dict[str, Any]:
        number, seconds = refusal["number"], round(refusal["wait_seconds"])
        message = f"RunningHub队列已满，等待{seconds}秒后重试 ({number}/10)"
        told = {"retry": number, "max_retries": 10, "wait_seconds": seconds, "message": message}
        return subtask.place | told | {"worker_id": self.worker_id}

    def requeued_event(self, subtask: Subtask) -> dict[str, Any]:
        message = "已达最大重试次数，任务放回队列末尾，将在稍后处理"
        return subtask.place | {"message": message, "worker_id": self.worker_id}

    def error_event(self, subtask: Subtask, error: str, facts: dict[str, Any]) -> dict[str, Any]:
        return subtask.place | {"error": error, "worker_id": self.worker_id} | facts

    def completed_event(self, subtask: Subtask, raw: dict[str, Any], *, succeeded: bool) -> dict[str, Any]:
        status = "SUCCESS" if succeeded else "FAILED"
        result = {
            "prompt": subtask.prompt,
            "create_result": self.created,
            "task_id": self.vendor_task_id,
            "status": status,
            "status_result": raw.get("state") or status,
            "final_result": self._linked(raw.get("outputs")),
        }
        results = {"episode": subtask.episode, "results": {subtask.scene: {subtask.index: result}}}
        ids = {"runninghub_task_id": self.vendor_task_id, "status": status, "worker_id": self.worker_id}
        return subtask.place | ids | {"result": results}

    def _linked(self, outputs: Any) -> Any:
        """The vendor's outputs with a link that does not die beside each file of theirs."""
        if not isinstance(outputs, dict) or not isinstance(files := outputs.get("data"), list):
            return outputs
        link = {"contentUrl": content_path(self.image_id)}
        return outputs | {"data": [file | link if isinstance(file, dict) else file for file in files]}
