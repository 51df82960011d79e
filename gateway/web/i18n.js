// Chinese and English. Every text on the page is set through `say`, so that a switch re-words what is on screen.
import { $, $$ } from "/web/dom.js";
import zh from "/web/words-zh.js";
import en from "/web/words-en.js";

const WORDS = { zh, en };
const values = new WeakMap();
const listeners = new Set();
let language = remembered() ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

function remembered() {
  try {
    const kept = localStorage.getItem("stf.language");
    return kept in WORDS ? kept : null;
  } catch {
    return null;
  }
}

export const currentLanguage = () => language;
export const onLanguage = (listener) => listeners.add(listener);
export const number = (value, options) => new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en", options).format(value);
export const has = (key) => key in WORDS[language];

export function t(key, fill = {}) {
  const text = WORDS[language][key] ?? WORDS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = fill[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : String(value);
  });
}

export function say(element, key, fill) {
  if (!key) {
    delete element.dataset.t;
    element.textContent = "";
    return element;
  }
  element.dataset.t = key;
  values.set(element, fill);
  element.textContent = t(key, fill);
  return element;
}

const ATTRIBUTES = [["tLabel", "aria-label", "[data-t-label]"], ["tPlaceholder", "placeholder", "[data-t-placeholder]"]];

export function translate(root = document) {
  for (const element of $$("[data-t]", root)) element.textContent = t(element.dataset.t, values.get(element));
  for (const [name, attribute, selector] of ATTRIBUTES) {
    for (const element of $$(selector, root)) element.setAttribute(attribute, t(element.dataset[name]));
  }
}

export function setLanguage(next) {
  language = next;
  try {
    localStorage.setItem("stf.language", next);
  } catch {
    // Private windows may refuse storage; the choice then lasts until the page is closed.
  }
  wordPage();
}

export function wordPage() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  translate();
  for (const template of $$("template")) translate(template.content);
  for (const listener of listeners) listener(language);
}

export function announce(key, fill) {
  $("#announcer").textContent = t(key, fill);
}
