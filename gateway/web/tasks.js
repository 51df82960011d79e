// What ran before and what runs now: newest first, a page at a time, with a way back into each.
import { call } from "/web/api.js";
import { $, make, show } from "/web/dom.js";
import { adviceFor, clearProblem, showProblem } from "/web/problem.js";
import { currentLanguage, onLanguage, say } from "/web/i18n.js";
import { here } from "/web/route.js";
import { boardOfBatch, scriptOfRequest, title } from "/web/store.js";

const VIEWS = { script_generation: "script", intelligent_analysis: "storyboard", batch_images: "storyboard", runninghub_processing: "pictures" };
const REFRESH = 5000;
let cursor = null;
let timer = 0;
let paged = false;
let question = 0;

const query = (more) => {
  const asked = { limit: "20", task_type: $("#task-type").value, status: $("#task-status").value, cursor: more ? cursor : "" };
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
};

function when(iso) {
  const date = new Date(iso);
  const text = new Intl.DateTimeFormat(currentLanguage() === "zh" ? "zh-CN" : "en", { dateStyle: "medium", timeStyle: "short" }).format(date);
  return make("time", { dateTime: iso, textContent: text });
}

function lasting(task) {
  const seconds = Math.max(0, Math.round((new Date(task.updated_at) - new Date(task.created_at)) / 1000));
  const fill = { minutes: Math.floor(seconds / 60), seconds: seconds % 60 };
  return say(make("span"), seconds < 60 ? "seconds" : "minutes", fill);
}

/** Pictures are called after the storyboard or the script they were drawn for. */
const nameOf = (id) => title(id) ?? title(boardOfBatch(id)?.id ?? scriptOfRequest(id));

function row(task) {
  const link = make("a", { href: `#/${VIEWS[task.task_type] ?? "storyboard"}/${encodeURIComponent(task.task_id)}` });
  const name = nameOf(task.task_id);
  if (name) link.append(make("span", { textContent: name }));
  else link.append(say(make("span"), `type_${task.task_type}`), make("small", { textContent: ` ${task.task_id.slice(0, 8)}` }));
  const badge = say(make("span", { className: "badge", data: { status: task.status } }), `status_${task.status}`);
  const kind = name ? say(make("span"), `type_${task.task_type}`) : "";
  const about = make("p", { className: "hint meta" }, kind, when(task.created_at), lasting(task));
  if (task.total) about.append(say(make("span"), "ofTotal", { current: task.current ?? 0, total: task.total }));
  return make("li", {}, make("div", {}, make("h2", {}, link), about, whyOf(task)), badge);
}

function whyOf(task) {
  if (task.status !== "failed") return task.message ? make("p", { className: "hint", textContent: task.message }) : null;
  const reason = task.error || task.message || "";
  return make("p", { className: "problem" }, make("span", { textContent: `${reason} ` }), say(make("span"), adviceFor(task.errorCode), { reason }));
}

async function load(more = false) {
  clearTimeout(timer);
  paged = more || (paged && Boolean(cursor));
  // Answers may overtake each other; only the one to the last question is shown.
  const mine = (question += 1);
  try {
    const answer = await call(`/api/stream/tasks?${query(more)}`);
    if (mine !== question) return;
    clearProblem($("#tasks-error"));
    render(answer, more);
  } catch (error) {
    if (mine === question) showProblem($("#tasks-error"), error, [["tryAgain", () => load()]]);
  }
  $("#tasks").setAttribute("aria-busy", "false");
}

function render({ tasks, next }, more) {
  const rows = tasks.map(row);
  const focused = document.activeElement?.closest?.("#tasks li a")?.getAttribute("href");
  if (more) $("#tasks").append(...rows);
  else $("#tasks").replaceChildren(...rows);
  if (focused) $(`#tasks a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  if (more) $("a", rows[0])?.focus();
  cursor = next;
  show($("#tasks-more"), Boolean(next));
  show($("#tasks-empty"), !$("#tasks").children.length);
  const running = tasks.some((task) => task.status === "running" || task.status === "queued");
  if (running && !more && !paged) timer = setTimeout(() => here().view === "tasks" && load(), REFRESH);
}

export function openTasks() {
  paged = false;
  load();
}

export function startTasks() {
  $("#tasks-filter").addEventListener("submit", (event) => {
    event.preventDefault();
    openTasks();
  });
  $("#task-type").onchange = openTasks;
  $("#task-status").onchange = openTasks;
  $("#tasks-more").onclick = () => load(true);
  onLanguage(() => here().view === "tasks" && openTasks());
}
