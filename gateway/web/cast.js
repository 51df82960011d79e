// The form of the script view: genre, length, episodes, and the characters as rows.
import { $, $$, fromTemplate } from "/web/dom.js";
import { currentLanguage, onLanguage, translate } from "/web/i18n.js";
import { fillSuggestions } from "/web/choices.js";
import { DURATIONS, SCRIPT, SCRIPT_GENRES } from "/web/sample.js";
import { draft, keepDraft } from "/web/store.js";

const PARTS = ["name", "gender", "age"];
const field = (name) => $("#script-form").elements[name];
const rows = () => $$("#characters li");

function addRow(values = []) {
  const row = fromTemplate("character-row");
  translate(row);
  PARTS.forEach((part, index) => {
    $(`[data-part="${part}"]`, row).value = values[index] ?? "";
  });
  $("button", row).onclick = () => removeRow(row);
  $("#characters").append(row);
  return row;
}

function removeRow(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  ($("input", next ?? document.createElement("p")) ?? $("#add-character")).focus();
  keep();
}

const values = (row) => PARTS.map((part) => $(`[data-part="${part}"]`, row).value.trim());

/** `张明,男,28`: the parts that were given; rows without a name are left out. */
export const characterList = () =>
  rows().map(values).filter(([name]) => name).map((parts) => parts.filter(Boolean).join(","));

export function scriptBody() {
  return {
    genre: field("genre").value.trim(), duration: field("duration").value.trim(),
    episodes: Number(field("episodes").value), characters: characterList(),
  };
}

function keep() {
  keepDraft("script", { ...scriptBody(), rows: rows().map(values) });
}

function fill({ genre, duration, episodes, rows: people }) {
  Object.assign(field("genre"), { value: genre ?? "" });
  Object.assign(field("duration"), { value: duration ?? "" });
  Object.assign(field("episodes"), { value: episodes || 3 });
  $("#characters").replaceChildren();
  for (const person of people ?? [[]]) addRow(person);
}

export function fillScriptForm() {
  fill(SCRIPT[currentLanguage()]);
  keep();
}

export function startScriptForm(onSubmit) {
  fill(draft("script") ?? { rows: [[], []] });
  const suggest = () => fillSuggestions(SCRIPT_GENRES[currentLanguage()], DURATIONS[currentLanguage()]);
  onLanguage(suggest);
  suggest();
  $("#script-form").addEventListener("input", keep);
  $("#script-form").addEventListener("submit", (event) => {
    event.preventDefault();
    onSubmit(scriptBody());
  });
  $("#add-character").onclick = () => $("input", addRow()).focus();
  $("#sample-script").onclick = fillScriptForm;
}
