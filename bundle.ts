/**
 * Writes `dist`: the command line and the worker threads as bundles, one entry and chunks that are shared. `npm run
 * build` and, through `prepare`, npm itself come here: `npx gyre` does so when it links the package for the first time,
 * perhaps beside a run. Commands load their chunks when they are called. So a file that is the same is left alone, one
 * that is not is replaced in one step, and a chunk that the sources no longer make stays for a while: programs that run
 * from `dist` meanwhile find all of it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';

const ROOT = import.meta.dirname;
/** Another folder may be named, to try a build. */
const DIST = resolve(ROOT, process.argv[2] ?? 'dist');

const HOUR_MS = 3_600_000;
/** How long a file that is out of use stays for programs that run. */
const OBSOLETE_MS = 24 * HOUR_MS;
/** A part of this age is of a build that was killed. */
const ABANDONED_MS = HOUR_MS;

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
  // npx starts the program by its name. It makes it executable only when it links the package for the first time.
  replace(path, contents, Buffer.from(contents).subarray(0, 2).toString() === '#!' ? 0o755 : 0o644);
}

removeLater(new Set(outputFiles.map(({ path }) => path)));
removeAbandonedParts();

/** Writes a file in one step. */
function replace(path: string, contents: string | Uint8Array, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, contents, { mode });
  renameSync(part, path);
}

/**
 * Removes the programs and chunks that were out of use for a day: until then a program may run that loads them. When
 * they went out of use is in `obsolete.json`, since the age of a file does not tell.
 */
function removeLater(made: ReadonlySet<string>): void {
  const record = join(DIST, 'obsolete.json');
  const before = existsSync(record) ? readFileSync(record, 'utf8') : '{}';
  const known = JSON.parse(before) as Readonly<Record<string, number>>;
  const kept: Record<string, number> = {};
  for (const path of filesOf(/\.js(\.map)?$/).filter((file) => !made.has(file))) {
    const name = relative(DIST, path);
    const sinceMs = known[name] ?? Date.now();
    if (Date.now() - sinceMs > OBSOLETE_MS) rmSync(path, { force: true });
    else kept[name] = sinceMs;
  }
  const after = JSON.stringify(kept);
  if (after !== before) replace(record, after, 0o644);
}

/** Removes what builds that were killed have left; one that works now is not that old. */
function removeAbandonedParts(): void {
  for (const path of filesOf(/\.part$/))
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_MS) rmSync(path, { force: true });
}

/** The files under `dist` whose names match. */
function filesOf(name: RegExp): string[] {
  const entries = readdirSync(DIST, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
