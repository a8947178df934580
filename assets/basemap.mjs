/* The world as GeoJSON that Leaflet can draw.

   The atlas is TopoJSON whose rings run over the antimeridian uncut: from 179 to -179. Leaflet draws such
   an edge as a bar over the whole world. So each ring is unwrapped (no step longer than half the world),
   and a polygon that then leaves the world on one side is drawn a second time, a world further, where
   its other half belongs. Antarctica goes round the pole, cannot be unwrapped, and has no use here. */

import { feature, mesh } from "topojson-client";

const ANTARCTICA = "010"; // ISO 3166-1 numeric, which the atlas uses as the feature's id
const WORLD = 360;
const FEWEST_POINTS_OF_A_RING = 4; // RFC 7946: first and last are the same

function countriesOf(atlas, decimals) {
  const features = feature(atlas, atlas.objects.countries)
    .features.filter(({ id }) => id !== ANTARCTICA)
    .map(({ id, geometry }) => ({
      type: "Feature",
      id,
      properties: {},
      geometry: { type: "MultiPolygon", coordinates: polygonsOf(geometry, decimals) },
    }));
  return { type: "FeatureCollection", features };
}

/* Lines between two countries, once each: drawn instead of outlines, the coast stays unbroken. */
function bordersOf(atlas, decimals) {
  const lines = mesh(atlas, atlas.objects.countries, (one, other) => one !== other).coordinates.flatMap((line) =>
    onBothSides([unwrap(line)]).map(([copy]) => rounded(copy, decimals)),
  );
  const geometry = { type: "MultiLineString", coordinates: lines.filter((line) => line.length > 1) };
  return { type: "Feature", properties: {}, geometry };
}

function polygonsOf(geometry, decimals) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return polygons
    .flatMap((rings) => onBothSides(besideTheFirst(rings.map(unwrap))))
    .map((rings) => rings.map((ring) => rounded(ring, decimals)))
    .map((rings) => rings.filter((ring) => ring.length >= FEWEST_POINTS_OF_A_RING))
    .filter((rings) => rings.length > 0);
}

function unwrap(points) {
  let shift = 0;
  return points.map(([longitude, latitude], index) => {
    if (index > 0) {
      const step = longitude - points[index - 1][0];
      if (step > WORLD / 2) shift -= WORLD;
      if (step < -WORLD / 2) shift += WORLD;
    }
    return [longitude + shift, latitude];
  });
}

/* A hole may have been unwrapped to the other side of the world than the ring it lies in. */
function besideTheFirst([outer, ...holes]) {
  const [west, east] = span(outer);
  return [
    outer,
    ...holes.map((hole) => {
      const [from, to] = span(hole);
      if (from < west - 1) return moved(hole, WORLD);
      if (to > east + 1) return moved(hole, -WORLD);
      return hole;
    }),
  ];
}

function onBothSides(lines) {
  const [west, east] = span(lines[0]);
  const copies = [lines];
  if (west < -WORLD / 2) copies.push(lines.map((line) => moved(line, WORLD)));
  if (east > WORLD / 2) copies.push(lines.map((line) => moved(line, -WORLD)));
  return copies;
}

function span(points) {
  const longitudes = points.map(([longitude]) => longitude);
  return [Math.min(...longitudes), Math.max(...longitudes)];
}

function moved(points, by) {
  return points.map(([longitude, latitude]) => [longitude + by, latitude]);
}

function rounded(points, decimals) {
  const short = points.map(([longitude, latitude]) => [
    Number(longitude.toFixed(decimals)),
    Number(latitude.toFixed(decimals)),
  ]);
  return short.filter(([x, y], index) => index === 0 || x !== short[index - 1][0] || y !== short[index - 1][1]);
}

export { bordersOf, countriesOf };
