// The growing script on screen: one section per part, a list to jump about, and the figures of the writing.
import { $, make, oncePerFrame, show } from "/web/dom.js";
import { number, say } from "/web/i18n.js";
import { Manuscript, countWords } from "/web/manuscript.js";

const WINDOW = 4000;

export class Pages {
  #parts = new Map();
  #buffer = new Map();
  #clock = { replayed: 0, words: 0, recent: [], started: 0 };
  #flush = oncePerFrame(() => this.#write());
  #following = true;
  #current = 0;
  #listeners = new AbortController();

  constructor({ total, onExtract, figures, bar }) {
    Object.assign(this, { total, onExtract, figures, bar });
    $("#parts").replaceChildren();
    $("#pages").replaceChildren();
    this.setTotal(total);
    $("#follow-writing").onclick = () => this.#goToEnd();
    addEventListener("scroll", () => this.#noticeScroll(), { passive: true, signal: this.#listeners.signal });
  }

  setTotal(total) {
    this.total = Math.max(total, this.total);
    this.bar.max = Math.max(1, this.total + 1);
    for (let episode = 0; total && episode <= total; episode += 1) this.#part(episode);
  }

  hasEpisodes = () => [...this.#parts.values()].some((part) => part.episode > 0 && part.done);

  #part(episode) {
    if (!this.#parts.has(episode)) this.#parts.set(episode, this.#newPart(episode));
    return this.#parts.get(episode);
  }

  #newPart(episode) {
    const link = make("button", { type: "button", className: "part", on: { click: () => this.#jump(episode) } });
    say(link, episode ? "episode" : "directory", { episode });
    const item = make("li", {}, link);
    const heading = say(make("h2", { id: `part-${episode}`, tabIndex: -1 }), episode ? "episode" : "directory", { episode });
    const extract = say(make("button", { type: "button", className: "quiet", hidden: true, on: { click: () => this.onExtract(episode) } }), "extractOne");
    const text = make("div", { className: "text" });
    const section = make("section", { className: "page", hidden: true }, make("div", { className: "bar-row" }, heading, extract), text);
    $("#parts").append(item);
    $("#pages").append(section);
    return { episode, link, heading, extract, section, manuscript: new Manuscript(text), done: false };
  }

  #mark(part, state) {
    part.link.dataset.state = state;
    part.done = state === "done";
    show(part.extract, part.done && part.episode > 0);
    if (state === "now") part.link.setAttribute("aria-current", "true");
    else part.link.removeAttribute("aria-current");
  }

  /** Events up to `replayed` were stored before the page came; they do not count as speed. */
  startClock(replayed) {
    this.#clock = { replayed, words: 0, recent: [], started: performance.now() };
  }

  take({ id, name, data }) {
    if (name === "content_chunk") this.#piece(id, data);
    if (name === "initial_content") this.#whole(0, data.content, true);
    if (name === "episode_content") this.#whole(data.episode, data.content, data.is_complete);
    if (name === "episode_retry") this.#drop(data.episode);
    if (name === "progress") this.setTotal(data.total);
  }

  #piece(id, { episode, content }) {
    this.#buffer.set(episode, (this.#buffer.get(episode) ?? "") + content);
    this.#current = episode;
    if (id > this.#clock.replayed) this.#clock.recent.push([performance.now(), countWords(content)]);
    this.#flush();
  }

  /** What was told of a part does not count; its pieces come anew. */
  #drop(episode) {
    this.#buffer.delete(episode);
    const part = this.#part(episode);
    part.manuscript.set("");
    this.#mark(part, "now");
    this.#tell();
  }

  #whole(episode, content, complete) {
    this.#buffer.delete(episode);
    this.put({ episode, content, is_complete: complete });
  }

  put({ episode, content, is_complete: complete }) {
    const part = this.#part(episode);
    show(part.section, Boolean(content));
    part.manuscript.set(content);
    this.#mark(part, complete ? "done" : "cut");
    this.#tell();
  }

  #write() {
    for (const [episode, text] of this.#buffer) {
      const part = this.#part(episode);
      show(part.section, true);
      this.#mark(part, "now");
      part.manuscript.add(text);
    }
    this.#buffer.clear();
    this.#tell();
    if (this.#following && this.#clock.started) this.#goToEnd();
  }

  #tell() {
    const parts = [...this.#parts.values()];
    const done = parts.filter((part) => part.done).length;
    this.bar.value = done;
    const words = parts.reduce((sum, part) => sum + this.#words(part), 0);
    const speed = this.#speed();
    const fill = { words, done: Math.max(0, parts.filter((part) => part.done && part.episode).length), total: this.total, speed };
    say(this.figures, speed === null ? "figures" : "figuresSpeed", fill);
  }

  #words(part) {
    const { text } = part.manuscript;
    if (part.counted !== text.length) Object.assign(part, { counted: text.length, words: countWords(text) });
    return part.words ?? 0;
  }

  #speed() {
    const { recent, started } = this.#clock;
    const now = performance.now();
    while (recent.length && now - recent[0][0] > WINDOW) recent.shift();
    if (!recent.length) return null;
    const span = Math.min(WINDOW, now - started);
    return number(recent.reduce((sum, [, words]) => sum + words, 0) / Math.max(0.5, span / 1000), { maximumFractionDigits: 1 });
  }

  #jump(episode) {
    const part = this.#part(episode);
    if (part.section.hidden) return;
    this.#following = false;
    part.heading.scrollIntoView({ block: "start" });
    part.heading.focus({ preventScroll: true });
  }

  #goToEnd() {
    this.#following = true;
    show($("#follow-writing"), false);
    this.#parts.get(this.#current)?.section.scrollIntoView({ block: "end" });
  }

  #noticeScroll() {
    const section = this.#parts.get(this.#current)?.section;
    if (!section || this.#listeners.signal.aborted) return;
    this.#following = section.getBoundingClientRect().bottom < innerHeight + 160;
    show($("#follow-writing"), !this.#following && this.#clock.started > 0);
  }

  finish(whole) {
    this.#write();
    for (const part of this.#parts.values()) {
      part.manuscript.end();
      if (!part.done) this.#mark(part, part.manuscript.text ? "cut" : "");
    }
    this.#clock = { replayed: 0, words: 0, recent: [], started: 0 };
    this.#following = false;
    if (whole) this.bar.value = this.bar.max;
    this.#tell();
    show($("#follow-writing"), false);
    this.#listeners.abort();
  }

  leave() {
    this.#listeners.abort();
    this.#flush = () => {};
    show($("#follow-writing"), false);
  }
}
