// Following a task's events, over any number of cuts, until its last one. The work itself never depends on the follower.
import { ApiError, call, isPassing, newKey, open, ticketed } from "/web/api.js";
import { connectionBack, connectionLost } from "/web/connection.js";
import { sleep } from "/web/dom.js";
import { LAST, readEvent, readEvents } from "/web/sse.js";

const NAMES = [
  "message", "task_id", "status", "content_chunk", "initial_content", "progress", "episode_content", "complete", "error",
  "canceled", "episode_prompts", "task_created", "task_waiting", "task_requeued", "subtask_completed", "task_error",
  "task_cancelled", "all_tasks_completed", "cancel_complete",
];
const FINISHED = new Set(["completed", "failed", "canceled"]);

export const isFinished = (task) => FINISHED.has(task.status);
export const readTask = (id, signal) => call(`/api/stream/tasks/${encodeURIComponent(id)}`, { signal, patient: true });
export const taskOf = (location) => /\/api\/stream\/tasks\/([^/?]+)\/events/.exec(location ?? "")?.[1] ?? null;

/**
 * Follows with the browser's own EventSource, which reconnects by itself. Where it gives up (a refused answer, a ticket run out),
 * the task is asked whether anything is left, and a new source goes on after the last event seen.
 * Resolves at the last event; rejects when the task is gone or `signal` stops it.
 */
export async function follow(id, { after = 0, onEvent, signal }) {
  const seen = { id: after };
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    const before = seen.id;
    if (await listen(id, seen, onEvent, signal)) return;
    if (seen.id > before) pause = 500;
    if (await nothingLeft(id, seen.id, signal)) return;
    await sleep(pause, signal);
  }
}

async function nothingLeft(id, last, signal) {
  try {
    const task = await readTask(id, signal);
    return isFinished(task) && task.last_event_id <= last;
  } catch (error) {
    if (isPassing(error)) return false;
    throw error;
  }
}

async function listen(id, seen, onEvent, signal) {
  const path = `/api/stream/tasks/${encodeURIComponent(id)}/events?last_event_id=${seen.id}`;
  const source = new EventSource(await ticketed(path, { task_id: id }, seen.id > 0));
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      source.close();
      signal?.removeEventListener("abort", stop);
      settle(value);
    };
    const stop = () => end(reject, new DOMException("stopped", "AbortError"));
    const take = (message) => {
      // A server event named "error" and the source's own failure arrive under one name; only the first carries data.
      if (!(message instanceof MessageEvent)) return;
      const event = readEvent(message.lastEventId, message.type, message.data);
      if (!event || event.id <= seen.id) return;
      seen.id = event.id;
      onEvent(event);
      if (LAST.has(event.name)) end(resolve, true);
    };
    for (const name of NAMES) source.addEventListener(name, take);
    source.onopen = connectionBack;
    source.addEventListener("error", (event) => {
      if (event instanceof MessageEvent) return;
      if (source.readyState === EventSource.CLOSED) end(resolve, false);
      else connectionLost();
    });
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Posts once under an Idempotency-Key, reads the answer as it comes, and goes on by R2 when the connection is cut. */
export async function postStream(path, json, { key = newKey(), signal, onStart, onEvent }) {
  const response = await open(path, { method: "POST", json, key, signal, patient: true });
  const id = taskOf(response.headers.get("Location"));
  onStart?.(id);
  const seen = await readAnswer(response, onEvent, signal);
  if (seen.ended) return;
  if (!id) throw new ApiError(response.status, { error: "stream ended early", errorCode: "STREAM_CUT" });
  await follow(id, { after: seen.id, onEvent, signal });
}

async function readAnswer(response, onEvent, signal) {
  const seen = { id: 0, ended: false };
  try {
    for await (const event of readEvents(response)) {
      seen.id = Math.max(seen.id, event.id);
      seen.ended = LAST.has(event.name);
      onEvent(event);
      if (seen.ended) break;
    }
  } catch (error) {
    if (signal?.aborted || !(error instanceof TypeError || error.name === "NetworkError")) throw error;
    connectionLost();
  }
  return seen;
}

/** Posts once and keeps only the task's id: the reading is left to `follow`, so that a reload changes nothing. */
export async function postTask(path, json, signal) {
  const stop = new AbortController();
  signal?.addEventListener("abort", () => stop.abort(), { once: true });
  const response = await open(path, { method: "POST", json, key: newKey(), signal: stop.signal, patient: true });
  const id = taskOf(response.headers.get("Location"));
  stop.abort();
  return id;
}
