/**
 * Gyre broken on purpose: the direct claims are bundled from sources in which some text has been replaced, and loaded
 * as a module of their own. A replacement whose text is not found, or found twice, is an error, so a mutant cannot
 * silently become the original.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { DIRECT_CLAIMS } from '../../src/claims/direct-claims.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** One text of a source file, and what stands there instead. */
export interface Replacement {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The direct claims of a program with some replacements. */
export async function mutatedClaims(replacements: readonly Replacement[]): Promise<typeof DIRECT_CLAIMS> {
  const used = new Set<string>();
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/claims/direct-claims.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
    logLevel: 'silent',
    plugins: [mutating(replacements, used)],
  });
  const missed = replacements.filter(({ file }) => !used.has(file));
  if (missed.length > 0) throw new Error(`not in the bundle: ${missed.map(({ file }) => file).join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'gyre-mutant-'));
  try {
    const path = join(folder, 'claims.mjs');
    writeFileSync(path, outputFiles[0].contents);
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)).DIRECT_CLAIMS;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mutating(replacements: readonly Replacement[], used: Set<string>): Plugin {
  return {
    name: 'mutating',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = replacements.filter(({ file }) => path === join(ROOT, file));
        if (own.length === 0) return null;
        for (const { file } of own) used.add(file);
        return { contents: own.reduce(replaced, readFileSync(path, 'utf8')), loader: 'ts' };
      });
    },
  };
}

/** The source with one text replaced. */
export function replaced(source: string, { file, from, to }: Replacement): string {
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${file}: ${parts.length - 1} places have the text, expected 1: ${from}`);
  return parts.join(to);
}
