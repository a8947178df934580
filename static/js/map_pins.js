/* What stands on the map: pins for places, discs for several of them. Looks: css/map.css, .map-pin. */

import { words } from "./map_popups.js";

const PIN_PIXELS = 30; // larger than what is drawn: what a thumb has to hit
const DISCS = [
  [100, 54],
  [10, 46],
  [0, 38],
]; // from how many protests on, how wide

export function pinIcon(events) {
  const isOn = events.some(({ status }) => status === "published");
  const isWaiting = !isOn && events.some(({ status }) => status === "submitted");
  const kinds = ["map-pin"];
  if (isWaiting) kinds.push("map-pin--waiting");
  else if (!isOn) kinds.push("map-pin--cancelled"); // or postponed: nobody has to go there
  if (events.every(({ precision }) => precision === "city" || precision === "country")) kinds.push("map-pin--city");
  if (events.length > 1) kinds.push("map-pin--several");
  const number = events.length > 1 ? String(events.length) : "";
  return L.divIcon({
    className: kinds.join(" "),
    html: `<span class="map-pin__dot">${number}</span>`,
    iconSize: [PIN_PIXELS, PIN_PIXELS],
  });
}

export function clusterIcon(cluster) {
  const count = cluster.getAllChildMarkers().reduce((sum, { eventCount }) => sum + eventCount, 0);
  const [, pixels] = DISCS.find(([from]) => count >= from);
  const disc = document.createElement("span");
  disc.className = "map-cluster__disc";
  const number = document.createElement("span");
  number.setAttribute("aria-hidden", "true");
  number.textContent = String(count);
  const name = document.createElement("span");
  name.className = "visually-hidden";
  name.textContent = words.cluster.replace("{count}", String(count));
  disc.append(number, name);
  return L.divIcon({ className: "map-cluster", html: disc, iconSize: [pixels, pixels] });
}

/* What a screen reader says of a pin. */
export function nameOf(events) {
  const [first] = events;
  const place = events.length > 1 ? words.here.replace("{count}", String(events.length)) : first.title;
  const state = words[first.status];
  return [first.city, place, events.length === 1 ? state : ""].filter(Boolean).join(" · ");
}
