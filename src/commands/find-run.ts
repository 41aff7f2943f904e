/**
 * Finds the run that a user means: a path, a unique prefix of a run's folder under traces/runs, or `latest`.
 */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { RunError, systemErrorCode, UsageError } from '../../schemas/problems.ts';
import { runPaths } from '../run/folder.ts';
import { withPath } from '../storage/files.ts';
import { journalFile, sessionsIn } from '../storage/journal/journal.ts';
import { RUNS_FOLDER } from './registry/value-kinds.ts';

/**
 * The folders of all runs under traces/runs, the one that was worked on last first. One that cannot be looked into is
 * among them, at the end.
 */
export function listRunFolders(): string[] {
  if (!existsSync(RUNS_FOLDER)) return [];
  return withPath(RUNS_FOLDER, () => readdirSync(RUNS_FOLDER))
    .map((name) => join(RUNS_FOLDER, name))
    .flatMap((folder) => {
      const changedMs = lastChangeMs(folder);
      return changedMs === null ? [] : [{ folder, changedMs }];
    })
    .sort((a, b) => b.changedMs - a.changedMs)
    .map(({ folder }) => folder);
}

/** When a run was worked on last; null where there is none. 0 where nobody can say: whoever reads it will say why. */
function lastChangeMs(folder: string): number | null {
  const { journal, manifest } = runPaths(folder);
  const manifestMs = changeMs(manifest);
  if (manifestMs === null) return null;
  const sessionsMs = sessionFiles(journal).map((file) => changeMs(file) ?? 0);
  return sessionsMs.length === 0 ? manifestMs : Math.max(...sessionsMs);
}

/** The journal's files; none where its folder cannot be read, which whoever reads the run will say. */
function sessionFiles(journal: string): string[] {
  try {
    // A link may lead anywhere: it is not followed.
    if (!lstatSync(journal).isDirectory()) return [];
    return sessionsIn(journal).map((session) => journalFile(journal, session));
  } catch (error) {
    if (error instanceof RunError || systemErrorCode(error) !== undefined) return [];
    throw error;
  }
}

function changeMs(path: string): number | null {
  try {
    return lstatSync(path).mtimeMs;
  } catch (error) {
    const isAbsent = ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '');
    return isAbsent ? null : 0;
  }
}

/** The folder of the run called `name`. */
export function findRun(name: string): string {
  if (changeMs(runPaths(name).manifest) !== null) return name;
  if (name.includes(sep) && existsSync(name))
    throw new UsageError({
      where: name,
      got: 'a folder without run.json',
      expected: 'the folder of a run',
      remedy: 'gyre runs lists the runs under traces/runs',
    });
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
