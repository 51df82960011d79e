// The contact sheet: one card per frame, with its prompt, its picture and its state.
import { offer } from "/web/api.js";
import { $, $$, fromTemplate, oncePerFrame, show } from "/web/dom.js";
import { pictureAddress } from "/web/drawing.js";
import { say, t } from "/web/i18n.js";
import { openLarge } from "/web/lightbox.js";
import { putPicture } from "/web/picture.js";
import { adviceFor } from "/web/problem.js";

const BUSY = new Set(["ordered", "queued", "running"]);

export const isBusy = (card) => BUSY.has(card.state);
export const padded = (sequence) => String(sequence).padStart(2, "0");

/** Builds the sheet; `actions` are {draw, halt, edited}, each called with the card. */
export function buildSheet(sheet, frames, kept, config, actions) {
  sheet.dataset.ratio = config.aspectRatio ?? "16:9";
  const cards = frames.map((frame) => buildCard(frame, kept, actions));
  for (const card of cards) {
    card.parts.open.onclick = () => enlarge(cards, card);
  }
  sheet.replaceChildren(...cards.map((card) => card.element));
  return cards;
}

function buildCard(frame, kept, actions) {
  const element = fromTemplate("frame-card");
  const part = (name) => $(`.${name}`, element);
  const parts = {
    open: part("open"), img: $("img", element), state: part("state"), problem: part("problem"), prompt: $("textarea", element),
    draw: part("draw"), halt: part("halt"), save: part("save"),
  };
  const prompt = kept.prompts[frame.sequence] ?? frame.jimengPrompt ?? frame.prompt ?? "";
  const card = { frame, element, parts, prompt, imageId: null, state: "idle", work: null };
  word(card, part);
  parts.prompt.value = prompt;
  parts.prompt.oninput = () => {
    card.prompt = parts.prompt.value;
    actions.edited(card);
  };
  parts.draw.onclick = () => actions.draw(card);
  parts.halt.onclick = () => actions.halt(card);
  const image = kept.images[frame.sequence] ?? frame.taskId;
  if (image) setImage(card, image);
  setState(card, image ? "done" : "idle");
  return card;
}

function word(card, part) {
  const { frame, element } = card;
  const number = padded(frame.sequence);
  element.id = `frame-${frame.sequence}`;
  element.setAttribute("aria-label", number);
  part("number-large").textContent = number;
  part("number").textContent = number;
  say(part("kind"), frame.frameType === "结束帧" ? "endFrame" : "startFrame", { scene: frame.sceneIndex ?? frame.sequence });
  part("description").textContent = frame.chineseDescription ?? "";
}

export function setImage(card, id) {
  const { img, open, save } = card.parts;
  const text = card.frame.chineseDescription || card.prompt;
  card.imageId = id;
  show(open, true);
  open.dataset.tLabel = "enlarge";
  open.setAttribute("aria-label", `${t("enlarge")} ${padded(card.frame.sequence)}`);
  putPicture(img, id, { alt: text, onLost: () => setState(card, "failed", { word: "pictureGone" }) });
  offer(save, pictureAddress(id), `frame-${padded(card.frame.sequence)}`);
}

/** `note`: {word, fill} for the state line, {problem, code} for a reason of the server. */
export function setState(card, state, note = {}) {
  const { parts, element } = card;
  card.state = state;
  element.dataset.state = state;
  element.setAttribute("aria-busy", String(BUSY.has(state)));
  say(parts.state, note.word ?? (state === "idle" ? null : `state_${state}`), note.fill);
  const reason = note.problem ?? "";
  show(parts.problem, Boolean(reason));
  parts.problem.textContent = reason ? `${reason} ${t(adviceFor(note.code), { reason })}` : "";
  show(parts.draw, !BUSY.has(state));
  show(parts.halt, BUSY.has(state) && card.work !== null);
  show(parts.save, Boolean(card.imageId));
  say(parts.draw, drawWord(card, state));
}

function drawWord(card, state) {
  if (card.imageId) return "redraw";
  return state === "failed" ? "tryAgain" : "draw";
}

function enlarge(cards, card) {
  const drawn = cards.filter((each) => each.imageId);
  const pictures = drawn.map((each) => ({
    id: each.imageId, number: padded(each.frame.sequence), text: each.frame.chineseDescription || each.prompt,
    name: `frame-${padded(each.frame.sequence)}`,
  }));
  openLarge(pictures, drawn.indexOf(card));
}

/** Says how far the sheet is, at most once per painted frame: one batch sends hundreds of news. */
export const teller = (cards, place) =>
  oncePerFrame(() => {
    const done = cards.filter((card) => card.imageId).length;
    say(place, "drawnCount", { done, all: cards.length });
  });

export const relabel = () => {
  for (const open of $$(".frame .open")) open.setAttribute("aria-label", `${t("enlarge")} ${open.closest("li").getAttribute("aria-label")}`);
};
