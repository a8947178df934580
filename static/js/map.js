/* The map page. folium's script has drawn an empty map with its layers (coordinator/maps/drawing.py); this
   fetches the events as GeoJSON, puts them into those layers and lets people filter them.

   What people typed is only ever put into the page as text (map_popups.js). */

import drawBasemap, { colour } from "./basemap.js";
import { datesAsIn, missionPopup, placePopup, words, wordsFrom } from "./map_popups.js";
import { clusterIcon, nameOf, pinIcon } from "./map_pins.js";

const CLOSE_ZOOM = 14;
const LAYERS = { events: "marker_cluster_events", missions: "feature_group_missions" };
const SAME_PLACE_DECIMALS = 4; // of a degree: eleven metres
const CLOSEST_FIT = 6; // zoom, so that one protest alone is shown with its country around it
const PHONE_ZOOM = 1.5;
const ROOM_FOR_BUTTONS = [66, 12]; // pixels at the map's head and left, where Leaflet has its buttons
const WORLD = [
  [-72, -200],
  [84, 200],
];
const FILTERS = ["country", "date", "language"];
const POSITION = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/u;

const page = document.querySelector(".map");
const status = page.querySelector(".map__status");
const form = page.querySelector(".map__filter");
const more = page.querySelector(".map__more");
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

start();

function start() {
  wordsFrom(page.dataset.words, { opens: page.dataset.opens, lang: document.documentElement.lang });
  const isFramed = window.self !== window.top;
  page.classList.toggle("map--framed", isFramed);
  const map = window[page.dataset.map];
  if (isFramed) letThePageScroll(map);
  const events = window[LAYERS.events];
  const missions = window[LAYERS.missions];
  setUpMap(map);
  nameControls(map);
  events.options.iconCreateFunction = clusterIcon;
  drawBasemap(map).catch((fault) => console.warn("the world map did not load", fault));
  Promise.all([read(page.dataset.events), read(page.dataset.missions).catch(() => [])])
    .then(([eventFeatures, missionFeatures]) => show({ map, events, missions, eventFeatures, missionFeatures }))
    .catch((fault) => {
      console.warn("no events", fault);
      say(words.failed);
    });
}

function setUpMap(map) {
  map.options.maxBoundsViscosity = 1;
  map.attributionControl?.setPrefix(false);
  if (isStill) map.options.inertia = false;
  new ResizeObserver(() => map.invalidateSize({ animate: false, pan: false })).observe(map.getContainer());
  map.on("popupopen", ({ popup }) => enterPopup(map, popup));
  map.getContainer().addEventListener("keydown", ({ key }) => {
    if (key === "Escape") map.closePopup(); // Leaflet listens only while the map itself has the focus
  });
}

/* In a frame one finger, or the wheel, belongs to the page around; the map has two fingers, and the wheel
   once somebody has clicked into it. */
function letThePageScroll(map) {
  map.scrollWheelZoom.disable();
  map.once("click focus", () => map.scrollWheelZoom.enable());
  if (!matchMedia("(pointer: coarse)").matches) return;
  map.dragging.disable();
  page.querySelector(".map__hint").hidden = false;
}

/* Leaflet speaks English; so do tooltips of buttons that folium can't name. */
function nameControls(map) {
  const container = map.getContainer();
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", words.map);
  const names = {
    ".leaflet-control-zoom-in": words.zoomIn,
    ".leaflet-control-zoom-out": words.zoomOut,
    ".leaflet-control-layers-toggle": words.layers,
  };
  for (const [selector, name] of Object.entries(names)) {
    const control = container.querySelector(selector);
    control?.setAttribute("title", name);
    control?.setAttribute("aria-label", name);
  }
}

async function read(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()).features;
}

function show({ map, events, missions, eventFeatures, missionFeatures }) {
  offerChoices(eventFeatures, missionFeatures);
  const refresh = ({ isFirst = false } = {}) => {
    const wanted = Object.fromEntries(FILTERS.map((name) => [name, form.elements[name].value]));
    const shown = eventFeatures.filter(({ properties }) => isWanted(properties, wanted));
    const places = placesOf(shown);
    events.clearLayers();
    events.addLayers(places.map(pinFor));
    missions.clearLayers();
    for (const feature of missionFeatures) {
      const { events: count, country } = feature.properties;
      if (count === 0 && (!wanted.country || country === wanted.country)) missions.addLayer(dotFor(feature));
    }
    sayHowMany(shown);
    if (!isFirst || !returnTo(map)) fit(map, places);
  };
  refresh({ isFirst: true });
  map.panInsideBounds(WORLD, { animate: false });
  map.setMaxBounds(WORLD); // not before: Leaflet would glide into them, and a click meanwhile would be lost
  form.addEventListener("submit", (submit) => submit.preventDefault());
  form.addEventListener("change", () => {
    keepFilters();
    refresh();
  });
  map.on("moveend", () => keepPosition(map));
  more.hidden = false;
  page.dataset.ready = "";
}

function isWanted({ country, starts_at: startsAt, languages }, wanted) {
  return (
    (!wanted.country || country === wanted.country) &&
    (!wanted.date || startsAt.startsWith(wanted.date)) &&
    (!wanted.language || languages.includes(wanted.language))
  );
}

/* Several protests at one place are one pin with a number. */
function placesOf(features) {
  const places = new Map();
  for (const { geometry, properties } of features) {
    if (!geometry) continue;
    const [longitude, latitude] = geometry.coordinates;
    const key = `${latitude.toFixed(SAME_PLACE_DECIMALS)} ${longitude.toFixed(SAME_PLACE_DECIMALS)}`;
    if (!places.has(key)) places.set(key, { point: [latitude, longitude], events: [] });
    places.get(key).events.push(properties);
  }
  return [...places.values()];
}

function pinFor(place) {
  const name = nameOf(place.events);
  const pin = L.marker(place.point, { icon: pinIcon(place.events), title: name, riseOnHover: true });
  pin.eventCount = place.events.length;
  pin.on("add", () => pin.getElement().setAttribute("aria-label", name));
  pin.bindPopup(() => placePopup(place.events), popupSize(220, 290));
  return pin;
}

function dotFor({ geometry, properties }) {
  const [longitude, latitude] = geometry.coordinates;
  const dot = L.circleMarker([latitude, longitude], {
    radius: 4,
    weight: 1,
    color: colour("map-land"),
    fillColor: colour("map-pin-quiet"),
    fillOpacity: 1,
  });
  return dot.bindPopup(() => missionPopup(properties), popupSize(200, 260));
}

function popupSize(minWidth, maxWidth) {
  return { minWidth, maxWidth: Math.min(maxWidth, innerWidth - 110), autoPanPaddingTopLeft: ROOM_FOR_BUTTONS, autoPanPaddingBottomRight: [12, 12] };
}

/* A popup is announced and entered when it opens, and left for the pin it came from. */
function enterPopup(map, popup) {
  const box = popup.getElement();
  const before = document.activeElement;
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-labelledby", "popup-title");
  const close = box.querySelector(".leaflet-popup-close-button");
  close?.setAttribute("aria-label", words.close);
  box.querySelector("#popup-title")?.focus({ preventScroll: true });
  map.once("popupclose", () => {
    if (box.contains(document.activeElement) && map.getContainer().contains(before)) before.focus({ preventScroll: true });
  });
}

/* The same numbers as in the list: what will take place, and apart from it what will not, or not then. */
function sayHowMany(features) {
  if (features.length === 0) return say(words.nothing);
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const [cancelled, postponed] = ["cancelled", "postponed"].map(
    (status) => features.filter(({ properties }) => properties.status === status).length,
  );
  const without = features.filter(({ geometry }) => !geometry).length;
  const parts = [
    [words.shown, features.length - cancelled - postponed],
    [words.later, postponed],
    [words.off, cancelled],
    [words.without, without],
  ].filter(([, count], index) => index === 0 || count > 0);
  return say(parts.map(([text, count]) => text.replace("{count}", number.format(count))).join("; "));
}

function say(text) {
  status.textContent = text;
}

/* What there is to choose is what there is on the map, in the reader's words. */
function offerChoices(eventFeatures, missionFeatures) {
  const { lang } = document.documentElement;
  const asked = new URLSearchParams(location.search);
  const namedBy = (type) => {
    const names = new Intl.DisplayNames([lang], { type, fallback: "code" });
    return (code) => names.of(code);
  };
  const day = new Intl.DateTimeFormat(datesAsIn(lang), { dateStyle: "full", timeZone: "UTC" });
  const all = eventFeatures.map(({ properties }) => properties);
  const countries = [...all, ...missionFeatures.map(({ properties }) => properties)].map(({ country }) => country);
  const choices = {
    country: [countries, namedBy("region")],
    date: [all.map(({ starts_at: at }) => at.slice(0, 10)), (text) => day.format(new Date(`${text}T12:00Z`))],
    language: [all.flatMap(({ languages }) => languages), namedBy("language")],
  };
  for (const [name, [values, textOf]] of Object.entries(choices)) {
    const isDate = name === "date";
    const known = [...new Set(values.filter(Boolean))].map((value) => [value, safely(textOf, value)]);
    known.sort(([one, a], [other, b]) => (isDate ? one.localeCompare(other) : a.localeCompare(b, lang)));
    form.elements[name].append(...known.map(([value, text]) => new Option(text, value)));
    const wish = asked.get(name) ?? "";
    form.elements[name].value = known.some(([value]) => value === wish) ? wish : "";
  }
}

function safely(textOf, value) {
  try {
    return textOf(value) ?? value;
  } catch {
    return value; // not a code that this browser knows
  }
}

function fit(map, places) {
  if (places.length === 0) return;
  const bounds = L.latLngBounds(places.map(({ point }) => point));
  if (map.getBoundsZoom(bounds, false, L.point(72, 72)) > map.getMinZoom()) {
    map.fitBounds(bounds, { padding: [36, 36], maxZoom: CLOSEST_FIT, animate: false, reset: true });
    return;
  }
  // The world does not fit on a phone: show where most of them are.
  const middle = (index) => places.map(({ point }) => point[index]).sort((a, b) => a - b)[places.length >> 1];
  map.setView([middle(0), middle(1)], PHONE_ZOOM, { animate: false, reset: true });
}

/* The address remembers filters and position, so that "back" returns to the same view. */
function keepFilters() {
  const url = new URL(location.href);
  for (const name of FILTERS) {
    const { value } = form.elements[name];
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  replace(url);
}

function keepPosition(map) {
  const { lat, lng } = map.getCenter();
  const url = new URL(location.href);
  // About a kilometre, unless somebody looks very closely: a copied link must not say where its sender stands.
  const decimals = map.getZoom() > CLOSE_ZOOM ? 3 : 2;
  url.hash = `map=${map.getZoom()}/${lat.toFixed(decimals)}/${lng.toFixed(decimals)}`;
  replace(url);
}

function replace(url) {
  try {
    history.replaceState(history.state, "", url);
  } catch {
    // a browser that was asked too often in a short time, while the map glides: the next move will do
  }
}

function returnTo(map) {
  const found = POSITION.exec(location.hash)?.slice(1).map(Number);
  if (!found || found.some(Number.isNaN)) return false;
  const [zoom, latitude, longitude] = found;
  map.setView([latitude, longitude], zoom, { animate: false, reset: true });
  return true;
}
