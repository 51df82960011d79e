// Server-sent events: an incremental parser for streams read with fetch, after the HTML standard §9.2.6.

export const LAST = new Set(["complete", "error", "canceled"]);

export class EventParser {
  #rest = "";
  #afterReturn = false;
  #event = { data: [], name: "" };
  #id = "";

  /** Takes the next piece of text, cut anywhere; returns the events that are whole now. */
  push(text) {
    let piece = this.#rest + text;
    this.#rest = "";
    if (this.#afterReturn && piece) {
      if (piece[0] === "\n") piece = piece.slice(1);
      this.#afterReturn = false;
    }
    if (piece.endsWith("\r")) this.#afterReturn = true;
    const lines = piece.split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    return lines.map((line) => this.#line(line)).filter(Boolean);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#event.data.push(value);
    else if (field === "event") this.#event.name = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch() {
    const { data, name } = this.#event;
    this.#event = { data: [], name: "" };
    return data.length ? readEvent(this.#id, name, data.join("\n")) : null;
  }
}

/** One shape for both kinds of stream: named events, and those that carry `type` inside the data. */
export function readEvent(id, name, text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  return { id: Number(id) || 0, name: name && name !== "message" ? name : data.type ?? "message", data };
}

export async function* readEvents(response) {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
