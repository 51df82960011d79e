// Writes a script with the generated client, reads its events as they come, and goes on after a cut.
import { createClient } from "./gateway/client";
import { getTask, type BatchEvent, type ScriptEvent, type ScriptRequest } from "./gateway";
import type { components } from "./gateway-schema";

const client = createClient({ baseUrl: "http://localhost:3000" });

/** The events of an answer. `E` is the union that the description names for it. */
async function* eventsOf<E extends { id: string }>(response: Response): AsyncGenerator<E> {
  if (!response.body) return;
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n").filter((line) => !line.startsWith(":"));
      const fields = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields.data) yield { ...fields, data: JSON.parse(fields.data) } as E;
    }
  }
}

async function open(path: string, last: string, request?: ScriptRequest): Promise<Response> {
  const headers = { "Content-Type": "application/json", "Last-Event-ID": last };
  const body = request && JSON.stringify(request);
  return fetch(client.getConfig().baseUrl + path, { method: request ? "POST" : "GET", headers, body });
}

export async function write(request: ScriptRequest, onText: (text: string) => void): Promise<string> {
  let [id, last] = ["", "0"];
  let response = await open("/api/stream/generate-script", last, request);
  for (;;) {
    for await (const event of eventsOf<ScriptEvent>(response)) {
      last = event.id;
      switch (event.event) {
        case "task_id":
          id = event.data.task_id;
          break;
        case "content_chunk":
          onText(event.data.content);
          break;
        case "progress":
          onText(`\n${event.data.current} / ${event.data.total}\n`);
          break;
        case "episode_retry":
          onText(`\n${event.data.episode}: ${event.data.reason}\n`);
          break;
        case "status":
        case "initial_content":
        case "episode_content":
          break;
        case "complete":
          return id;
        case "canceled":
          throw new Error(event.data.message);
        case "error":
          throw new Error(`${event.data.errorCode}: ${event.data.message}`);
        default:
          return unknown(event);
      }
    }
    response = await open(`/api/stream/tasks/${id}/events`, last);
  }
}

// Compiles only while every event of the union has its case.
function unknown(event: never): never {
  throw new Error(JSON.stringify(event));
}

export async function pictures(response: Response): Promise<string[]> {
  const found: string[] = [];
  for await (const { data } of eventsOf<BatchEvent>(response)) {
    if (data.type === "frame_complete") found.push(data.imageUrl);
    else if (data.type === "complete") found.push(`${data.stats.success} of ${data.stats.total}`);
  }
  return found;
}

export async function text(taskId: string): Promise<string> {
  const { data, error } = await getTask({ client, path: { task_id: taskId } });
  if (error || !data) throw new Error(error?.error);
  return data.task_type === "script_generation" ? data.full_script : data.status;
}

/** The same union, as the other generator draws it. */
export function heading(event: components["schemas"]["ScriptEvent"]): string | null {
  return event.event === "episode_content" ? event.data.content.split("\n", 1)[0] ?? null : null;
}
