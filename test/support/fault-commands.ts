/**
 * The commands that faults are tried on: what each finds in its folder, how it is called, and what must be there in
 * the end. All work on one tiny sweep and below one folder, the root, so that a log of one trial has the paths of
 * every other.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINDINGS_TABLES, type FindingsTableName } from '../../schemas/findings.ts';
import type { CompressionName } from '../../schemas/trace.ts';
import { findingsPath } from '../../src/run/findings-tables.ts';
import { readRun } from '../../src/run/folder.ts';
import { prepareCompression } from '../../src/storage/tables/compression.ts';
import { gyre } from './cli.ts';
import { readFaultLog, shimEnvironment } from './fault-shim.ts';
import { runBits } from './runs.ts';

const EPOCHS = 600;
const MORE_EPOCHS = 800;

/**
 * By the reference: several tasks, a group of two slices, an overflow, spikes, kept checkpoints. Half a second of
 * training.
 */
const SWEEP = {
  name: 'faults',
  epochs: EPOCHS,
  seeds: 2,
  detectors: { spikeLookback: 50, spikeStart: 20, spikeRise: 1.5, spikeFallEpochs: 5 },
  networks: [
    {
      ...{ layers: [1, 32, 32, 1], activation: 'relu', data: { kind: 'sine', points: 8 }, batch: 1 },
      optimizer: { kind: 'sgd', learningRate: 0.01 },
    },
    {
      ...{ layers: [1, 4, 1], activation: 'relu', data: { kind: 'sine', points: 4 }, batch: 1 },
      optimizer: { kind: 'momentum', learningRate: [0.01, 1e30] },
    },
    {
      ...{ layers: [1, 3, 1], data: { kind: 'sine', points: 4 } },
      optimizer: { kind: 'adam', learningRate: 0.3, beta2: 0.9 },
    },
  ],
};

/** In what a command may differ without another result. */
export interface Variant {
  readonly threads: 1 | 2;
  readonly compression: CompressionName;
}
export const VARIANTS: readonly Variant[] = ([1, 2] as const).flatMap((threads) =>
  (['none', 'zstd'] as const).map((compression) => ({ threads, compression })),
);

export const COMMAND_NAMES = [
  'start',
  'resume',
  'extend',
  'merge',
  'replay',
  'export-parquet',
  'export-csv',
  'analyse',
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** One command in one variant, ready to be tried. */
export interface FaultCommand {
  readonly name: CommandName;
  readonly variant: Variant;
  /** A copy of this is what the command finds. */
  readonly template: string;
  readonly args: readonly string[];
  /** What it makes, below the root; removed where a user is told to do so. */
  readonly product: string;
  /** A text of its result that is equal where every bit is. */
  readonly result: () => string;
}

/** Makes commands below `root`, which it fills and empties as it likes; `scratch` holds the folders that are copied. */
export class FaultCommands {
  readonly root: string;
  readonly #scratch: string;
  readonly #shim: string;
  readonly #templates = new Map<string, Promise<string>>();

  constructor(options: { readonly scratch: string; readonly shim: string }) {
    this.#scratch = options.scratch;
    this.#shim = options.shim;
    this.root = join(options.scratch, 'root');
  }

  /** A command in a variant. */
  async command(name: CommandName, variant: Variant): Promise<FaultCommand> {
    await prepareCompression(variant.compression);
    const run = this.#at('run');
    const threads = ['--threads', String(variant.threads)];
    const given = { name, variant };
    const runCommand = (epochs: number) => this.#runArgs(variant, run, '--epochs', String(epochs));
    const runResult = (folder: string) => () => JSON.stringify(runBits(folder));
    switch (name) {
      case 'start':
        return {
          ...{ ...given, template: await this.#template('empty', async () => {}), args: runCommand(EPOCHS) },
          ...{ product: run, result: runResult(run) },
        };
      case 'resume':
        return {
          ...{ ...given, template: await this.#halfDone(variant), args: runCommand(EPOCHS) },
          ...{ product: run, result: runResult(run) },
        };
      case 'extend':
        return {
          ...{ ...given, template: await this.#finished(variant), args: runCommand(MORE_EPOCHS) },
          ...{ product: run, result: runResult(run) },
        };
      case 'merge': {
        const product = this.#at('merged');
        return {
          ...{ ...given, template: await this.#shards(variant), product, result: runResult(product) },
          args: ['merge', this.#at('shard-1'), this.#at('shard-2'), '--out', product],
        };
      }
      case 'replay': {
        const product = this.#at('windows');
        const what = ['--network', '0,6', '--epochs', '1..50,210..260'];
        return {
          ...{ ...given, template: await this.#finished(variant), product, result: () => filesText(product) },
          args: ['replay', run, ...what, '--out', product, ...threads],
        };
      }
      case 'export-parquet':
      case 'export-csv': {
        const product = this.#at('tables');
        const format = name === 'export-csv' ? 'csv' : 'parquet';
        return {
          ...{ ...given, template: await this.#finished(variant), product, result: () => filesText(product) },
          args: ['export', run, '--format', format, '--out', product],
        };
      }
      case 'analyse':
        return {
          ...{ ...given, template: await this.#finished(variant), product: run },
          args: ['analyse', run, '--spikes', '4', ...threads],
          result: () => findingsText(run) + JSON.stringify(runBits(run)),
        };
    }
  }

  /** Puts into the root what the command finds. */
  restore({ template }: Pick<FaultCommand, 'template'>): void {
    rmSync(this.root, { recursive: true, force: true });
    cpSync(template, this.root, { recursive: true });
  }

  #at(name: string): string {
    return join(this.root, name);
  }

  #runArgs({ threads, compression }: Variant, folder: string, ...more: string[]): string[] {
    const file = join(this.#scratch, `faults-${compression}.yaml`);
    const trace = { epochs: { every: 50 }, checkpoints: { every: 200 }, compression };
    writeFileSync(file, JSON.stringify({ ...SWEEP, trace })); // JSON is YAML
    const plain = ['--threads', String(threads), '--kernel', 'reference', '--plain'];
    return ['run', file, '--out', folder, ...plain, ...more];
  }

  #finished(variant: Variant): Promise<string> {
    return this.#template(`finished ${JSON.stringify(variant)}`, () =>
      this.#mustSucceed(this.#runArgs(variant, this.#at('run'))),
    );
  }

  #shards(variant: Variant): Promise<string> {
    return this.#template(`shards ${JSON.stringify(variant)}`, async () => {
      for (const shard of [1, 2])
        await this.#mustSucceed(this.#runArgs(variant, this.#at(`shard-${shard}`), '--shard', `${shard}/2`));
    });
  }

  /** A run that was killed between its first commit and its last. */
  #halfDone(variant: Variant): Promise<string> {
    return this.#template(`half-done ${JSON.stringify(variant)}`, async () => {
      const args = this.#runArgs(variant, this.#at('run'));
      const log = join(this.#scratch, 'half-done.log');
      const session = (at: number) =>
        gyre(args, {
          cwd: this.#scratch,
          env: shimEnvironment({ shim: this.#shim, root: this.root, log, fault: { at, what: 'kill' } }),
        });
      await session(0);
      const callCount = readFaultLog(log).reduce((most, { number }) => Math.max(most, number), 0);
      for (const share of [0.6, 0.7, 0.5, 0.8, 0.4, 0.9]) {
        rmSync(this.root, { recursive: true, force: true });
        mkdirSync(this.root);
        await session(Math.round(share * callCount));
        if (isHalfDone(this.#at('run'))) return;
      }
      throw new Error('no kill leaves a run between its first commit and its last');
    });
  }

  /** What `make` leaves in the root, made once. */
  #template(name: string, make: () => Promise<void>): Promise<string> {
    const known = this.#templates.get(name);
    if (known !== undefined) return known;
    const folder = join(this.#scratch, `template-${this.#templates.size}`);
    const made = (async () => {
      rmSync(this.root, { recursive: true, force: true });
      mkdirSync(this.root);
      await make();
      cpSync(this.root, folder, { recursive: true });
      return folder;
    })();
    this.#templates.set(name, made);
    return made;
  }

  async #mustSucceed(args: readonly string[]): Promise<void> {
    const { code, stderr } = await gyre(args, { cwd: this.#scratch });
    if (code !== 0) throw new Error(`gyre ${args.join(' ')}: exit code ${code}: ${stderr}`);
  }
}

function isHalfDone(folder: string): boolean {
  const { networks, results } = readRun(folder);
  const hasBegun = networks.some(({ id }) => results.isDone(id) || results.progressOf(id) !== null);
  return hasBegun && results.doneCount < networks.length;
}

/** Every file below a folder with a hash of its bytes. */
function filesText(folder: string): string {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files
    .map((file) => `${file.slice(folder.length)} ${hashOf(file)}`)
    .sort()
    .join('\n');
}

function findingsText(folder: string): string {
  const paths = (Object.keys(FINDINGS_TABLES) as FindingsTableName[]).map((name) => findingsPath(folder, name));
  return paths.map((path) => `${existsSync(path) ? hashOf(path) : 'none'}\n`).join('');
}

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
