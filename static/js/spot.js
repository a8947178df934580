/* A small map of one place, to look at (components/spot.html). The place stands beside it in words. */

import { boxIn, dotIcon, mapIn, zoomFor } from "./leaflet.js";

export default async function spot(element) {
  const { latitude, longitude, precision = "", tiles = "", attribution = "", nearest = "", zoomIn, zoomOut } = element.dataset;
  const point = [latitude, longitude].map(Number.parseFloat);
  if (point.some(Number.isNaN)) return;
  const box = boxIn(element, "spot");
  const map = await mapIn(box, {
    tiles,
    attribution,
    nearest,
    names: { zoomIn, zoomOut },
    scrollWheelZoom: false, // a page that is scrolled must not get stuck in its map
    dragging: matchMedia("(hover: hover)").matches, // nor under a thumb
  });
  map.setView(point, zoomFor({ tiles, precision }));
  L.marker(point, { icon: dotIcon(precision), interactive: false, keyboard: false }).addTo(map);
}
