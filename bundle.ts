/**
 * Writes `dist`: the command line and the worker threads as bundles, one entry and chunks that are shared. `npm run
 * build` and, through `prepare`, npm itself come here: `npx gyre` does so when it links the package for the first time,
 * perhaps beside a run. Commands load their chunks when they are called, so a chunk that is the same is left alone, and
 * one that is not is replaced in one step: programs that run from `dist` meanwhile find all of it, unless the sources
 * have changed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const ROOT = import.meta.dirname;
/** Another folder may be named, to try a build. */
const DIST = resolve(ROOT, process.argv[2] ?? 'dist');

/** Libraries that stay in node_modules: they load files of their own, or threads. */
const EXTERNAL = ['@bokuweb/zstd-wasm', 'commander', 'ink', 'msgpackr', 'parquet-wasm', 'piscina', 'react', 'yaml'];

const { outputFiles } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['src/main.ts', 'workers/*.ts'],
  outbase: '.',
  outdir: DIST,
  chunkNames: 'src/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  external: EXTERNAL,
  write: false,
});

// Chunks, which have a hash in their names, come before what imports them.
const isChunk = (path: string) => /-[0-9A-Z]{8}\.js/.test(path);
for (const { path, contents } of outputFiles.toSorted((a, b) => Number(isChunk(b.path)) - Number(isChunk(a.path)))) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  // npx starts the program by its name. It makes it executable only when it links the package for the first time.
  writeFileSync(part, contents, { mode: Buffer.from(contents).subarray(0, 2).toString() === '#!' ? 0o755 : 0o644 });
  renameSync(part, path);
}

const made = new Set(outputFiles.map(({ path }) => path));
for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (/\.js(\.map)?$/.test(entry.name) && !made.has(path)) rmSync(path);
}
