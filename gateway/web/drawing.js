// One picture from the order to the finished file: N1 once under a key, then N2 with `Prefer: wait` until it has ended.
import { call, isPassing, newKey } from "/web/api.js";
import { sleep } from "/web/dom.js";

const ENDED = new Set(["succeeded", "failed", "canceled"]);
// Browsers open six connections to a host; long waits must leave room for pictures and streams.
const LONG_WAITS = 2;
let waiting = 0;

export const pictureAddress = (id) => `/api/images/${encodeURIComponent(id)}/content`;

export async function order(json, { signal, onUpdate }) {
  const accepted = await call("/api/images", { method: "POST", json, key: newKey(), signal, patient: true });
  onUpdate(accepted);
  return await untilEnded(accepted.id, { signal, onUpdate });
}

export async function untilEnded(id, { signal, onUpdate }) {
  for (let first = true; ; first = false) {
    const image = await look(id, first, signal);
    if (image) onUpdate(image);
    if (image && ENDED.has(image.status)) return image;
    if (!image || waiting >= LONG_WAITS) await sleep(2000, signal);
  }
}

async function look(id, first, signal) {
  const long = !first && waiting < LONG_WAITS;
  waiting += long ? 1 : 0;
  try {
    const headers = long ? { Prefer: "wait=5" } : {};
    return await call(`/api/images/${encodeURIComponent(id)}`, { headers, signal });
  } catch (error) {
    if (isPassing(error)) return null;
    throw error;
  } finally {
    waiting -= long ? 1 : 0;
  }
}

export const cancelPicture = (id) => call(`/api/images/${encodeURIComponent(id)}`, { method: "DELETE" });
