// The storyboard view: a story goes in, four steps are watched, a sheet of frames comes out.
import { newKey } from "/web/api.js";
import { Board } from "/web/board.js";
import { $, $$, make, show, sleep } from "/web/dom.js";
import { padded } from "/web/frames.js";
import { announce, currentLanguage, onLanguage, say } from "/web/i18n.js";
import { clearProblem, isStop, showProblem } from "/web/problem.js";
import { markBusy, remember } from "/web/route.js";
import { STORY } from "/web/sample.js";
import { noteDemo, sandboxAnswersFor } from "/web/sandbox.js";
import { board, boardOfBatch, draft, keepBoard, keepDraft, keepTitle } from "/web/store.js";
import { isFinished, postStream, readTask } from "/web/stream.js";

let now = { id: null, board: null, control: null };

const field = (name) => $("#board-form").elements[name];

function formValue() {
  return Object.fromEntries(["script", "sceneCount", "style", "genre", "aspectRatio", "resolution"].map((name) => [name, field(name).value]));
}

export function analysisBody() {
  const { script, sceneCount, style, genre } = formValue();
  return { script, sceneCount: Number(sceneCount), style, genre };
}

export function drawingConfig() {
  const { aspectRatio, resolution, style } = formValue();
  return { aspectRatio, resolution, style };
}

function tellCounts() {
  say($("#story-count"), "storyCount", { count: [...field("script").value.replace(/\s/g, "")].length });
  const scenes = Number(field("sceneCount").value);
  say($("#scene-hint"), scenes >= 1 ? "sceneHint" : null, { scenes, frames: scenes + 1 });
}

function useSample() {
  field("script").value = STORY[currentLanguage()];
  changed();
}

function changed() {
  tellCounts();
  keepDraft("board", formValue());
}

function showPart({ progress = false, empty = false }) {
  show($("#board-progress"), progress);
  show($("#board-empty"), empty);
}

function leaveBoard() {
  now.control?.abort();
  now.board?.leave();
  now = { id: null, board: null, control: null };
  clearProblem($("#board-error"));
  $("#sheet").replaceChildren();
  markBusy("storyboard", false);
}

function tellStep(step, progress, message) {
  $("#board-bar").value = progress;
  $("#board-message").textContent = (currentLanguage() === "zh" && message) || "";
  $$("#board-steps li").forEach((item, index) => {
    item.dataset.state = index + 1 < step ? "done" : index + 1 === step ? "now" : "";
    if (index + 1 === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

/** `run`: {key, body, config, autoDraw}; the same run posted again goes on from what the server has kept. */
async function analyze(run) {
  leaveBoard();
  now.control = new AbortController();
  const mine = now;
  showPart({ progress: true });
  markBusy("storyboard", true);
  scrollTo(0, 0);
  layGhosts(run.body.sceneCount + 1, run.config.aspectRatio);
  tellStep(1, 0, "");
  announce("step1");
  try {
    await postStream("/api/intelligent-analyze-script?stream=true", run.body, {
      key: run.key, signal: now.control.signal,
      onStart: (id) => began(id, run), onEvent: (event) => now === mine && told(event, run),
    });
  } catch (error) {
    if (now === mine) broken(error, run);
  }
}

/** Empty frames hold the places of those to come, so that nothing jumps when they arrive. */
function layGhosts(count, ratio) {
  $("#sheet").dataset.ratio = ratio;
  const ghost = (index) =>
    make("li", { className: "frame ghost", ariaHidden: "true" },
      make("div", { className: "picture" }, make("span", { className: "number-large", textContent: padded(index + 1) })));
  $("#sheet").replaceChildren(...Array.from({ length: count }, (_, index) => ghost(index)));
}

function began(id, run) {
  now.id = id;
  keepTitle(id, run.body.script);
  keepBoard({ ...board(id), run, config: run.config, reading: true });
  remember("storyboard", [id]);
}

function told({ name, data }, run) {
  noteDemo(data, "deepseek");
  if (name !== "progress") keepBoard({ ...board(now.id), reading: false });
  if (name === "progress") tellStep(data.step, data.progress, data.message);
  if (name === "complete") showFrames(now.id, data.data.storyboard_frames, run.autoDraw);
  if (name === "error") fail({ message: data.error, code: data.errorCode }, run);
}

function broken(error, run) {
  if (!isStop(error)) return fail(error, run);
  if (now.id) keepBoard({ ...board(now.id), reading: false });
  offerToGoOn(run);
}

function offerToGoOn(run) {
  showPart({});
  $("#sheet").replaceChildren();
  showProblem($("#board-error"), { message: "", heading: "analysisStopped", code: "STOPPED" }, [["goOn", () => analyze(run)]]);
}

function fail(error, run) {
  showPart({});
  $("#sheet").replaceChildren();
  const again = { ...run, key: newKey() };
  showProblem($("#board-error"), { message: error.message, code: error.code, heading: "problemAnalysis" }, run ? [["tryAgain", () => analyze(again)]] : []);
}

function showFrames(id, frames, autoDraw) {
  showPart({});
  now.id = id;
  now.board = new Board(id, frames, board(id));
  announce("announceFrames", { count: frames.length });
  if (autoDraw && !now.board.kept.batch) now.board.drawAll();
}

/** Opens `#/storyboard/{id}`: a storyboard, or a batch of pictures that may belong to one. */
export async function openStoryboard([id]) {
  if (id && id === now.id) return;
  leaveBoard();
  if (!id) {
    showPart({ empty: true });
    return;
  }
  const owner = boardOfBatch(id);
  if (owner && owner.id !== id) {
    location.replace(`#/storyboard/${owner.id}`);
    return;
  }
  const mine = now;
  mine.id = id;
  showPart({ progress: true });
  markBusy("storyboard", true);
  tellStep(1, 0, "");
  try {
    const task = await readTask(id);
    if (now === mine) takeUp(id, task);
  } catch (error) {
    if (now === mine) fail(error, null);
  }
}

function takeUp(id, task) {
  noteDemo(task, "deepseek");
  const { run, reading } = board(id);
  if (task.task_type === "batch_images") return showFrames(id, batchFrames((task.data ?? []).filter(Boolean)));
  if (task.status === "completed" && task.data) return showFrames(id, task.data.storyboard_frames);
  // Leaving by a reload is not a wish to stop; the same run, posted again, goes on from what was kept.
  if (run && (reading ? task.status !== "failed" : !isFinished(task))) return analyze(run);
  if (run && task.status === "canceled") return offerToGoOn(run);
  fail({ message: task.error ?? task.message ?? task.status, code: task.errorCode ?? "INTERRUPTED" }, run);
}

const batchFrames = (items) =>
  items.map((item) => ({ ...item, jimengPrompt: item.prompt, taskId: item.error ? undefined : item.taskId }));

function submit(event) {
  event.preventDefault();
  analyze({ key: newKey(), body: analysisBody(), config: drawingConfig(), autoDraw: $("#auto-draw").checked });
}

export function startStoryboard() {
  const kept = draft("board");
  for (const [name, value] of Object.entries(kept ?? {})) if (field(name)) field(name).value = value;
  $("#board-form").addEventListener("submit", submit);
  $("#board-form").addEventListener("input", changed);
  $("#sample-story").onclick = useSample;
  let chosen = false;
  $("#auto-draw").onchange = () => {
    chosen = true;
  };
  const autoDraw = sandboxAnswersFor("volcengine").then((demo) => {
    if (!chosen) $("#auto-draw").checked = demo;
  });
  $("#sample-run").onclick = async () => {
    useSample();
    // One click is to bring pictures, also where it comes before the server has said who draws them.
    await Promise.race([autoDraw, sleep(3000)]);
    $("#board-form").requestSubmit();
  };
  $("#board-stop").onclick = () => now.control?.abort();
  onLanguage(tellCounts);
  tellCounts();
}
