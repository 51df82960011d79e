// Calls to the gateway: JSON in, JSON out, the server's own reason on failure, an API key only where one is asked for.
import { $, make, sleep } from "/web/dom.js";
import { connectionBack, connectionLost } from "/web/connection.js";
import { currentLanguage } from "/web/i18n.js";

const PATIENCE = [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000];
let asking = null;

export class ApiError extends Error {
  constructor(status, body) {
    const reason = typeof body?.error === "string" ? body.error : body?.detail ?? body?.message;
    super(typeof reason === "string" && reason ? reason : `HTTP ${status}`);
    this.status = status;
    this.code = body?.errorCode ?? "";
    this.body = body ?? {};
  }
}

export class Unreachable extends Error {
  code = "UNREACHABLE";
}

/** Whether the same question may be answered later. */
export const isPassing = (error) => error instanceof Unreachable || error.status >= 500 || error.status === 429;

/** RFC 4122 version 4; `crypto.randomUUID` is missing on plain http in a LAN. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export const apiKey = () => {
  try {
    return sessionStorage.getItem("stf.key");
  } catch {
    return null;
  }
};

function askKey() {
  asking ??= new Promise((resolve) => {
    const dialog = $("#key-dialog");
    $("#key-cancel").onclick = () => dialog.close("");
    dialog.onclose = () => {
      const given = dialog.returnValue === "ok" ? $("#api-key").value.trim() : "";
      if (given) sessionStorage.setItem("stf.key", given);
      asking = null;
      resolve(given);
    };
    dialog.returnValue = "";
    dialog.showModal();
  });
  return asking;
}

function request({ method = "GET", json, headers = {}, key, signal }) {
  const sent = { "Accept-Language": currentLanguage(), ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  if (key) sent["Idempotency-Key"] = key;
  if (apiKey()) sent.Authorization = `Bearer ${apiKey()}`;
  return { method, headers: sent, signal, body: json === undefined ? undefined : JSON.stringify(json) };
}

async function reach(path, options) {
  try {
    const response = await fetch(path, request(options));
    connectionBack();
    return response;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    connectionLost();
    throw new Unreachable(error.message);
  }
}

/** The response of a call that went well. `patient` repeats a call that never arrived; give it only safe or keyed calls. */
export async function open(path, options = {}) {
  for (let tries = 0; ; tries += 1) {
    try {
      const used = apiKey();
      const response = await reach(path, options);
      if (response.ok) return response;
      const body = await response.json().catch(() => null);
      if (response.status === 401 && (apiKey() !== used || (await askKey()))) continue;
      if (!(options.patient && response.status === 502)) throw new ApiError(response.status, body);
      if (tries >= PATIENCE.length) throw new ApiError(response.status, body);
    } catch (error) {
      if (!(error instanceof Unreachable) || !options.patient || tries >= PATIENCE.length) throw error;
    }
    await sleep(PATIENCE[tries], options.signal);
  }
}

export async function call(path, options) {
  return (await open(path, options)).json();
}

const tickets = new Map();

/** The address with a ticket where a key is in use: EventSource and pictures cannot send headers. */
export async function ticketed(path, subject, fresh = false) {
  if (!apiKey()) return path;
  const name = JSON.stringify(subject);
  const kept = tickets.get(name);
  if (fresh || !kept || kept.until < Date.now()) {
    const given = await call("/api/tickets", { method: "POST", json: subject });
    tickets.set(name, { ticket: given.ticket, until: Date.now() + given.expires_in * 800 });
  }
  return `${path}${path.includes("?") ? "&" : "?"}ticket=${encodeURIComponent(tickets.get(name).ticket)}`;
}

/** A plain download link; with a key in use the file is fetched with it first. */
export function offer(link, path, name) {
  link.href = path;
  link.download = name;
  link.onclick = async (event) => {
    if (!apiKey()) return;
    event.preventDefault();
    const address = URL.createObjectURL(await (await open(path)).blob());
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
}
