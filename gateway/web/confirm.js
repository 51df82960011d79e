// A question before something costs money again.
import { $ } from "/web/dom.js";
import { say } from "/web/i18n.js";

export function confirmed(question, yes, fill) {
  const dialog = $("#confirm-dialog");
  say($("#confirm-text"), question, fill);
  say($("#confirm-yes"), yes, fill);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}
