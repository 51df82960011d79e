"""Writes a script with the generated client, reads its events as they come, and goes on after a cut."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
from gateway_client import Client
from gateway_client.api.tasks import get_task
from gateway_client.models import (
    Error,
    ScriptCanceledEvent,
    ScriptCompleteEvent,
    ScriptContentChunkEvent,
    ScriptErrorEvent,
    ScriptRequest,
    ScriptTask,
    ScriptTaskIdEvent,
)

Told = ScriptTaskIdEvent | ScriptContentChunkEvent | ScriptCompleteEvent | ScriptCanceledEvent | ScriptErrorEvent
KINDS: dict[str, type[Told]] = {
    "task_id": ScriptTaskIdEvent,
    "content_chunk": ScriptContentChunkEvent,
    "complete": ScriptCompleteEvent,
    "canceled": ScriptCanceledEvent,
    "error": ScriptErrorEvent,
}


def events_of(response: httpx.Response) -> Iterator[Told]:
    """The events of an answer that this sample wants."""
    fields: dict[str, Any] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name in {"id", "event"}:
            fields[name] = value
        elif name == "data":
            fields[name] = json.loads(value)
        elif not line:
            if kind := KINDS.get(fields.get("event", "")):
                yield kind.from_dict(fields)
            fields = {}


def write(client: Client, request: ScriptRequest) -> str:
    """The id of the finished task; its text is printed as it comes."""
    task_id, last, http = "", "0", client.get_httpx_client()
    asked = http.build_request("POST", "/api/stream/generate-script", json=request.to_dict())
    while True:
        response = http.send(asked, stream=True)
        for event in events_of(response):
            last = event.id
            if isinstance(event, ScriptTaskIdEvent):
                task_id = event.data.task_id
            elif isinstance(event, ScriptContentChunkEvent):
                print(event.data.content, end="")  # noqa: T201 a sample that is read as it runs
            elif isinstance(event, ScriptCompleteEvent):
                return task_id
            else:
                raise RuntimeError(event.data.message)  # noqa: TRY004 it is the task that failed
        path = f"/api/stream/tasks/{task_id}/events"
        asked = http.build_request("GET", path, headers={"Last-Event-ID": last})


def text_of(client: Client, task_id: str) -> str:
    """A script's text so far. Raises RuntimeError when there is none."""
    task = get_task.sync(task_id, client=client)
    if isinstance(task, ScriptTask):
        return task.full_script
    raise RuntimeError(task.error if isinstance(task, Error) else "no script")
