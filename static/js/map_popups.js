/* What a popup says. Everything is put in as text: titles come from strangers. */

/* The page's words in its own language, filled by wordsFrom. */
export const words = {};
const page = { opens: "_top", lang: "en" };

export function wordsFrom(text, { opens, lang }) {
  Object.assign(words, JSON.parse(text));
  Object.assign(page, { opens, lang });
}

/* Day before month and 24 hours in English too, as on all our pages. */
export function datesAsIn(lang) {
  return lang === "en" ? "en-GB" : lang;
}

/* What a popup says until more is known. */
export function waitingPopup({ title, city, ids, count }) {
  const box = popupBox();
  const heading = made("h2", "map-popup__name", ids.length > 1 ? words.here.replace("{count}", String(count)) : title);
  asTitle(heading);
  box.append(made("p", "map-popup__city", city), heading, made("p", "map-popup__line", words.loading));
  return box;
}

/* `mark` may stand for more events than are described here; the list has them all. */
export function placePopup(events, { count }, listUrl) {
  const box = popupBox();
  if (events.length === 1) {
    box.append(...describe(events[0], { isTitle: true }));
    return box;
  }
  const title = made("h2", "map-popup__title", words.here.replace("{count}", String(count)));
  asTitle(title);
  const list = made("ul", "map-popup__list");
  for (const event of inOrder(events)) {
    const item = made("li", "map-popup__item");
    item.append(...describe(event, { isTitle: false }));
    list.append(item);
  }
  box.append(made("p", "map-popup__city", events[0].city), title, list);
  if (count > events.length) box.append(linkTo(listUrl, words.all, "map-popup__act"));
  return box;
}

export function missionPopup(mission) {
  const box = popupBox();
  const title = made("h2", "map-popup__name", mission.name);
  asTitle(title);
  box.append(
    made("p", "map-popup__city", mission.city),
    title,
    made("p", "map-popup__line", words.nobody),
    linkTo(mission.register_url, words.register, "map-popup__act"),
  );
  return box;
}

function describe(event, { isTitle }) {
  const isCancelled = event.status === "cancelled";
  const isPostponed = event.status === "postponed";
  const heading = made(isTitle ? "h2" : "h3", "map-popup__name");
  if (isTitle) asTitle(heading);
  heading.append(linkTo(event.url, event.title));
  heading.classList.toggle("map-popup__name--cancelled", isCancelled);
  const parts = [];
  if (isTitle) parts.push(made("p", "map-popup__city", event.city));
  if (isCancelled) parts.push(made("p", "map-popup__state map-popup__state--cancelled", words.cancelled));
  if (isPostponed) parts.push(made("p", "map-popup__state map-popup__state--cancelled", words.postponed));
  if (event.status === "submitted") parts.push(made("p", "map-popup__state", words.submitted));
  parts.push(heading);
  if (isPostponed) parts.push(made("p", "map-popup__line", words.planned));
  parts.push(when(event));
  if (event.precision === "city" || event.precision === "country") parts.push(made("p", "map-popup__line", words.city));
  const features = event.accessibility.map((code) => words.access[code] ?? code);
  if (features.length > 0) parts.push(made("p", "map-popup__line", features.join(" · ")));
  if (!isCancelled && !isPostponed) parts.push(...counts(event));
  if (isTitle && event.status === "published") parts.push(linkTo(event.url, words.details, "map-popup__act"));
  return parts;
}

/* The wall time stands in the feed with its offset, and is shown as it stands there: a browser whose
   zone data is older than the law would otherwise move it. */
function when({ starts_at: startsAt, timezone, is_time_known: isTimeKnown }) {
  const line = made("p", "map-popup__line");
  const wall = new Date(`${startsAt.slice(0, 16)}Z`);
  const options = { dateStyle: "full", timeZone: "UTC", ...(isTimeKnown && { timeStyle: "short" }) };
  const time = made("time", "map-popup__time", new Intl.DateTimeFormat(datesAsIn(page.lang), options).format(wall));
  time.dateTime = isTimeKnown ? startsAt : startsAt.slice(0, 10);
  const offset = /(?:[+-]\d\d:\d\d)$/u.exec(startsAt)?.[0] ?? "+00:00";
  const zone = isTimeKnown ? zoneName(new Date(startsAt), timezone, offset) : words.noTime;
  line.append(time, made("span", "map-popup__zone", zone));
  return line;
}

function zoneName(instant, timezone, offset) {
  try {
    const named = new Intl.DateTimeFormat(page.lang, { timeZone: timezone, timeZoneName: "longGeneric" });
    const { value } = named.formatToParts(instant).find(({ type }) => type === "timeZoneName");
    return `${value} (UTC${offset})`;
  } catch {
    return `${timezone} (UTC${offset})`;
  }
}

function counts({ counts: shown, count_confirmed: confirmed, count_unconfirmed: unconfirmed }) {
  const format = new Intl.NumberFormat(page.lang);
  const number = (count) => (shown === "rounded" ? words.least.replace("{count}", format.format(count)) : format.format(count));
  return [
    [confirmed, words.confirmed],
    [unconfirmed, words.unconfirmed],
  ]
    .filter(([count]) => count > 0)
    .map(([count, text]) => made("p", "map-popup__line", text.replace("{count}", number(count))));
}

function inOrder(events) {
  const isOff = ({ status }) => ["postponed", "cancelled"].indexOf(status) + 1;
  return [...events].sort((a, b) => isOff(a) - isOff(b) || a.starts_at.localeCompare(b.starts_at));
}

function popupBox() {
  const box = made("div", "map-popup");
  box.dir = document.documentElement.dir || "ltr"; // the map itself runs from west to east in every language
  return box;
}

function asTitle(heading) {
  heading.id = "popup-title";
  heading.tabIndex = -1;
}

function linkTo(address, text, kind = "") {
  const url = new URL(address, location.href);
  if (url.protocol !== "https:" && url.protocol !== "http:") return made("span", kind, text);
  const link = made("a", kind, text);
  link.href = url.href;
  link.target = page.opens;
  link.rel = "noopener";
  return link;
}

function made(tag, kind, text = "") {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.dir = text && tag !== "div" ? "auto" : "";
  if (!element.dir) element.removeAttribute("dir");
  element.textContent = text;
  return element;
}
