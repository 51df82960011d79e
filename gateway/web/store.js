// What this browser remembers between visits: drafts of the forms, and per storyboard the edited prompts and picture ids.

const KEPT = 20;

function read(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`stf.${key}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(`stf.${key}`, JSON.stringify(value));
  } catch {
    // Storage full or refused: the page works on, only a reload forgets the edits.
  }
}

export const draft = (form) => read(`draft.${form}`, null);
export const keepDraft = (form, value) => write(`draft.${form}`, value);

const boards = () => read("boards", []);

/** @returns {{id: string, title?: string, run?: object, config?: object, batch?: object, prompts: object, images: object}} */
export function board(id) {
  return boards().find((kept) => kept.id === id) ?? { id, prompts: {}, images: {} };
}

export function keepBoard(value) {
  write("boards", [value, ...boards().filter((kept) => kept.id !== value.id)].slice(0, KEPT));
}

export const boardOfBatch = (batchId) => boards().find((kept) => kept.batch?.id === batchId);

export const title = (id) => read("titles", []).find((kept) => kept[0] === id)?.[1];

export function keepTitle(id, text) {
  const whole = [...text.trim().replace(/\s+/g, " ")];
  const short = whole.length > 42 ? `${whole.slice(0, 41).join("")}…` : whole.join("");
  write("titles", [[id, short], ...read("titles", []).filter((kept) => kept[0] !== id)].slice(0, 200));
}

export const scriptOfRequest = (requestId) => read("requests", []).find((kept) => kept[0] === requestId)?.[1];

export function keepRequest(requestId, taskId) {
  write("requests", [[requestId, taskId], ...read("requests", []).filter((kept) => kept[0] !== requestId)].slice(0, 50));
}
