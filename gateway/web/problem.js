// An error as a person needs it: what the server said, what to do about it, and a way on.
import { make } from "/web/dom.js";
import { has, say } from "/web/i18n.js";

export const isStop = (error) => error?.name === "AbortError";

export function adviceFor(code) {
  return has(`do_${code}`) ? `do_${code}` : "do_OTHER";
}

export function clearProblem(place) {
  place.replaceChildren();
}

/** `ways` are [word, action] pairs that become buttons. */
export function showProblem(place, error, ways = []) {
  const heading = say(make("h2"), error.heading ?? "problem");
  const reason = make("p", { className: "reason", textContent: error.message });
  const advice = say(make("p"), adviceFor(error.code), { reason: error.message });
  const box = make("section", { className: "problem-box", role: "alert" }, heading, reason, advice);
  if (error.code) box.append(make("p", { className: "hint code", textContent: error.code }));
  if (ways.length) box.append(make("div", { className: "actions" }, ...ways.map(([word, action]) => way(place, word, action))));
  place.replaceChildren(box);
}

function way(place, word, action) {
  const act = () => {
    clearProblem(place);
    action();
  };
  return say(make("button", { type: "button", on: { click: act } }), word);
}
