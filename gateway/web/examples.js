// The curl command that does the same as each action, with what the forms hold now.
import { apiKey, newKey } from "/web/api.js";
import { scriptBody } from "/web/cast.js";
import { $, make } from "/web/dom.js";
import { say } from "/web/i18n.js";
import { here } from "/web/route.js";
import { STORY } from "/web/sample.js";
import { analysisBody, drawingConfig } from "/web/storyboard.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function command(path, { method = "GET", json, headers = [], flags = "" } = {}) {
  const lines = [`curl ${flags}${method === "GET" ? "" : `-X ${method} `}${quoted(location.origin + path)}`];
  if (apiKey()) lines.push('-H "Authorization: Bearer $GATEWAY_API_KEY"');
  for (const header of headers) lines.push(`-H ${quoted(header)}`);
  if (json) lines.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(json))}`);
  return lines.join(" \\\n  ");
}

const keyed = () => [`Idempotency-Key: ${newKey()}`];
const taskId = () => (here().view === "api" ? null : here().ids[0]) ?? "TASK_ID";
const firstPrompt = () => $("#sheet textarea")?.value || "雨夜的旧电影院门口，霓虹倒映在积水里，远景";

function story() {
  const body = analysisBody();
  return { ...body, script: body.script || STORY.zh.slice(0, 120) };
}

function script() {
  const { genre, duration, episodes, characters } = scriptBody();
  return { genre: genre || "都市悬疑", duration: duration || "2分钟", episodes, characters: characters.length ? characters : ["林晚,女,29"] };
}

const frames = () => {
  const prompts = [...document.querySelectorAll("#sheet textarea")].slice(0, 3).map((area) => area.value);
  return (prompts.length ? prompts : [firstPrompt()]).map((prompt, index) => ({ sequence: index + 1, prompt }));
};

const EXAMPLES = {
  analyze: () => command("/api/intelligent-analyze-script?stream=true", { method: "POST", flags: "-N ", headers: keyed(), json: story() }),
  draw: () => command("/api/images", { method: "POST", headers: [...keyed(), "Prefer: wait=60"], json: { prompt: firstPrompt(), config: drawingConfig() } }),
  picture: () => command("/api/images/IMAGE_ID/content", { flags: "-o frame.png " }),
  drawAll: () => command("/api/generate-all-images?stream=true", { method: "POST", flags: "-N ", headers: keyed(), json: { frames: frames(), config: drawingConfig() } }),
  zip: () => command(`/api/stream/tasks/${taskId()}/storyboard.zip`, { flags: "-o storyboard.zip " }),
  script: () => command("/api/stream/generate-script", { method: "POST", flags: "-N ", headers: keyed(), json: script() }),
  follow: () => command(`/api/stream/tasks/${taskId()}/events`, { flags: "-N ", headers: ["Last-Event-ID: 0"] }),
  cancel: () => command(`/api/stream/cancel/${taskId()}`, { method: "DELETE" }),
  extract: () => command(`/api/stream/extract-scene-prompts/${taskId()}?episode=1`, { flags: "-N " }),
  runninghub: () => command(`/api/stream/process-prompts-with-runninghub/${taskId()}`, { method: "POST", flags: "-N ", headers: keyed(), json: { episode: 1 } }),
  scriptFile: () => command(`/api/stream/tasks/${taskId()}/script.md`, { flags: "-o script.md " }),
  tasks: () => command("/api/stream/tasks?limit=20"),
};

export const curlOf = (name) => ({ name, text: EXAMPLES[name]() });

function entry(name, copy) {
  const code = make("code", { textContent: curlOf(name).text });
  const button = say(make("button", { type: "button", className: "copy" }), "copy");
  button.onclick = () => copy(code.textContent, button);
  const heading = say(make("h2"), `api_${name}`);
  const what = say(make("p", { className: "hint" }), `api_${name}_what`);
  return make("section", { className: "example" }, make("div", { className: "bar-row" }, heading, button), what, make("pre", { tabIndex: 0 }, code));
}

export function openExamples(copy) {
  $("#api-list").replaceChildren(...Object.keys(EXAMPLES).map((name) => entry(name, copy)));
}
