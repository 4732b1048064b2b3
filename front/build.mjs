// Makes the bundle that the wheel ships; with --check it only says whether the bundle is that of these sources.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const here = fileURLToPath(new URL(".", import.meta.url));
const place = join(here, "..", "src", "explora", "people", "static");

const made = await build({
  absWorkingDir: here,
  entryPoints: [{ in: "src/main.ts", out: "app" }, { in: "src/app.css", out: "app" }],
  bundle: true,
  minify: true,
  write: false,
  outdir: place,
  target: "es2022",
  format: "esm",
  charset: "utf8",
  legalComments: "none",
});
const files = new Map(made.outputFiles.map((file) => [file.path, Buffer.from(file.contents)]));
for (const name of ["index.html", "app.svg"]) files.set(join(place, name), await readFile(join(here, "src", name)));

const stale = [];
for (const [path, content] of files) {
  const old = await readFile(path).catch(() => null);
  if (old === null || !old.equals(content)) stale.push(path);
}
if (process.argv.includes("--check")) {
  if (stale.length > 0) {
    console.error(`not the bundle of these sources: ${stale.join(", ")}; run \`npm run build\` in front/`);
    process.exit(1);
  }
} else {
  for (const path of stale) await writeFile(path, files.get(path));
}
