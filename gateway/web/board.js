// Drawing on a storyboard: one frame, all frames, again, stop; and remembering which picture belongs to which frame.
import { newKey, offer } from "/web/api.js";
import { $, show, sleep } from "/web/dom.js";
import { cancelPicture, order, untilEnded } from "/web/drawing.js";
import { buildSheet, isBusy, setImage, setState, teller } from "/web/frames.js";
import { announce, say } from "/web/i18n.js";
import { clearProblem, isStop, showProblem } from "/web/problem.js";
import { confirmed } from "/web/confirm.js";
import { keepBoard } from "/web/store.js";
import { isFinished, postStream, readTask } from "/web/stream.js";

export class Board {
  #batch = null;
  #left = false;

  /** `kept` is what the browser remembers of it, see store.js. */
  constructor(id, frames, kept) {
    this.id = id;
    this.kept = kept;
    this.config = kept.config ?? {};
    this.cards = buildSheet($("#sheet"), frames, kept, this.config, {
      draw: (card) => this.drawOne(card), halt: (card) => this.halt(card), edited: (card) => this.#edited(card),
    });
    const tell = teller(this.cards, $("#board-drawn"));
    this.tell = () => this.#left || tell();
    this.#head();
    for (const card of this.cards) this.#resumeOne(card);
    if (kept.batch?.running) this.#runBatch(kept.batch);
  }

  #head() {
    say($("#board-count"), "frameCount", { count: this.cards.length });
    $("#draw-all").onclick = () => this.drawAll();
    $("#draw-stop").onclick = () => this.#batch?.abort();
    show($("#board-head"), true);
    this.#refresh();
  }

  #refresh() {
    if (this.#left) return;
    const left = this.cards.filter((card) => !card.imageId).length;
    const word = left === 0 ? "redrawAll" : left === this.cards.length ? "drawAll" : "drawRest";
    say($("#draw-all"), word, { count: left || this.cards.length });
    $("#draw-all").classList.toggle("primary", left > 0);
    show($("#draw-all"), !this.#batch);
    show($("#draw-stop"), Boolean(this.#batch));
    show($("#draw-bar"), Boolean(this.#batch));
    offer($("#board-zip"), this.#zipAddress(), "storyboard.zip");
    this.tell();
  }

  #zipAddress() {
    const chosen = this.cards.filter((card) => card.imageId).map((card) => `${card.frame.sequence}:${card.imageId}`);
    const query = chosen.length ? `?images=${encodeURIComponent(chosen.join(","))}` : "";
    return `/api/stream/tasks/${encodeURIComponent(this.id)}/storyboard.zip${query}`;
  }

  #keep() {
    keepBoard(this.kept);
  }

  #edited(card) {
    this.kept.prompts[card.frame.sequence] = card.prompt;
    this.#keep();
  }

  orderOf(card) {
    const { taskId, imageUrl, contentUrl, error, isGenerating, ...plain } = card.frame;
    return { ...plain, jimengPrompt: card.prompt, prompt: card.prompt };
  }

  async drawOne(card) {
    const json = { prompt: card.prompt, frame: { ...this.orderOf(card), storyboardTaskId: this.id }, config: this.config };
    await this.#work(card, (options) => order(json, options));
  }

  #resumeOne(card) {
    const pending = this.kept.pending?.[card.frame.sequence];
    if (pending) this.#work(card, (options) => untilEnded(pending, options));
  }

  async #work(card, draw) {
    card.work = { control: new AbortController(), id: null };
    setState(card, "ordered");
    try {
      this.#ended(card, await draw({ signal: card.work.control.signal, onUpdate: (image) => this.#update(card, image) }));
    } catch (error) {
      this.#pending(card, null);
      if (!isStop(error)) setState(card, "failed", { problem: error.message, code: error.code });
    } finally {
      card.work = null;
      show(card.parts.halt, false);
      this.#refresh();
    }
  }

  #pending(card, id) {
    this.kept.pending = { ...this.kept.pending, [card.frame.sequence]: id ?? undefined };
    this.#keep();
  }

  #update(card, image) {
    if (card.work.id !== image.id) this.#pending(card, image.id);
    card.work.id = image.id;
    const queue = image.queue;
    const fill = queue && { position: queue.position, seconds: Math.max(1, Math.round(queue.eta_seconds ?? 0)) };
    if (image.cancelRequested) setState(card, "running", { word: "state_tooLate" });
    else if (image.status === "queued") setState(card, "queued", queue ? { word: "queueAt", fill } : {});
    else if (image.status === "running") setState(card, "running");
  }

  #ended(card, image) {
    this.#pending(card, null);
    if (image.status === "succeeded") this.#drawn(card, image.id);
    else if (image.status === "canceled") setState(card, card.imageId ? "done" : "stopped");
    else setState(card, "failed", { problem: image.error ?? "", code: image.errorCode });
  }

  #drawn(card, id) {
    this.kept.images[card.frame.sequence] = id;
    this.#keep();
    setImage(card, id);
    setState(card, "done");
    announce("announceDrawn", { number: card.frame.sequence });
  }

  async halt(card) {
    if (!card.work?.id) return card.work?.control.abort();
    try {
      this.#update(card, await cancelPicture(card.work.id));
    } catch (error) {
      setState(card, card.state, { problem: error.message, code: error.code });
    }
  }

  async drawAll() {
    const left = this.cards.filter((card) => !card.imageId && !isBusy(card));
    const wanted = left.length ? left : this.cards.filter((card) => !isBusy(card));
    if (!left.length && !(await confirmed("redrawAllSure", "redrawAll", { count: wanted.length }))) return;
    const frames = wanted.map((card) => this.orderOf(card));
    const fresh = { key: newKey(), json: { frames, config: this.config, storyboardTaskId: this.id } };
    await this.#runBatch(this.#stopped(frames) ?? fresh);
  }

  /** A stopped batch goes on under its own key, so that nothing is paid for twice, unless a prompt has changed since. */
  #stopped(frames) {
    const { batch } = this.kept;
    const known = new Set(batch?.stopped ? batch.json.frames.map((frame) => JSON.stringify(frame)) : []);
    return frames.every((frame) => known.has(JSON.stringify(frame))) ? batch : null;
  }

  async #runBatch(batch) {
    const again = batch.stopped;
    this.kept.batch = Object.assign(batch, { running: true, stopped: false });
    this.#keep();
    this.#batch = new AbortController();
    const wanted = new Map(batch.json.frames.map((frame) => [frame.sequence, this.cards.find((card) => card.frame.sequence === frame.sequence)]));
    for (const card of wanted.values()) if (!(again && card.imageId)) setState(card, "ordered");
    $("#draw-bar").value = 0;
    this.#refresh();
    try {
      await postStream("/api/generate-all-images?stream=true", batch.json, {
        key: batch.key, signal: this.#batch.signal, onStart: (id) => this.#began(batch, id), onEvent: (event) => this.#told(wanted, event),
      });
    } catch (error) {
      if (isStop(error)) batch.stopped = true;
      else this.#problem(error);
    }
    this.#over(wanted, batch);
    if (batch.stopped) await this.#collect(wanted, batch);
  }

  #began(batch, id) {
    batch.id = id;
    this.#keep();
  }

  #told(wanted, { name, data }) {
    const card = wanted.get(data.sequence);
    if (data.progress !== undefined && !this.#left) $("#draw-bar").value = data.progress;
    if (name === "progress" && card && isBusy(card)) setState(card, "running");
    if (name === "frame_complete" && card) this.#drawn(card, data.taskId);
    if (name === "frame_error" && card) setState(card, "failed", { problem: data.error, code: data.errorCode });
    if (name === "complete") announce("announceAllDrawn", data.stats);
    if (name === "error") this.#problem({ message: data.error, code: data.errorCode });
    this.tell();
  }

  /** After a stop, pictures that were already submitted are finished and kept by the server: they are taken in. */
  async #collect(wanted, batch) {
    const before = new Map([...wanted].map(([sequence, card]) => [sequence, card.imageId]));
    for (let tries = 0; batch.id && batch.stopped && tries < 20; tries += 1) {
      const task = await readTask(batch.id).catch(() => null);
      if (!task || !batch.stopped) return;
      for (const item of (task.data ?? []).filter(Boolean)) {
        const card = wanted.get(item.sequence);
        const untouched = card && !isBusy(card) && card.imageId === before.get(item.sequence);
        if (untouched && item.taskId && !item.error && item.taskId !== card.imageId) this.#drawn(card, item.taskId);
      }
      this.#refresh();
      if (isFinished(task)) return;
      await sleep(1500);
    }
  }

  #over(wanted, batch) {
    batch.running = false;
    this.#batch = null;
    for (const card of wanted.values()) if (isBusy(card)) setState(card, card.imageId ? "done" : "stopped");
    this.#keep();
    this.#refresh();
  }

  #problem(error) {
    if (this.#left) return;
    showProblem($("#board-error"), { message: error.message, code: error.code, heading: "problemDrawing" }, [["tryAgain", () => this.drawAll()]]);
  }

  /** What is being drawn is still read and remembered; only the screen belongs to others now. */
  leave() {
    this.#left = true;
    clearProblem($("#board-error"));
    $("#sheet").replaceChildren();
    show($("#board-head"), false);
  }
}
