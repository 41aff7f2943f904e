/**
 * A tiny half-done run whose files are cut and whose bits are flipped, one damage at a time, and what becomes of it: it
 * is continued to the bits of a run that nothing happened to, or refused with words.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { runPaths } from '../../src/run/folder.ts';
import type { OpenRun } from '../../src/run/open-run.ts';
import { journalFile, readJournal } from '../../src/storage/journal/journal.ts';
import { type RunBits, runBits, sweepOf } from './runs.ts';
import { openThreadless, trainRest, trainTo } from './threadless.ts';

/** Six networks of 60 epochs, one of which is no number soon. */
const SWEEP = sweepOf({
  name: 'damaged',
  epochs: 60,
  layers: [1, 2, 1],
  activation: 'relu',
  data: { kind: 'sine', points: 2 },
  optimizer: [
    { kind: 'adam', learningRate: 0.01 },
    { kind: 'momentum', learningRate: [0.01, 1e30] },
  ],
  seeds: 2,
  trace: { epochs: { every: 20 }, checkpoints: { every: 20 } },
});

/** What becomes of a damaged run: how it ends, or the words that it is refused with. */
export type Fate = { readonly bits: RunBits } | { readonly refusal: string };

/** A half-done run, to be damaged again and again. */
export class DamagedRun {
  readonly folder: string;
  /** The bits that it must end with. */
  readonly expected: RunBits;
  /** The files of the half-done run by their paths in its folder, but those that say nothing of it. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** How folders end that were opened, by what was then in them: most damages come to the same. */
  readonly #endings = new Map<string, RunBits>();
  readonly #scratch: string;

  constructor() {
    // In memory where there is such a place: thousands of folders are synced.
    this.#scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gyre-damage-'));
    this.folder = join(this.#scratch, 'run');
    const whole = openThreadless(SWEEP, this.folder);
    trainRest(whole);
    whole.close();
    this.expected = runBits(this.folder);
    rmSync(this.folder, { recursive: true });
    halfDone(this.folder);
    this.files = filesIn(this.folder);
  }

  remove(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  /**
   * The fates of the run with a file cut after each of so many bytes: from its end on every `step`-th, and none of it.
   */
  *cuts(file: string, step: number): Generator<{ readonly at: number; readonly fate: Fate }> {
    const bytes = this.#bytesOf(file);
    const path = join(this.folder, file);
    this.#restore();
    for (let at = bytes.length - 1; at >= 0; at = at > 0 ? Math.max(0, at - step) : -1) {
      truncateSync(path, at);
      const fate = this.#fate();
      // Refused is as it was: the next cut is deeper.
      if ('bits' in fate || statSync(path).size !== at) this.#restore();
      yield { at, fate };
    }
  }

  /** The fate of the run with one bit of a file flipped. */
  flip(file: string, at: number, bit: number): Fate {
    const bytes = Buffer.from(this.#bytesOf(file));
    bytes[at] ^= 1 << bit;
    this.#restore();
    writeFileSync(join(this.folder, file), bytes);
    return this.#fate();
  }

  /** Whether a run that was refused is continued once its file is as it was. */
  isRight(): boolean {
    this.#restore();
    const fate = this.#fate();
    return 'bits' in fate && JSON.stringify(fate.bits) === JSON.stringify(this.expected);
  }

  #bytesOf(file: string): Buffer {
    const bytes = this.files.get(file);
    if (bytes === undefined) throw new Error(`no file ${file}`);
    return bytes;
  }

  #restore(): void {
    rmSync(this.folder, { recursive: true, force: true });
    for (const [file, bytes] of this.files) {
      const path = join(this.folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  }

  /** Anything but a refusal with words is thrown on. */
  #fate(): Fate {
    let run: OpenRun;
    try {
      run = openThreadless(SWEEP, this.folder);
    } catch (error) {
      if (error instanceof RunError || error instanceof UsageError) return { refusal: error.message };
      throw error;
    }
    try {
      const opened = contentHash(this.folder);
      const known = this.#endings.get(opened);
      if (known !== undefined) return { bits: known };
      trainRest(run);
      const bits = runBits(this.folder);
      this.#endings.set(opened, bits);
      return { bits };
    } finally {
      run.close();
    }
  }
}

/** Two sessions: the first left finished segments, the second was killed, and left open ones. */
function halfDone(folder: string): void {
  const first = openThreadless(SWEEP, folder);
  trainTo(first, [0, 1], 30);
  trainTo(first, [4, 5], 60);
  first.segments.sealAll();
  first.journal.append({ kind: 'end', reason: 'stopped', elapsedMs: 1 });
  first.close();
  const second = openThreadless(SWEEP, folder);
  trainTo(second, [0, 1], 45);
  trainTo(second, [2], 60);
  second.close();
}

function filesIn(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]));
}

/** Of all that training goes on from: of the journal, what its last session has read of it. */
function contentHash(folder: string): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of filesIn(folder))
    if (!/^(lock|run\.json|networks\.arrow|journal)/.test(name)) hash.update(`${name} ${bytes.length} `).update(bytes);
  const { journal } = runPaths(folder);
  for (const { session, bytes } of readJournal(journal)?.parts ?? [])
    hash.update(`${session} ${bytes} `).update(readFileSync(journalFile(journal, session)).subarray(0, bytes));
  return hash.digest('hex');
}
