// The script view: an idea goes in, the script is watched as it is written, cancelled, found again, sent on to pictures.
import { call, offer } from "/web/api.js";
import { characterList, fillScriptForm, scriptBody, startScriptForm } from "/web/cast.js";
import { $, show } from "/web/dom.js";
import { announce, say } from "/web/i18n.js";
import { openHub, leaveHub, startHub } from "/web/hub.js";
import { Pages } from "/web/pages.js";
import { clearProblem, isStop, showProblem } from "/web/problem.js";
import { leavePrompts, openPrompts, startPrompts } from "/web/prompts.js";
import { here, markBusy, remember } from "/web/route.js";
import { noteDemo } from "/web/sandbox.js";
import { keepTitle, scriptOfRequest } from "/web/store.js";
import { follow, isFinished, postTask, readTask } from "/web/stream.js";

let now = idle();

function idle() {
  return { id: null, control: null, pages: null, total: 0, finished: false };
}

function leave() {
  now.control?.abort();
  now.pages?.leave();
  now = idle();
  clearProblem($("#script-error"));
  leavePrompts();
  leaveHub();
  markBusy("script", false);
  for (const part of ["#script-status", "#manuscript", "#script-actions"]) show($(part), false);
}

function begin(id, total) {
  now = { ...idle(), id, total, control: new AbortController() };
  now.pages = new Pages({ total, onExtract: (episode) => extract(episode), figures: $("#script-figures"), bar: $("#script-bar") });
  for (const part of ["#script-status", "#manuscript"]) show($(part), true);
  show($("#script-empty"), false);
  markBusy("script", true);
  show($("#script-cancel"), true);
  $("#script-cancel").disabled = false;
  $("#script-status").dataset.writing = "";
  offer($("#script-md"), `/api/stream/tasks/${encodeURIComponent(id)}/script.md`, "script.md");
  offer($("#script-txt"), `/api/stream/tasks/${encodeURIComponent(id)}/script.txt`, "script.txt");
  return now;
}

async function write(body) {
  leave();
  const mine = begin("", body.episodes);
  scrollTo(0, 0);
  say($("#script-message"), "scriptStarting");
  show($("#script-cancel"), false);
  try {
    const id = await postTask("/api/stream/generate-script", body, mine.control.signal);
    if (now !== mine) return;
    keepTitle(id, `${body.genre} · ${body.characters.map((one) => one.split(",")[0]).join("、")}`);
    mine.pages.leave();
    remember("script", [id]);
    await watch(begin(id, body.episodes), 0);
  } catch (error) {
    if (!isStop(error)) failed(error, body);
  }
}

async function watch(mine, replayed) {
  mine.pages.startClock(replayed);
  await follow(mine.id, { signal: mine.control.signal, onEvent: (event) => told(mine, event) });
  if (!mine.finished) settle(mine, await readTask(mine.id, mine.control.signal));
}

function told(mine, event) {
  const { name, data } = event;
  noteDemo(data, "claude");
  mine.pages.take(event);
  if (name === "status") tellStatus(data.message);
  if (name === "complete") end(mine, "scriptDone", true);
  if (name === "canceled") end(mine, "scriptCanceled", mine.pages.hasEpisodes());
  if (name === "error") {
    end(mine, "scriptFailed", mine.pages.hasEpisodes());
    failed({ message: data.message, code: data.errorCode }, null);
  }
}

function tellStatus(message) {
  const episode = /第\s*(\d+)\s*集/.exec(message)?.[1];
  say($("#script-message"), episode ? "writingEpisode" : "writingDirectory", { episode });
}

function end(mine, word, usable) {
  mine.finished = true;
  delete $("#script-status").dataset.writing;
  mine.pages.finish(word === "scriptDone");
  say($("#script-message"), word);
  announce(word);
  show($("#script-cancel"), false);
  show($("#script-actions"), true);
  show($("#extract-all"), usable);
}

function failed(error, body, heading = "problemScript") {
  if (!now.id) show($("#script-status"), false);
  const ways = body ? [["tryAgain", () => write(body)]] : [];
  showProblem($("#script-error"), { message: error.message, code: error.code, heading }, ways);
}

/** Opens `#/script/{id}` or `#/script/{id}/{request}`; `#/pictures/{request}` where the script is not known. */
export async function openScript([id, request]) {
  if (here().view === "pictures") return openPictures(id);
  if (!id || id !== now.id) await openTask(id);
  if (request && now.id === id) openHub(request);
}

async function openPictures(request) {
  const script = scriptOfRequest(request);
  if (script) {
    location.replace(`#/script/${script}/${request}`);
    return;
  }
  leave();
  show($("#script-empty"), false);
  markBusy("script", true);
  openHub(request);
}

async function openTask(id) {
  leave();
  show($("#script-empty"), !id);
  if (!id) return;
  const mine = begin(id, 0);
  say($("#script-message"), "loading");
  show($("#script-cancel"), false);
  try {
    const task = await readTask(id, mine.control.signal);
    if (now === mine) takeUp(mine, task);
  } catch (error) {
    if (now === mine && !isStop(error)) failed(error, null, "problem");
    if (now === mine) show($("#manuscript"), false);
    if (now === mine) show($("#script-status"), false);
  }
}

function takeUp(mine, task) {
  noteDemo(task, "claude");
  mine.pages.setTotal(task.total ?? 0);
  if (isFinished(task)) return settle(mine, task);
  show($("#script-cancel"), true);
  watch(mine, task.last_event_id ?? 0).catch((error) => isStop(error) || failed(error, null));
}

function settle(mine, task) {
  for (const part of task.episodes ?? []) mine.pages.put(part);
  const word = { completed: "scriptDone", canceled: "scriptCanceled" }[task.status] ?? "scriptFailed";
  end(mine, word, mine.pages.hasEpisodes());
  if (task.status === "failed") failed({ message: task.error ?? "", code: task.errorCode }, null);
}

async function cancel() {
  $("#script-cancel").disabled = true;
  try {
    await call(`/api/stream/cancel/${encodeURIComponent(now.id)}`, { method: "DELETE" });
  } catch (error) {
    // 404: it ended by itself in the meantime, and the stream tells how.
    if (error.status !== 404) failed(error, null);
    $("#script-cancel").disabled = false;
  }
}

const extract = (episode) => openPrompts(now.id, episode);

export const currentScript = () => now.id;

export function startScript() {
  startScriptForm((body) => write(body));
  startPrompts((request) => {
    remember("script", [now.id, request]);
    openHub(request);
  });
  startHub();
  $("#script-cancel").onclick = cancel;
  $("#extract-all").onclick = () => extract(null);
  $("#sample-script-run").onclick = () => {
    fillScriptForm();
    if (characterList().length) write(scriptBody());
  };
}
