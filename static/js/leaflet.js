/* Leaflet where a page has a map by the way (spot.js, pin.js): fetched once, when it is needed. */

import drawBasemap from "./basemap.js";

const SCRIPT = new URL("../vendor/leaflet/leaflet.js", import.meta.url);
const STYLE = new URL("../css/map.css", import.meta.url);
const ROUGH = new Set(["city", "country"]);
const WIDEST_ZOOM = 1;
export const NEAREST_ZOOM = 18;
const NEAR_ZOOM = 5; // our world map has no streets: closer would be an empty sheet
const PIN_ZOOM = 7; // a pin is moved by kilometres, not by countries; its scale says how far
const STREET_ZOOM = 16;

let loaded;

/* Draw a map into `element` with our world, and street tiles where the page names a provider. */
export async function mapIn(element, { tiles = "", attribution = "", nearest = "", names = {}, ...options } = {}) {
  await (loaded ??= Promise.all([arrived("script", { src: SCRIPT.href }), arrived("link", { rel: "stylesheet", href: STYLE.href })]));
  const map = L.map(element, {
    preferCanvas: true,
    zoomSnap: 0.5,
    minZoom: WIDEST_ZOOM,
    maxZoom: NEAREST_ZOOM,
    attributionControl: Boolean(tiles),
    inertia: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    ...options,
  });
  map.attributionControl?.setPrefix(false);
  L.control.scale().addTo(map);
  drawBasemap(map).catch((fault) => console.warn("the world map did not load", fault));
  if (tiles) L.tileLayer(tiles, { attribution, maxZoom: NEAREST_ZOOM, maxNativeZoom: Number(nearest) || NEAREST_ZOOM }).addTo(map);
  for (const [part, name] of Object.entries({ in: names.zoomIn, out: names.zoomOut })) {
    const button = element.querySelector(`.leaflet-control-zoom-${part}`);
    if (!button || !name) continue;
    button.title = name;
    button.setAttribute("aria-label", name);
  }
  return map;
}

/* The box for the map of a component, shown from now on: Leaflet measures it. */
export function boxIn(element, name) {
  let box = element.querySelector(`.${name}__map`);
  if (!box) {
    box = document.createElement("div");
    box.className = `${name}__map`;
    box.dir = "ltr";
    element.prepend(box);
  }
  element.classList.add(`${name}--ready`);
  return box;
}

/* How close to look: where there are streets, close enough to see the corner. */
export function zoomFor({ tiles, precision, isPin = false }) {
  if (ROUGH.has(precision)) return NEAR_ZOOM;
  if (tiles) return STREET_ZOOM;
  return isPin ? PIN_ZOOM : NEAR_ZOOM;
}

export function dotIcon(precision) {
  const kind = ROUGH.has(precision) ? "map-pin map-pin--city" : "map-pin";
  return L.divIcon({ className: kind, html: '<span class="map-pin__dot"></span>', iconSize: [30, 30] });
}

function arrived(tag, attributes) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.addEventListener("load", resolve, { once: true });
    element.addEventListener("error", () => reject(new Error(`${tag} did not load`)), { once: true });
    document.head.append(element);
  });
}
