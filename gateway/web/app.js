// Starts the page and switches between its views by the address.
import { fillChoices } from "/web/choices.js";
import { watchConnection } from "/web/connection.js";
import { copy, startCurl } from "/web/curl.js";
import { $, $$, show, sleep } from "/web/dom.js";
import { openExamples } from "/web/examples.js";
import { relabel } from "/web/frames.js";
import { currentLanguage, onLanguage, setLanguage, t, wordPage } from "/web/i18n.js";
import { startLightbox } from "/web/lightbox.js";
import { here, remember, startFolds } from "/web/route.js";
import { startSandbox } from "/web/sandbox.js";
import { openScript, startScript } from "/web/script.js";
import { openStoryboard, startStoryboard } from "/web/storyboard.js";
import { openTasks, startTasks } from "/web/tasks.js";

const VIEWS = { storyboard: openStoryboard, script: openScript, pictures: openScript, tasks: openTasks, api: () => openExamples(copy) };
const SHOWN_IN = { pictures: "script" };

function route(focus) {
  const { view: asked, ids } = here();
  const view = asked in VIEWS ? asked : "storyboard";
  const shown = SHOWN_IN[view] ?? view;
  for (const section of $$(".view")) show(section, section.id === `view-${shown}`);
  for (const link of $$("nav [data-view]")) {
    if (link.dataset.view === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === shown) remember(shown, ids);
  document.title = `${t(`nav${shown[0].toUpperCase()}${shown.slice(1)}`)} · ScriptToFrame`;
  if (focus) $(`#title-${shown}`).focus();
  VIEWS[view](ids);
}

$("#language").onclick = () => setLanguage(currentLanguage() === "zh" ? "en" : "zh");
$(".skip").onclick = (event) => {
  event.preventDefault();
  $("#main").focus();
};
fillChoices();
const sandboxKnown = startSandbox();
startCurl();
startLightbox();
startFolds();
startStoryboard();
startScript();
startTasks();
onLanguage(relabel);
wordPage();
watchConnection();
addEventListener("hashchange", () => route(true));
route(false);
// The sandbox strip pushes the page down; where the answer is quick, it is waited for before anything is shown.
await Promise.race([sandboxKnown, sleep(300)]);
document.documentElement.dataset.ready = "";
