// Where the page is: `#/view/id/…`. A reload or a shared link finds the same task again.
import { $, $$ } from "/web/dom.js";

export function here() {
  const [view = "storyboard", ...ids] = location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  return { view, ids };
}

/** On narrow screens the form of a view steps aside while there is something to look at. */
export function markBusy(view, busy) {
  const section = $(`#view-${view}`);
  section.toggleAttribute("data-busy", busy);
  if (!busy) unfold($(".fold", section), false);
}

function unfold(button, open) {
  button.setAttribute("aria-expanded", String(open));
  button.closest(".panel").toggleAttribute("data-unfolded", open);
}

export function startFolds() {
  for (const button of $$(".fold")) button.onclick = () => unfold(button, button.getAttribute("aria-expanded") !== "true");
}

const address = (view, ids) => `#/${[view, ...ids.map(encodeURIComponent)].join("/")}`;

/** Notes the task of a view in the address and in the menu, so that coming back from another view finds it still there. */
export function remember(view, ids) {
  const link = $(`nav [data-view="${view}"]`);
  if (link) link.href = address(view, ids);
  if (view === "storyboard") $(".brand").href = address(view, ids);
  if (here().view === view || here().view === "pictures") history.replaceState(null, "", address(view, ids));
}
