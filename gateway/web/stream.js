// Following a task's events, over any number of cuts, until its last one. The work itself never depends on the follower.
import { call, isPassing, newKey, open, ticketed, Unreachable } from "/web/api.js";
import { connectionBack, connectionLost } from "/web/connection.js";
import { sleep } from "/web/dom.js";

const NAMES = [
  "message", "task_id", "status", "content_chunk", "initial_content", "progress", "episode_content", "episode_retry", "complete", "error",
  "canceled", "episode_prompts", "task_created", "task_waiting", "task_requeued", "subtask_completed", "task_error",
  "task_cancelled", "all_tasks_completed", "cancel_requested", "cancel_complete",
];
const LAST = new Set(["complete", "error", "canceled"]);
const FINISHED = new Set(["completed", "failed", "canceled"]);

export const isFinished = (task) => FINISHED.has(task.status);
export const readTask = (id, signal) => call(`/api/stream/tasks/${encodeURIComponent(id)}`, { signal, patient: true });
export const taskOf = (location) => /\/api\/stream\/tasks\/([^/?]+)\/events/.exec(location ?? "")?.[1] ?? null;

/**
 * Follows with the browser's own EventSource, which reconnects by itself. Where it gives up (a refused answer, a ticket run out),
 * the task is asked whether anything is left, and a new source goes on after the last event seen.
 * Resolves at the last event; rejects when the task is gone or `signal` stops it. `onOpen` is called with every connection.
 */
export async function follow(id, { after = 0, onEvent, onOpen, signal }) {
  const seen = { id: after };
  const take = (event) => {
    if (event.id <= seen.id) return;
    seen.id = event.id;
    onEvent(event);
  };
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    const before = seen.id;
    const path = `/api/stream/tasks/${encodeURIComponent(id)}/events?last_event_id=${before}`;
    if (await listen(await ticketed(path, { task_id: id }, before > 0), { take, onOpen, signal })) return;
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

/** One shape for both kinds of stream: named events, and those that carry `type` inside the data. */
function readEvent({ lastEventId, type, data: text }) {
  const data = JSON.parse(text);
  return { id: Number(lastEventId) || 0, name: type === "message" ? data.type ?? type : type, data };
}

/** Whether the last event came; false when the server refused. */
function listen(address, { take, onOpen, signal }) {
  const source = new EventSource(address);
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      source.close();
      signal?.removeEventListener("abort", stop);
      settle(value);
    };
    const stop = () => end(reject, new DOMException("stopped", "AbortError"));
    const hear = (message) => {
      // A server event named "error" and the source's own failure arrive under one name; only the first carries data.
      if (!(message instanceof MessageEvent)) return;
      const event = readEvent(message);
      take(event);
      if (LAST.has(event.name)) end(resolve, true);
    };
    for (const name of NAMES) source.addEventListener(name, hear);
    source.onopen = () => {
      connectionBack();
      onOpen?.();
    };
    source.addEventListener("error", (event) => {
      if (event instanceof MessageEvent) return;
      if (source.readyState === EventSource.CLOSED) end(resolve, false);
      else connectionLost();
    });
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** The events of a stream that is a mere read: after a cut it is read from its beginning. */
export async function readStream(path, subject, signal) {
  let events = [];
  const onOpen = () => (events = []);
  if (await listen(await ticketed(path, subject), { take: (event) => events.push(event), onOpen, signal })) return events;
  // An EventSource does not tell why it was refused.
  await open(path, { signal });
  throw new Unreachable("the stream was refused");
}

/** Posts once under an Idempotency-Key: the task's id, and how to leave the answer that has begun. */
async function begin(path, json, { key = newKey(), signal }) {
  const stop = new AbortController();
  const leave = () => stop.abort();
  signal?.addEventListener("abort", leave, { once: true });
  const response = await open(path, { method: "POST", json, key, signal: stop.signal, patient: true });
  return { id: taskOf(response.headers.get("Location")), leave };
}

/** Posts once and follows. The answer is left only when the follower reads: such work rests while nobody does. */
export async function postStream(path, json, { key, signal, onStart, onEvent }) {
  const { id, leave } = await begin(path, json, { key, signal });
  onStart?.(id);
  try {
    await follow(id, { onEvent, onOpen: leave, signal });
  } finally {
    leave();
  }
}

/** Posts once and keeps only the task's id: the reading is left to `follow`, so that a reload changes nothing. */
export async function postTask(path, json, signal) {
  const { id, leave } = await begin(path, json, { signal });
  leave();
  return id;
}
