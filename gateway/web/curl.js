// The dialog that shows the curl command behind a button, and copying it.
import { $, make } from "/web/dom.js";
import { curlOf } from "/web/examples.js";
import { announce, say } from "/web/i18n.js";

export async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard API is missing on plain http; the old command still works from a click.
    const area = make("textarea", { value: text });
    (button.closest("dialog") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  say(button, "copied");
  announce("copied");
  setTimeout(() => say(button, "copy"), 2000);
}

function showCurl(name) {
  const { text } = curlOf(name);
  say($("#curl-title"), `api_${name}`);
  say($("#curl-what"), `api_${name}_what`);
  $("#curl-text").textContent = text;
  $("#curl-dialog").showModal();
}

export function startCurl() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-curl]");
    if (button) showCurl(button.dataset.curl);
  });
  $("#curl-copy").onclick = () => copy($("#curl-text").textContent, $("#curl-copy"));
  $("#curl-close").onclick = () => $("#curl-dialog").close();
}
