/* What stands on the map: pins for places, discs for crowds of them. Looks: css/map.css, .map-pin. */

import { words } from "./map_popups.js";

const PIN_PIXELS = 30; // larger than what is drawn: what a thumb has to hit
const DISCS = [
  [10_000, 62],
  [100, 54],
  [10, 46],
  [0, 38],
]; // from how many protests on, how wide
const SHORT_FROM = 10_000;

export function pinIcon({ count, state, isRough }) {
  const kinds = ["map-pin"];
  if (state === "submitted") kinds.push("map-pin--waiting");
  else if (state !== "published") kinds.push(`map-pin--${state}`); // nobody has to go there, or not now
  if (isRough) kinds.push("map-pin--city");
  if (count > 1) kinds.push("map-pin--several");
  return L.divIcon({
    className: kinds.join(" "),
    html: `<span class="map-pin__dot">${count > 1 ? short(count) : ""}</span>`,
    iconSize: [PIN_PIXELS, PIN_PIXELS],
  });
}

export function crowdIcon({ count, state }) {
  const [, pixels] = DISCS.find(([from]) => count >= from);
  const kinds = ["map-cluster"];
  if (state === "postponed" || state === "cancelled") kinds.push("map-cluster--off");
  return L.divIcon({ className: kinds.join(" "), html: `<span class="map-cluster__disc">${short(count)}</span>`, iconSize: [pixels, pixels] });
}

/* What a screen reader says of a pin. */
export function nameOf({ count, ids, state, city, title }) {
  const number = new Intl.NumberFormat(document.documentElement.lang).format(count);
  if (ids.length === 0) return words.cluster.replace("{count}", number);
  if (count > 1) return [city, words.here.replace("{count}", number)].filter(Boolean).join(" · ");
  return [city, title, words[state]].filter(Boolean).join(" · ");
}

function short(count) {
  if (count < SHORT_FROM) return String(count);
  return new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format(count);
}
