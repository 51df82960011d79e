// A script as it grows: pieces of text become lines, set like a screenplay. Everything enters the page as text nodes.
import { make } from "/web/dom.js";

const KINDS = [
  [/^[*\s#]*(?:场次|第.{1,4}场)/, "scene"], [/^\s*(?:\*\*|[-*•] )?[#＃](?![#＃])/, "shot"], [/^\s*(?:\*\*)?[△▲]/, "action"],
  [/^\s*(?:剧名|集数)[：:]/, "title"], [/^\s*#{1,4}\s/, "title"], [/^\s*(?:\*\*)?(?:出场)?人物/, "cast"],
  [/^\s*[-—_=*─]{3,}\s*$/, "rule"], [/^\s*[（(].*[)）]\s*$/, "tone"], [/^\s*(?:[-*•]\s*)?(?:\*\*)?第.{1,5}集/, "entry"],
];

export const countWords = (text) => text.match(/[\u3400-\u9fff\uf900-\ufaff]|[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu)?.length ?? 0;
export const kindOf = (line) => KINDS.find(([pattern]) => pattern.test(line))?.[1] ?? "";

const plain = (line) => line.replace(/\*\*/g, "");
const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => plain(cell).trim());

/** One part of the script, the directory or an episode, inside `place`. */
export class Manuscript {
  #line = "";
  #element = null;
  #table = null;
  text = "";

  constructor(place) {
    this.place = place;
  }

  add(piece) {
    this.text += piece;
    const lines = piece.replace(/\r/g, "").split("\n");
    lines.forEach((part, index) => {
      if (index > 0) this.#close();
      this.#grow(part);
    });
  }

  /** The whole text as the server tells it; nothing is redrawn when the pieces were already the same. */
  set(whole) {
    if (whole === this.text) return this.end();
    this.place.replaceChildren();
    Object.assign(this, { text: "" });
    this.#line = "";
    this.#element = this.#table = null;
    this.add(whole);
    this.end();
  }

  end() {
    this.#close();
  }

  #grow(part) {
    if (!part) return;
    this.#line += part;
    this.#element ??= this.place.appendChild(make("p"));
    this.#element.className = kindOf(this.#line);
    this.#element.textContent = plain(this.#line);
  }

  #close() {
    const line = this.#line;
    if (line.trim().startsWith("|")) this.#row(line);
    else if (line.trim()) this.#table = null;
    if (this.#element && !line.trim()) this.#element.remove();
    this.#line = "";
    this.#element = null;
  }

  #row(line) {
    this.#element.remove();
    if (/^[\s|:-]+$/.test(line)) return;
    const head = this.#table === null;
    if (head) {
      this.#table = make("table");
      this.place.append(make("div", { className: "table", tabIndex: 0, role: "group" }, this.#table));
    }
    const kind = head ? "th" : "td";
    const row = make("tr", {}, ...cells(line).map((textContent) => make(kind, head ? { textContent, scope: "col" } : { textContent })));
    this.#table.append(row);
  }
}
