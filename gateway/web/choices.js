// The choices of the forms, as the API names them; the labels are in the word files under `{group}_{value}`.
import { $, make } from "/web/dom.js";
import { say } from "/web/i18n.js";

const STYLES = ["default", "realistic", "anime", "manga", "korean", "3d", "chibi", "cyberpunk", "traditional"];
const GENRES = ["general", "xuanhuan", "urban", "system", "apocalypse", "romance", "ancient", "rebirth", "comedy", "suspense"];
const ASPECTS = ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"];
const RESOLUTIONS = ["1k", "2k", "4k"];
export const TASK_TYPES = ["script_generation", "intelligent_analysis", "batch_images", "runninghub_processing"];
export const STATUSES = ["queued", "running", "paused", "completed", "failed", "canceled"];

const option = (value, word) => say(make("option", { value }), word);

export function fillChoices() {
  $("#style").append(...STYLES.map((value) => option(value, `style_${value}`)));
  $("#genre").append(...GENRES.map((value) => option(value, `genre_${value}`)));
  $("#aspect").append(...ASPECTS.map((value) => make("option", { value, textContent: value })));
  $("#resolution").append(...RESOLUTIONS.map((value) => option(value, `resolution_${value}`)));
  $("#task-type").append(option("", "all"), ...TASK_TYPES.map((value) => option(value, `type_${value}`)));
  $("#task-status").append(option("", "all"), ...STATUSES.map((value) => option(value, `status_${value}`)));
}

export function fillSuggestions(genres, durations) {
  $("#genres").replaceChildren(...genres.map((value) => make("option", { value })));
  $("#durations").replaceChildren(...durations.map((value) => make("option", { value })));
}
