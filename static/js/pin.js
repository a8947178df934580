/* The pin of the organiser's form: what is dragged, clicked or moved by keys is written into the inputs for
   latitude and longitude, and what is typed there moves the pin (components/pin.html). The inputs are the
   form's; without this module they are simply typed into. */

import { boxIn, dotIcon, mapIn, zoomFor } from "./leaflet.js";

const DECIMALS = 5; // of a degree: a metre
const STEP_PIXELS = 10;
const BIG_STEP_PIXELS = 50;
const WORLD = { point: [25, 12], zoom: 1.5 };
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const EARTH = { latitude: 90, longitude: 180 };

export default async function pin(element) {
  const { tiles = "", attribution = "", nearest = "", label = "", start = "", zoomIn, zoomOut } = element.dataset;
  const form = element.closest("form") ?? document;
  const inputs = ["latitude", "longitude"].map((name) => form.querySelector(`[name="${element.dataset[name] ?? name}"]`));
  if (inputs.includes(null)) return;
  const box = boxIn(element, "pin");
  const said = element.querySelector(".pin__said");
  const map = await mapIn(box, { tiles, attribution, nearest, names: { zoomIn, zoomOut } });

  const marker = L.marker(WORLD.point, { icon: dotIcon(""), draggable: true, autoPan: true, title: label, zIndexOffset: 1000 });
  const say = (values) => {
    if (said) said.textContent = values.join(", ");
  };
  const write = (point) => {
    const { lat, lng } = point.wrap();
    const values = [lat, lng].map((degrees) => degrees.toFixed(DECIMALS));
    inputs.forEach((input, index) => {
      input.value = values[index];
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    say(values);
  };
  const place = (point) => {
    marker.setLatLng(point).addTo(map);
    marker.getElement().setAttribute("aria-label", label);
  };
  const typed = () => {
    const point = pointOf(inputs.map(({ value }) => value));
    if (!point) return;
    say(point.map((degrees) => degrees.toFixed(DECIMALS)));
    place(point);
    map.setView(point, Math.max(map.getZoom(), zoomFor({ tiles, isPin: true })));
  };

  const known = pointOf(inputs.map(({ value }) => value));
  const near = pointOf(start.split(","));
  map.setView(known ?? near ?? WORLD.point, known || near ? zoomFor({ tiles, isPin: Boolean(known) }) : WORLD.zoom);
  if (known) {
    place(known);
    say(known.map((degrees) => degrees.toFixed(DECIMALS)));
  }
  map.on("click", ({ latlng }) => {
    place(latlng);
    write(latlng);
  });
  marker.on("dragend", () => write(marker.getLatLng()));
  marker.on("add", () => {
    marker.getElement().addEventListener("keydown", (press) => {
      const step = STEPS[press.key];
      if (!step) return;
      press.preventDefault();
      press.stopPropagation(); // Leaflet would move the map instead
      const pixels = press.shiftKey ? BIG_STEP_PIXELS : STEP_PIXELS;
      const to = map.unproject(map.project(marker.getLatLng()).add(L.point(step).multiplyBy(pixels)));
      marker.setLatLng(to);
      map.panInside(to, { padding: [40, 40], animate: false });
      write(to);
    });
  });
  for (const input of inputs) input.addEventListener("input", typed);
  map.on("keydown", ({ originalEvent: press }) => {
    if (press.key !== "Enter" || press.target !== box) return;
    press.preventDefault();
    place(map.getCenter());
    write(map.getCenter());
    marker.getElement().focus({ preventScroll: true });
  });
}

function pointOf(texts) {
  if (texts.length !== 2 || texts.some((text) => text.trim() === "")) return null;
  const [latitude, longitude] = texts.map((text) => Number(text.trim().replace(",", ".")));
  const isThere = Math.abs(latitude) <= EARTH.latitude && Math.abs(longitude) <= EARTH.longitude;
  return isThere ? [latitude, longitude] : null; // comparisons with NaN are false
}
