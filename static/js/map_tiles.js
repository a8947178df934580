/* What the map shows comes in tiles of eight by eight cells, each cell one mark (docs/map-data.md). This knows
   which tiles a view needs, fetches them once, and joins marks that would lie on one another. */

const DEEPEST = 17;
const SEPARATE_FROM = 16; // from this depth on every place is a mark of its own
const TILE_PIXELS = 512; // at a whole zoom
const MERCATOR_NORTH = 85.05;
const MARGIN = 0.15; // of the view, so that a small move shows nothing empty
const STATES = ["published", "submitted", "postponed", "cancelled"];

/* Tiles of one map and one set of filters. `url` ends with "/", `query` is "" or begins with "?". */
export class Tiles {
  #url;
  #query;
  #known = new Map();
  #asked = new Map();

  constructor(url, query, first = {}) {
    this.#url = url;
    this.#query = query;
    for (const [place, tile] of Object.entries(first)) this.#known.set(place, marksOf(tile));
  }

  /* Return the marks for a view, and a promise when some are still on their way. Until then the closest tiles
     stand in that are known. */
  marksIn(map) {
    const depth = depthOf(map);
    const wanted = tilesIn(map, depth);
    const missing = wanted.filter((place) => !this.#known.has(place));
    const pending = missing.length > 0 ? Promise.all(missing.map((place) => this.#fetch(place))) : null;
    return { marks: this.#known.size > 0 ? this.#closest(map, depth) : [], pending };
  }

  #closest(map, depth) {
    for (let known = depth; known >= 0; known -= 1) {
      const tiles = tilesIn(map, known).map((place) => this.#known.get(place));
      if (tiles.every(Boolean)) return tiles.flat();
    }
    return tilesIn(map, depth).flatMap((place) => this.#known.get(place) ?? []);
  }

  #fetch(place) {
    if (!this.#asked.has(place)) {
      const asked = read(`${this.#url}${place}.json${this.#query}`)
        .then((tile) => this.#known.set(place, marksOf(tile)))
        .finally(() => this.#asked.delete(place));
      this.#asked.set(place, asked);
    }
    return this.#asked.get(place);
  }
}

export async function read(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

/* Join marks that are nearer to one another than `pixels` on the screen: a thumb can't tell them apart. */
export function joined(marks, map, pixels) {
  if (depthOf(map) >= SEPARATE_FROM) return marks;
  const cells = new Map();
  const found = [];
  const sorted = [...marks].sort((a, b) => b.count - a.count || a.point[0] - b.point[0] || a.point[1] - b.point[1]);
  for (const mark of sorted) {
    const { x, y } = map.latLngToLayerPoint(mark.point);
    const [column, row] = [Math.floor(x / pixels), Math.floor(y / pixels)];
    const near = around(column, row)
      .flatMap((cell) => cells.get(cell) ?? [])
      .find((other) => Math.hypot(other.x - x, other.y - y) < pixels);
    if (near) {
      found[near.index] = together(found[near.index], mark);
      continue;
    }
    const cell = `${column} ${row}`;
    if (!cells.has(cell)) cells.set(cell, []);
    cells.get(cell).push({ x, y, index: found.push(mark) - 1 });
  }
  return found;
}

function together(one, other) {
  const better = STATES.indexOf(one.state) <= STATES.indexOf(other.state) ? one : other;
  return { point: one.point, count: one.count + other.count, people: one.people + other.people, state: better.state, ids: [] };
}

function around(column, row) {
  return [-1, 0, 1].flatMap((across) => [-1, 0, 1].map((down) => `${column + across} ${row + down}`));
}

function marksOf({ marks, people = [] }) {
  return marks.map(([latitude, longitude, count, state, isRough = 0, ids = "", city = "", title = ""], index) => ({
    point: [latitude, longitude],
    count,
    state: STATES[state],
    isRough: isRough === 1,
    ids: ids ? ids.split(" ") : [],
    city,
    title,
    people: people[index] ?? 0,
  }));
}

function depthOf(map) {
  return Math.min(DEEPEST, Math.max(0, Math.floor(map.getZoom()) - 1));
}

function tilesIn(map, depth) {
  const bounds = map.getBounds().pad(MARGIN);
  const size = 2 ** depth;
  const [left, top] = tileAt(bounds.getNorthWest(), size);
  const [right, bottom] = tileAt(bounds.getSouthEast(), size);
  const places = [];
  for (let x = left; x <= right; x += 1) for (let y = top; y <= bottom; y += 1) places.push(`${depth}/${x}/${y}`);
  return places;
}

function tileAt({ lat, lng }, size) {
  const latitude = Math.max(-MERCATOR_NORTH, Math.min(MERCATOR_NORTH, lat));
  const point = L.CRS.EPSG3857.latLngToPoint(L.latLng(latitude, lng), 0).divideBy(TILE_PIXELS / 2);
  const within = (axis) => Math.max(0, Math.min(size - 1, Math.floor(axis * size)));
  return [within(point.x), within(point.y)];
}
