/**
 * Finds the run that a user means: a path, a unique prefix of a run's folder under traces/runs, or `latest`.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../schemas/problems.ts';
import { runPaths } from '../run/folder.ts';
import { journalFile, sessionsIn } from '../storage/journal.ts';

/** Where runs go unless --out says otherwise. */
export const RUNS_FOLDER = join('traces', 'runs');

/** The folders of all runs under traces/runs, the one that was worked on last first. */
export function listRunFolders(): string[] {
  if (!existsSync(RUNS_FOLDER)) return [];
  const lastChangeMs = (folder: string): number => {
    const { journal, manifest } = runPaths(folder);
    const session = sessionsIn(journal).at(-1);
    return statSync(session === undefined ? manifest : journalFile(journal, session)).mtimeMs;
  };
  return readdirSync(RUNS_FOLDER)
    .map((name) => join(RUNS_FOLDER, name))
    .filter((folder) => existsSync(runPaths(folder).manifest))
    .map((folder) => ({ folder, changedMs: lastChangeMs(folder) }))
    .sort((a, b) => b.changedMs - a.changedMs)
    .map(({ folder }) => folder);
}

/** The folder of the run called `name`. */
export function findRun(name: string): string {
  if (existsSync(runPaths(name).manifest)) return name;
  const folders = listRunFolders();
  const known = folders.map((folder) => folder.slice(RUNS_FOLDER.length + 1));
  if (name === 'latest' && folders.length > 0) return folders[0];
  const matches = folders.filter((_, i) => known[i].startsWith(name));
  if (matches.length === 1) return matches[0];
  const exact = matches.find((_, i) => known[i] === name);
  if (exact !== undefined) return exact;
  throw new UsageError({
    where: `run "${name}"`,
    got: matches.length > 1 ? `a prefix of ${matches.length} runs` : 'no such run',
    expected: 'a path, a unique prefix or "latest"',
    remedy:
      folders.length === 0
        ? `there are no runs under ${RUNS_FOLDER}; start one with gyre run sweeps/quickstart.yaml`
        : `known: ${known.slice(0, 5).join(', ')}${known.length > 5 ? ', …' : ''}`,
  });
}
