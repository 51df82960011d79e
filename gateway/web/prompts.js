// Picture prompts taken out of a script, per episode and scene, and their way to RunningHub.
import { $, make, show } from "/web/dom.js";
import { announce, say } from "/web/i18n.js";
import { clearProblem, isStop, showProblem } from "/web/problem.js";
import { keepRequest } from "/web/store.js";
import { postTask, readStream } from "/web/stream.js";

let now = { id: null, control: null };
let sent = () => {};

/** The text of one `episode_prompts` event as scenes: [{scene, prompts}]. */
export function readScenes(content) {
  const scenes = [];
  for (const line of content.split("\n")) {
    if (line.startsWith("#")) {
      if (!scenes.length) scenes.push({ scene: "", prompts: [] });
      scenes.at(-1).prompts.push(line.slice(1).trim());
    } else if (/^场次.*：$/.test(line)) scenes.push({ scene: line.replace(/：$/, ""), prompts: [] });
  }
  return scenes;
}

function episodeBox({ episode, content }) {
  const scenes = readScenes(content);
  const count = scenes.reduce((sum, { prompts }) => sum + prompts.length, 0);
  const heading = say(make("h3"), count ? "episodePrompts" : "episode", { episode: Number(episode), count });
  const button = make("button", { type: "button", on: { click: () => send(Number(episode)) } });
  const head = make("div", { className: "bar-row" }, heading, count ? say(button, "sendOne") : null);
  return make("section", {}, head, ...(count ? scenes.map(sceneBox) : [make("p", { className: "hint", textContent: content })]));
}

const sceneBox = ({ scene, prompts }) =>
  make("div", { className: "scene" }, make("h4", { textContent: scene }),
    make("ul", {}, ...prompts.map((textContent) => make("li", { textContent }))));

export async function openPrompts(id, episode) {
  now.control?.abort();
  now = { id, control: new AbortController() };
  const list = $("#prompts-list");
  list.replaceChildren(say(make("p", { className: "hint" }), "extracting"));
  show($("#prompts"), true);
  show($("#send-all"), false);
  $("#prompts").scrollIntoView({ block: "start" });
  $("#prompts-title").focus({ preventScroll: true });
  try {
    await read(list, `/api/stream/extract-scene-prompts/${encodeURIComponent(id)}${episode ? `?episode=${episode}` : ""}`, !episode);
  } catch (error) {
    if (!isStop(error)) showProblem(list, error, [["tryAgain", () => openPrompts(id, episode)]]);
  }
}

async function read(list, path, whole) {
  const boxes = [];
  for (const { name, data } of await readStream(path, { task_id: now.id }, now.control.signal)) {
    if (name === "episode_prompts") boxes.push(episodeBox(data));
    if (name === "error") throw Object.assign(new Error(data.message), { code: data.errorCode });
  }
  list.replaceChildren(...boxes);
  show($("#send-all"), whole && boxes.some((box) => box.querySelector("li")));
  announce("extracted");
}

async function send(episode) {
  const path = `/api/stream/process-prompts-with-runninghub/${encodeURIComponent(now.id)}`;
  try {
    const request = await postTask(path, episode ? { episode } : {});
    keepRequest(request, now.id);
    sent(request);
  } catch (error) {
    showProblem($("#hub-error"), error, [["tryAgain", () => send(episode)]]);
    show($("#hub"), true);
  }
}

export function leavePrompts() {
  now.control?.abort();
  show($("#prompts"), false);
}

export function startPrompts(onSent) {
  sent = onSent;
  $("#send-all").onclick = () => send(null);
  $("#prompts-close").onclick = () => {
    leavePrompts();
    clearProblem($("#prompts-list"));
    $("#extract-all").focus();
  };
}
