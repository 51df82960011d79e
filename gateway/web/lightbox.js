// A picture at full size, with its neighbours one key away.
import { offer, ticketed } from "/web/api.js";
import { $, show } from "/web/dom.js";
import { t } from "/web/i18n.js";

let shown = { pictures: [], at: 0 };

/** `pictures`: [{address, id, number, text, name}] in the order of the sheet. */
export function openLarge(pictures, at) {
  shown = { pictures, at };
  render();
  $("#lightbox").showModal();
}

async function render() {
  const { pictures, at } = shown;
  const picture = pictures[at];
  $("#large-number").textContent = picture.number;
  $("#large-text").textContent = picture.text;
  $("#large").alt = t("pictureAlt", { number: picture.number, text: picture.text });
  show($("#previous"), pictures.length > 1);
  show($("#next"), pictures.length > 1);
  offer($("#large-download"), picture.address, picture.name);
  $("#large").src = await ticketed(picture.address, { image_id: picture.id });
}

function step(by) {
  const count = shown.pictures.length;
  shown.at = (shown.at + by + count) % count;
  render();
}

export function startLightbox() {
  const dialog = $("#lightbox");
  $("#previous").onclick = () => step(-1);
  $("#next").onclick = () => step(1);
  $("#lightbox-close").onclick = () => dialog.close();
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
