/* The world under the pins: land and borders from our own origin, drawn in the page's own colours.

   110m comes first, for it is small; 50m follows when somebody looks closer. Both are drawn on one canvas
   that lies under everything and takes no clicks. */

const HOME = new URL("../vendor/basemap/", import.meta.url);
const FINER_FROM = 4; // zoom
const PANE = "basemap";
const SCHEMES = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"];

/* Draw the world on a Leaflet map. Resolves when its first, coarse form is there. */
export default function drawBasemap(map) {
  const pane = map.createPane(PANE);
  pane.style.zIndex = 150; // below street tiles (200), should the administrator have named a provider
  pane.style.pointerEvents = "none";
  const renderer = L.canvas({ pane: PANE, padding: 0.3 });
  const layers = L.layerGroup().addTo(map);

  const draw = async (resolution) => {
    const [land, borders] = await Promise.all([load(`${resolution}.json`), load(`borders-${resolution}.json`)]);
    layers.clearLayers();
    for (const [data, style] of [
      [land, landStyle],
      [borders, borderStyle],
    ]) {
      const options = { style, renderer, pane: PANE, interactive: false, smoothFactor: 0.6 };
      L.geoJSON(data, options).addTo(layers);
    }
  };

  for (const query of SCHEMES) {
    matchMedia(query).addEventListener("change", () => {
      const [land, borders] = layers.getLayers();
      land?.setStyle(landStyle());
      borders?.setStyle(borderStyle());
    });
  }

  let finer;
  const lookCloser = () => {
    if (map.getZoom() < FINER_FROM || navigator.connection?.saveData) return;
    finer ??= first.then(() => draw("50m")).catch(() => (finer = undefined));
  };
  const first = draw("110m");
  map.on("zoomend", lookCloser);
  return first.then(lookCloser);
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--colour-${name}`).trim();
}

async function load(file) {
  const answer = await fetch(new URL(file, HOME));
  if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
  return answer.json();
}

function landStyle() {
  return { stroke: false, fill: true, fillColor: colour("map-land"), fillOpacity: 1 };
}

function borderStyle() {
  return { stroke: true, color: colour("map-border"), weight: 1, fill: false };
}
