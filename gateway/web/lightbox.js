// A picture at full size, with its neighbours one key away.
import { offer } from "/web/api.js";
import { $, show } from "/web/dom.js";
import { pictureAddress } from "/web/drawing.js";
import { t } from "/web/i18n.js";
import { putPicture } from "/web/picture.js";

let shown = { pictures: [], at: 0 };

/** `pictures`: [{id, number, text, name}] in the order of the sheet. */
export function openLarge(pictures, at) {
  shown = { pictures, at };
  render();
  $("#lightbox").showModal();
}

function render() {
  const { pictures, at } = shown;
  const picture = pictures[at];
  $("#large-number").textContent = picture.number;
  $("#large-text").textContent = picture.text;
  show($("#previous"), pictures.length > 1);
  show($("#next"), pictures.length > 1);
  offer($("#large-download"), pictureAddress(picture.id), picture.name);
  putPicture($("#large"), picture.id, { alt: t("pictureAlt", { number: picture.number, text: picture.text }) });
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
