/**
 * Replayed windows as files: those of one shape and precision go into one file, whose name says which networks and
 * windows it holds. A file is there only once all of its windows are, and are what the run has kept.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Network, parametersOf, shapeLabel } from '../../schemas/network.ts';
import type { EpochRange, StateWindow } from '../../schemas/replay-messages.ts';
import { windowsFolder, windowsTable } from '../../schemas/trace.ts';
import { groupBy } from '../plan/pack.ts';
import { WindowFile } from '../storage/exports/window-file.ts';
import type { ReplayWanted } from './replay-plan.ts';

/** A longer list in a file's name is cut, and a hash of all of it takes the place of the rest. */
const NAME_LENGTH_MAX = 80;

/** The windows of one file. */
export interface WindowsOfFile {
  readonly path: string;
  readonly wanted: readonly ReplayWanted[];
}

/**
 * What each file of a replay holds. `folder` is that of all windows; `windowsText` says which windows, as the files'
 * names have it.
 */
export function windowFiles(folder: string, wanted: readonly ReplayWanted[], windowsText: string): WindowsOfFile[] {
  const kinds = groupBy(wanted, ({ network }) => folderOf(network));
  return [...kinds].map(([name, list]) => {
    const ids = rangesText(list.map(({ network }) => ({ first: network.id, last: network.id })));
    return { path: join(folder, name, `${shortened(`networks-${ids}-${windowsText}`)}.arrow`), wanted: list };
  });
}

/** The files of a replay while they are written. */
export class WindowFiles {
  readonly #files: ReadonlyMap<number, WindowFile>;

  constructor(files: readonly WindowsOfFile[], runKey: string) {
    const byNetwork = new Map<number, WindowFile>();
    for (const { path, wanted } of files) {
      const file = new WindowFile(path, { table: tableOf(wanted[0].network), runKey });
      for (const { network } of wanted) byNetwork.set(network.id, file);
    }
    this.#files = byNetwork;
  }

  /** Takes windows in the order in which their rows shall stand. */
  add(windows: readonly StateWindow[]): void {
    for (const window of windows) this.#fileOf(window.network).add(window);
  }

  finish(): void {
    for (const file of new Set(this.#files.values())) file.finish();
  }

  /** Leaves nothing behind but files that are finished. */
  abandon(): void {
    for (const file of new Set(this.#files.values())) file.abandon();
  }

  #fileOf(network: number): WindowFile {
    return this.#files.get(network) as WindowFile;
  }
}

/** `1-8-1-float32`. */
const folderOf = (network: Network): string =>
  windowsFolder(shapeLabel(network), network.precision).slice('windows/'.length);

function tableOf(network: Network) {
  return windowsTable({ shape: shapeLabel(network), precision: network.precision, parameters: parametersOf(network) });
}

/** Ranges in ascending order, those that overlap or are neighbours joined. */
export function mergedRanges(ranges: readonly EpochRange[]): EpochRange[] {
  const merged: EpochRange[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before.last + 1)
      merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, last) };
    else merged.push({ first, last });
  }
  return merged;
}

/** `3+17-20`. */
export function rangesText(ranges: readonly EpochRange[]): string {
  return mergedRanges(ranges)
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join('+');
}

function shortened(name: string): string {
  if (name.length <= NAME_LENGTH_MAX) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, NAME_LENGTH_MAX - 9)}-${hash}`;
}
