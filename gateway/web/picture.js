// Puts a stored picture into an <img>, through cuts of the network and tickets that ran out before a lazy picture was fetched.
import { call, isPassing, ticketed } from "/web/api.js";
import { sleep } from "/web/dom.js";
import { pictureAddress } from "/web/drawing.js";

const TRIES = 4;

/** `onLost` is called when the server answers and still has no such picture. */
export function putPicture(img, id, { alt, onLost }) {
  img.alt = alt;
  img.dataset.picture = id;
  let again = 0;
  const put = async () => {
    const path = again ? `${pictureAddress(id)}?again=${again}` : pictureAddress(id);
    const address = await ticketed(path, { image_id: id }, again > 0).catch(retry);
    if (address && img.dataset.picture === id) img.src = address;
  };
  const retry = async () => {
    again += 1;
    const kept = again < TRIES && (await isKept(id));
    if (img.dataset.picture !== id) return;
    if (kept) await sleep(500 * again).then(put);
    else onLost?.();
  };
  img.onerror = retry;
  put();
}

/** Whether the server knows the picture; asks for as long as there is no server to be reached. */
async function isKept(id) {
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    try {
      return Boolean((await call(`/api/images/${encodeURIComponent(id)}`)).contentUrl);
    } catch (error) {
      if (!isPassing(error)) return false;
    }
    await sleep(pause);
  }
}
