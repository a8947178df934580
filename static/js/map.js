/* The map page. folium's script has drawn an empty map with its layers (coordinator/maps/drawing.py); this
   fetches what a view shows (map_tiles.js), puts it into those layers and lets people filter it.

   What people typed is only ever put into the page as text (map_popups.js). */

import drawBasemap, { colour } from "./basemap.js";
import { sayTicked } from "./choices.js";
import { crowdIcon, nameOf, pinIcon } from "./map_pins.js";
import { datesAsIn, missionPopup, placePopup, waitingPopup, words, wordsFrom } from "./map_popups.js";
import { Tiles, joined, read } from "./map_tiles.js";

const CLOSE_ZOOM = 14;
const CLOSER = 2; // zoom levels, when somebody opens a crowd
const LAYERS = { events: "feature_group_events", missions: "feature_group_missions", people: "feature_group_people" };
const APART = 42; // pixels between two marks
const CLOSEST_FIT = 6; // zoom, so that one protest alone is shown with its country around it
const PHONE_ZOOM = 1.5;
const ROOM_FOR_BUTTONS = [66, 12]; // pixels at the map's head and left, where Leaflet has its buttons
const LARGEST_HEAT = 60; // pixels
const WORLD = [
  [-72, -200],
  [84, 200],
];
const FILTERS = ["country", "date", "language", "status", "places", "access"];
const SAID_BEFORE = { described: "any" }; // as links say it that were printed before there were boxes to tick
const POSITION = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/u;

const page = document.querySelector(".map");
const status = page.querySelector(".map__status");
const form = page.querySelector(".map__filter");
const more = page.querySelector(".map__more");
const share = page.querySelector(".map__share");
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
const features = new Map(); // what is known of events, by the ids that were asked for
const drawn = new Map(); // markers on the map, by what they show

start();

async function start() {
  wordsFrom(page.dataset.words, { opens: page.dataset.opens, lang: document.documentElement.lang });
  takeTheme(new URLSearchParams(location.search).get("theme"));
  const isFramed = window.self !== window.top;
  page.classList.toggle("map--framed", isFramed);
  const map = window[page.dataset.map];
  if (isFramed) letThePageScroll(map);
  setUpMap(map);
  nameControls(map);
  drawBasemap(map).catch((fault) => console.warn("the world map did not load", fault));
  const layers = Object.fromEntries(Object.entries(LAYERS).map(([name, id]) => [name, window[id]]));
  const asked = new URLSearchParams(location.search);
  for (const name of ["status", "places", "access"]) choose(name, asked.getAll(name));
  try {
    await open(map, layers);
  } catch (fault) {
    console.warn("no events", fault);
    say(words.failed);
  }
}

/* On somebody else's site the map may be light or dark as that site is, whatever the visitor's device wants:
   what our style sheets say for one of the two then always holds, or never. */
function takeTheme(theme) {
  if (theme !== "light" && theme !== "dark") return;
  document.documentElement.style.colorScheme = theme;
  const holds = theme === "dark" ? "(min-width: 0px)" : "not all";
  const visit = (rules) => {
    for (const rule of rules) {
      if (rule instanceof CSSMediaRule) rule.media.mediaText = rule.media.mediaText.replaceAll("(prefers-color-scheme: dark)", holds);
      if (rule.styleSheet) visit(rule.styleSheet.cssRules);
      else if (rule.cssRules) visit(rule.cssRules);
    }
  };
  for (const sheet of document.styleSheets) visit(sheet.cssRules);
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

async function open(map, layers) {
  const asked = new URLSearchParams(location.search);
  const first = await read(`${page.dataset.url}summary.json${queryOf(Object.fromEntries(FILTERS.map((name) => [name, asked.getAll(name)])))}`);
  offerChoices(first, asked);
  let view = show(map, layers, first, { isFirst: true });
  map.panInsideBounds(WORLD, { animate: false });
  map.setMaxBounds(WORLD); // not before: Leaflet would glide into them, and a click meanwhile would be lost
  map.on("moveend", () => {
    draw(map, layers, view);
    keepPosition(map);
  });
  form.addEventListener("submit", (submit) => submit.preventDefault());
  form.addEventListener("change", async () => {
    keepFilters();
    const query = queryOf(chosen());
    try {
      const summary = await read(`${page.dataset.url}summary.json${query}`);
      if (query === queryOf(chosen())) view = show(map, layers, summary); // else somebody chose again meanwhile
    } catch (fault) {
      console.warn("no events", fault);
      say(words.failed);
    }
  });
  share?.addEventListener("click", () => shareView());
  more.hidden = false;
  page.dataset.ready = "";
  showMissions(layers.missions).catch((fault) => console.warn("no missions", fault));
}

function show(map, layers, summary, { isFirst = false } = {}) {
  const view = new Tiles(page.dataset.url, queryOf(chosen()), summary.tiles);
  sayHowMany(summary);
  if (!isFirst || !returnTo(map)) fit(map, summary);
  draw(map, layers, view);
  showCountry(layers.missions);
  return view;
}

/* Put the marks of this view on the map, and again when the tiles that were missing have come. */
function draw(map, layers, view) {
  const { marks, pending } = view.marksIn(map);
  const wanted = new Map(joined(marks, map, APART).map((mark) => [JSON.stringify(mark), mark]));
  for (const [key, marker] of drawn) {
    if (wanted.has(key) || marker.isPopupOpen()) continue;
    layers.events.removeLayer(marker);
    drawn.delete(key);
  }
  for (const [key, mark] of wanted) {
    if (drawn.has(key)) continue;
    const marker = mark.ids.length > 0 ? pinFor(mark) : crowdFor(mark, map);
    drawn.set(key, marker);
    layers.events.addLayer(marker);
  }
  if (layers.people) showPeople(layers.people, [...wanted.values()]);
  pending?.then(() => draw(map, layers, view)).catch((fault) => {
    console.warn("a part of the map did not load", fault);
    say(words.failed);
  });
}

function pinFor(mark) {
  const name = nameOf(mark);
  const pin = L.marker(mark.point, { icon: pinIcon(mark), title: name, riseOnHover: true });
  pin.on("add", () => pin.getElement().setAttribute("aria-label", name));
  pin.bindPopup(() => popupFor(mark, pin), popupSize(220, 290));
  return pin;
}

function crowdFor(mark, map) {
  const name = nameOf(mark);
  const crowd = L.marker(mark.point, { icon: crowdIcon(mark), title: name });
  crowd.on("add", () => crowd.getElement().setAttribute("aria-label", name));
  const closer = () => {
    map.setView(mark.point, Math.min(map.getMaxZoom(), Math.floor(map.getZoom()) + CLOSER), { animate: !isStill });
    map.getContainer().focus({ preventScroll: true }); // the disc is about to go, and the focus would go with it
  };
  crowd.on("click", closer);
  crowd.on("keypress", ({ originalEvent }) => originalEvent.key === "Enter" && closer());
  return crowd;
}

/* The popup opens at once with what the pin says; the rest comes from the same GeoJSON that anybody may read. */
function popupFor(mark, pin) {
  const ids = mark.ids.join(",");
  if (features.has(ids)) return placePopup(features.get(ids), mark, page.dataset.list);
  const box = waitingPopup(mark);
  read(`${page.dataset.events}${page.dataset.events.includes("?") ? "&" : "?"}ids=${ids}`)
    .then((found) => {
      features.set(ids, found.features.map(({ properties }) => properties));
      renew(pin.getPopup());
    })
    .catch((fault) => {
      console.warn("no events", fault);
      box.querySelector(".map-popup__line").textContent = words.failed;
    });
  return box;
}

/* Let a popup that is open say what is known by now, and keep the focus where it was. */
function renew(popup) {
  if (!popup?.isOpen()) return;
  const had = popup.getElement().contains(document.activeElement);
  popup.update();
  if (had) popup.getElement().querySelector("#popup-title")?.focus({ preventScroll: true });
}

async function showMissions(layer) {
  const missions = await read(`${page.dataset.url}missions.json`);
  const known = new Map();
  for (const [code, country, latitude, longitude] of missions) {
    const dot = L.circleMarker([latitude, longitude], {
      radius: 4,
      weight: 1,
      color: colour("map-land"),
      fillColor: colour("map-pin-quiet"),
      fillOpacity: 1,
    });
    dot.country = country;
    dot.bindPopup(() => {
      if (known.has(code)) return missionPopup(known.get(code));
      const box = waitingPopup({ title: "", city: "", ids: [], count: 1 });
      read(page.dataset.missions)
        .then(({ features: all }) => {
          for (const { id, properties } of all) known.set(id, properties);
          if (known.has(code)) renew(dot.getPopup());
        })
        .catch(() => (box.querySelector(".map-popup__line").textContent = words.failed));
      return box;
    }, popupSize(200, 260));
    layer.addLayer(dot);
  }
  layer.everything = layer.getLayers();
  showCountry(layer);
}

/* Missions follow the country alone: they have no date and no language. */
function showCountry(layer) {
  if (!layer.everything) return;
  const [country] = chosen().country;
  layer.clearLayers();
  for (const dot of layer.everything) if (!country || dot.country === country) layer.addLayer(dot);
}

/* For coordinators: how many people come, as warm discs under the pins. */
function showPeople(layer, marks) {
  layer.clearLayers();
  const most = Math.max(1, ...marks.map(({ people }) => people));
  for (const { point, people } of marks) {
    if (people === 0) continue;
    const radius = Math.max(8, LARGEST_HEAT * Math.sqrt(people / most));
    const heat = { radius, stroke: false, fillColor: colour("signal"), fillOpacity: 0.35, interactive: false };
    layer.addLayer(L.circleMarker(point, heat));
  }
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
function sayHowMany({ counts, without }) {
  const { published = 0, submitted = 0, postponed = 0, cancelled = 0 } = counts;
  if (published + submitted + postponed + cancelled === 0) return say(words.nothing);
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const parts = [
    [words.shown, published + submitted],
    [words.later, postponed],
    [words.off, cancelled],
    [words.without, without],
  ].filter(([, count], index) => index === 0 || count > 0);
  return say(parts.map(([text, count]) => text.replace("{count}", number.format(count))).join("; "));
}

function say(text) {
  status.textContent = text;
}

/* What there is to choose is what there is in the campaign, in the reader's words. */
function offerChoices({ countries, dates, languages }, asked) {
  const { lang } = document.documentElement;
  const namedBy = (type) => {
    const names = new Intl.DisplayNames([lang], { type, fallback: "code" });
    return (code) => names.of(code);
  };
  const day = new Intl.DateTimeFormat(datesAsIn(lang), { dateStyle: "full", timeZone: "UTC" });
  const choices = {
    country: [countries, namedBy("region")],
    date: [dates, (text) => day.format(new Date(`${text}T12:00Z`))],
    language: [languages, namedBy("language")],
  };
  for (const [name, [values, textOf]] of Object.entries(choices)) {
    const known = values.map((value) => [value, safely(textOf, value)]);
    if (name !== "date") known.sort(([, a], [, b]) => a.localeCompare(b, lang));
    form.elements[name].append(...known.map(([value, text]) => new Option(text, value)));
    choose(name, asked.getAll(name));
  }
}

/* Of a list the first wish that it has; of boxes all of them. */
function choose(name, wishes) {
  const wanted = wishes.map((wish) => SAID_BEFORE[wish.toLowerCase()] ?? wish.toLowerCase());
  const field = form.elements[name];
  if (field instanceof HTMLSelectElement) {
    const found = [...field.options].find(({ value }) => value && wanted.includes(value.toLowerCase()));
    field.value = found?.value ?? "";
    return;
  }
  for (const box of field) box.checked = wanted.includes(box.value);
  sayTicked(field[0].closest(".choices"));
}

/* What is chosen in each filter: nothing, one thing, or several. */
function chosen() {
  const all = new FormData(form);
  return Object.fromEntries(FILTERS.map((name) => [name, all.getAll(name).filter(Boolean)]));
}

function queryOf(values) {
  const asked = FILTERS.flatMap((name) => values[name].map((value) => [name, value]));
  return asked.length > 0 ? `?${new URLSearchParams(asked)}` : "";
}

function safely(textOf, value) {
  try {
    return textOf(value) ?? value;
  } catch {
    return value; // not a code that this browser knows
  }
}

function fit(map, { box, middle }) {
  if (!box) return;
  const [south, west, north, east] = box;
  const bounds = L.latLngBounds([south, west], [north, east]);
  if (map.getBoundsZoom(bounds, false, L.point(72, 72)) > map.getMinZoom()) {
    map.fitBounds(bounds, { padding: [36, 36], maxZoom: CLOSEST_FIT, animate: false, reset: true });
    return;
  }
  map.setView(middle, PHONE_ZOOM, { animate: false, reset: true }); // the world does not fit on a phone
}

/* The address remembers filters and position, so that "back" returns to the same view. */
function keepFilters() {
  replace(filtered(location.href));
  const before = page.dataset.list;
  const { pathname, search, hash } = filtered(new URL(before, location.href));
  page.dataset.list = pathname + search + hash;
  for (const link of page.querySelectorAll("a")) if (link.getAttribute("href") === before) link.href = page.dataset.list;
}

function filtered(address) {
  const url = new URL(address);
  for (const [name, values] of Object.entries(chosen())) {
    url.searchParams.delete(name);
    for (const value of values) url.searchParams.append(name, value);
  }
  return url;
}

function keepPosition(map) {
  const { lat, lng } = map.getCenter();
  const url = new URL(location.href);
  // About a kilometre, unless somebody looks very closely: a copied link must not say where its sender stands.
  const decimals = map.getZoom() > CLOSE_ZOOM ? 3 : 2;
  url.hash = `map=${map.getZoom()}/${lat.toFixed(decimals)}/${lng.toFixed(decimals)}`;
  replace(url);
}

async function shareView() {
  const url = location.href.replace("/embed/", "/");
  try {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) await navigator.share({ url, title: document.title });
    else await navigator.clipboard.writeText(url);
    share.textContent = words.copied;
  } catch {
    share.textContent = url; // somebody said no, or the browser has no clipboard: it can be copied by hand
  }
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
