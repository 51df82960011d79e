// Pictures from RunningHub as they arrive, one card per prompt.
import { call, offer } from "/web/api.js";
import { $, make, show } from "/web/dom.js";
import { pictureAddress } from "/web/drawing.js";
import { announce, say, t } from "/web/i18n.js";
import { openLarge } from "/web/lightbox.js";
import { putPicture } from "/web/picture.js";
import { clearProblem, isStop, showProblem } from "/web/problem.js";
import { noteDemo } from "/web/sandbox.js";
import { follow } from "/web/stream.js";

let now = { id: null, control: null, cards: new Map() };

export function leaveHub() {
  now.control?.abort();
  now = { id: null, control: null, cards: new Map() };
  show($("#hub"), false);
  clearProblem($("#hub-error"));
}

export async function openHub(request) {
  if (now.id === request) return;
  leaveHub();
  now = { id: request, control: new AbortController(), cards: new Map() };
  const mine = now;
  $("#hub-sheet").replaceChildren();
  $("#hub-message").textContent = "";
  $("#hub-bar").value = 0;
  $("#hub-cancel").disabled = false;
  show($("#hub"), true);
  show($("#hub-cancel"), true);
  $("#hub").scrollIntoView({ block: "start" });
  $("#hub-title").focus({ preventScroll: true });
  try {
    await follow(request, { signal: mine.control.signal, onEvent: (event) => told(mine, event) });
    ended(mine);
  } catch (error) {
    if (isStop(error)) return;
    showProblem($("#hub-error"), error);
    ended(mine);
  }
}

function ended(mine) {
  if (now !== mine) return;
  show($("#hub-cancel"), false);
  for (const card of mine.cards.values()) if (card.element.dataset.state === "running") state(card, "stopped");
}

const TELL = {
  status: (mine, data) => data.total_prompts === undefined ? say($("#hub-message"), "hubSending") : say($("#hub-message"), "hubQueued", { count: data.total_prompts }),
  task_created: (mine, data) => state(cardOf(mine, data), "running"),
  task_waiting: (mine, data) => note(cardOf(mine, data), data.message),
  task_requeued: (mine, data) => note(cardOf(mine, data), data.message),
  task_error: (mine, data) => problem(cardOf(mine, data), data.error),
  task_cancelled: (mine, data) => mine.cards.has(data.task_id) && state(mine.cards.get(data.task_id), "stopped"),
  subtask_completed: (mine, data) => completed(cardOf(mine, data), data),
  progress: (mine, data) => progress(data),
  complete: (mine, data) => say($("#hub-message"), data.reason ? "hubCanceled" : "hubDone", { done: data.completed_tasks, total: data.total_tasks }),
  error: (mine, data) => showProblem($("#hub-error"), { message: data.message, code: data.errorCode }),
};

function told(mine, { name, data }) {
  noteDemo(data, "runninghub");
  TELL[name]?.(mine, data);
  if (name === "complete") announce("hubDone", { done: data.completed_tasks, total: data.total_tasks });
}

function progress({ completed, total, percentage }) {
  $("#hub-bar").value = percentage;
  say($("#hub-message"), "drawnCount", { done: completed, all: total });
}

function cardOf(mine, { task_id: id, episode, scene, prompt_index: index }) {
  if (!mine.cards.has(id)) mine.cards.set(id, newCard(`${episode} ${scene} · ${Number(index) + 1}`));
  return mine.cards.get(id);
}

/** Results arrive as they please; the sheet keeps the order of the script. */
function putInOrder(label, element) {
  element.dataset.label = label;
  const later = [...$("#hub-sheet").children].find((other) => other.dataset.label.localeCompare(label, "en", { numeric: true }) > 0);
  $("#hub-sheet").insertBefore(element, later ?? null);
}

function newCard(label) {
  const place = make("div", { className: "picture" });
  const status = make("span", { className: "state" });
  const text = make("p", { className: "description" });
  const caption = make("div", { className: "caption" }, make("strong", { textContent: label }), status);
  const element = make("li", { className: "frame" }, place, caption, text);
  putInOrder(label, element);
  return { label, place, status, text, element, picture: null };
}

function state(card, name) {
  card.element.dataset.state = name;
  say(card.status, `state_${name}`);
}

function note(card, message) {
  card.element.dataset.state = "queued";
  say(card.status, null).textContent = message;
}

function problem(card, reason) {
  state(card, "failed");
  card.element.append(make("p", { className: "problem", textContent: reason }));
}

function resultOf({ result, scene, prompt_index: index }) {
  const scenes = result?.results ?? {};
  return scenes[scene]?.[index] ?? Object.values(scenes)[0]?.[index] ?? {};
}

function completed(card, data) {
  const result = resultOf(data);
  card.text.textContent = result.prompt ?? "";
  if (data.status !== "SUCCESS") return problem(card, reasonOf(result));
  const files = [result.final_result?.data ?? []].flat();
  const id = files.map((file) => /\/api\/images\/([^/]+)\/content/.exec(file.contentUrl ?? "")?.[1]).find(Boolean);
  state(card, "done");
  if (id) picture(card, decodeURIComponent(id));
  else card.element.append(...files.filter((file) => /^https?:/.test(file.fileUrl)).map((file) => make("a", { href: file.fileUrl, textContent: t("openFile"), rel: "noreferrer" })));
}

const reasonOf = (result) => result.create_result?.msg || result.final_result?.msg || t("state_failed");

function picture(card, id) {
  const img = make("img", { loading: "lazy", decoding: "async" });
  const open = make("button", { type: "button", className: "open", data: { tLabel: "enlarge" }, on: { click: () => enlarge(card) } }, img);
  open.setAttribute("aria-label", `${t("enlarge")} ${card.label}`);
  const save = say(make("a", { className: "button save" }), "download");
  const name = card.label.replace(/[^\p{L}\p{N}-]+/gu, "_");
  card.picture = { id, number: card.label, text: card.text.textContent, name };
  putPicture(img, id, { alt: card.text.textContent, onLost: () => problem(card, t("pictureGone")) });
  offer(save, pictureAddress(id), name);
  card.place.replaceChildren(open);
  card.element.append(make("div", { className: "actions" }, save));
}

const inOrder = (cards) => [...$("#hub-sheet").children].map((element) => [...cards.values()].find((card) => card.element === element));

function enlarge(card) {
  const pictures = inOrder(now.cards).map((each) => each.picture).filter(Boolean);
  openLarge(pictures, pictures.indexOf(card.picture));
}

export function startHub() {
  $("#hub-cancel").onclick = async () => {
    $("#hub-cancel").disabled = true;
    try {
      await call("/api/runninghub/task-cancel", { method: "POST", json: { request_id: now.id } });
    } catch (error) {
      if (error.status !== 404) showProblem($("#hub-error"), error);
      $("#hub-cancel").disabled = false;
    }
  };
}
