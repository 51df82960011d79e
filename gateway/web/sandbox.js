// Says plainly when the sandbox answers instead of a vendor, and which key ends that.
import { call } from "/web/api.js";
import { $, make, show } from "/web/dom.js";
import { currentLanguage, onLanguage, say } from "/web/i18n.js";

const KEYS = {
  deepseek: ["DEEPSEEK_API_KEY"], claude: ["ANTHROPIC_API_KEY"],
  volcengine: ["VOLCENGINE_ACCESS_KEY_ID", "VOLCENGINE_SECRET_ACCESS_KEY"], runninghub: ["RUNNINGHUB_API_KEY"],
};
let meta = { demo: {}, keys: {} };
let known = null;

function loadMeta() {
  known ??= call("/api/meta", { patient: true }).then(
    (given) => {
      meta = { demo: given.demo ?? {}, keys: given.keys ?? {} };
      render();
    },
    () => {},
  );
  return known;
}

const keysOf = (vendor) => [meta.keys[vendor] ?? KEYS[vendor]].flat();

function render() {
  const vendors = Object.keys(KEYS).filter((vendor) => meta.demo[vendor]);
  show($("#sandbox"), vendors.length > 0);
  const names = vendors.map((vendor) => say(make("span"), `vendor_${vendor}`).textContent);
  $("#sandbox-vendors").textContent = new Intl.ListFormat(currentLanguage(), { type: "conjunction" }).format(names);
  $("#sandbox-keys").replaceChildren(
    ...vendors.flatMap((vendor) => [
      say(make("dt"), `vendor_${vendor}_for`),
      make("dd", {}, ...keysOf(vendor).map((key) => make("code", { textContent: key }))),
    ]),
  );
}

/** Answers carry `demo: true` when they came from the sandbox, also where `/api/meta` could not be read. */
export function noteDemo(answer, vendor) {
  if (answer?.demo !== true || meta.demo[vendor]) return;
  meta.demo = { ...meta.demo, [vendor]: true };
  render();
}

export async function sandboxAnswersFor(vendor) {
  await loadMeta();
  return meta.demo[vendor] === true;
}

export function startSandbox() {
  onLanguage(render);
  return loadMeta();
}
