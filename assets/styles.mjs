/* Join static/css/site.css and everything it imports into one file: static/vendor/site.css.

   node assets/styles.mjs [FOLDER]

   Forty stylesheets are forty questions to the server, asked one after the other on a slow line. Nothing is
   translated on the way: each `@import` becomes the file it names, inside the layer it names. Addresses of
   fonts are written as seen from the new place. */

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCE = join(ROOT, "static", "css", "site.css");
const IMPORT = /@import "(?<file>[^"]+)"(?: layer\((?<layer>[^)]+)\))?(?: (?<media>[^;]+))?;/gu;

export async function joinStyles(vendor) {
  const order = await readFile(SOURCE, "utf8");
  const parts = [order.slice(0, order.indexOf("@import")).trim()];
  for (const { groups } of order.matchAll(IMPORT)) {
    // What is in static/vendor may be in a new folder that is not in its place yet.
    const inVendor = groups.file.startsWith("../vendor/");
    const path = inVendor ? join(vendor, groups.file.slice(10)) : join(dirname(SOURCE), groups.file);
    const home = inVendor ? dirname(groups.file.slice(10)) : relative(vendor, dirname(path));
    const text = (await readFile(path, "utf8")).replaceAll(/url\("(?!data:)([^"]+)"\)/gu, `url("${home}/$1")`);
    if (text.includes("@import")) throw new Error(`${groups.file} imports another file: site.css is the only list`);
    const inside = groups.layer ? `@layer ${groups.layer} {\n${text}}` : text;
    parts.push(groups.media ? `@media ${groups.media} {\n${inside}}` : inside);
  }
  const joined = `${parts.join("\n\n")}\n`;
  await writeFile(join(vendor, "site.css"), joined);
  await writeFile(join(vendor, "site.css.gz"), gzipSync(joined, { level: 9 }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await joinStyles(process.argv[2] ?? join(ROOT, "static", "vendor"));
}
