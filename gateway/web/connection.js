// One strip that says when the server cannot be reached. Streams and calls report here; work on the server goes on meanwhile.
import { $, show } from "/web/dom.js";
import { announce } from "/web/i18n.js";

let lost = false;

function tell(now) {
  if (lost === now) return;
  lost = now;
  show($("#connection"), now);
  announce(now ? "offline" : "online");
}

export const connectionLost = () => tell(true);
export const connectionBack = () => {
  if (navigator.onLine) tell(false);
};

export function watchConnection() {
  addEventListener("offline", connectionLost);
  addEventListener("online", () => fetch("/livez", { cache: "no-store" }).then(connectionBack, () => {}));
  if (!navigator.onLine) connectionLost();
}
