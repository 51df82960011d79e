// Puts a stored picture into an <img>; a ticket that ran out before a lazy picture was fetched is renewed once.
import { ticketed } from "/web/api.js";
import { pictureAddress } from "/web/drawing.js";

export async function putPicture(img, id, { alt, onLoad, onLost }) {
  const path = pictureAddress(id);
  img.alt = alt;
  img.onload = onLoad ?? null;
  img.onerror = async () => {
    img.onerror = onLost ?? null;
    img.src = await ticketed(`${path}?again=1`, { image_id: id }, true);
  };
  img.src = await ticketed(path, { image_id: id });
}
