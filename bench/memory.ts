/**
 * Shows that memory stays flat however many epochs a run has: trains a few small networks for millions of epochs
 * through the command line, takes the resident memory from its progress notices, and compares the last quarter of the
 * run with the second (in the first, threads start and code is compiled). Quarters are of the time in which all
 * networks train. What the last commits need beyond that is reported as the peak. Writes bench/results/memory.json.
 *
 *     npm run build && npx tsx bench/memory.ts [--epochs N]        (a minute or two; with --epochs nothing is written)
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Notice, ProgressNotice } from '../schemas/notices.ts';

const root = new URL('..', import.meta.url).pathname;
const RESULT = 'bench/results/memory.json';
const ROWS = 10;
const THREADS = 2;
/** Epochs of each network: somewhat over a minute on two cores. */
const EPOCHS = 75_000_000;
/** The last quarter may need this much more than the second before it counts as growth. */
const RATIO_MAX = 1.1;

const { values: options } = parseArgs({ options: { epochs: { type: 'string', default: String(EPOCHS) } } });
const epochs = Number(options.epochs);

/** Two groups of four, so that each thread trains one of them from the first second to the last. */
const sweep = {
  name: 'memory',
  epochs,
  layers: [1, 4, 1],
  data: { kind: 'sine', points: 4 },
  optimizer: { kind: 'adam', learningRate: 0.001 },
  seeds: 8,
  trace: { epochs: { every: 1000 } },
};

const notices = await progressOfRun();
const result = measure(notices);
print(result);
if (epochs === EPOCHS) {
  writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`written to ${RESULT}\n`);
}
if (result.ratio > RATIO_MAX) process.exitCode = 1;

/** The progress of a run as its own process tells it. */
type Progress = ProgressNotice & { readonly residentBytes: number };

/** Runs the sweep in a folder that is gone afterwards, and returns its progress notices. */
async function progressOfRun(): Promise<Progress[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gyre-memory-'));
  try {
    const file = join(folder, 'memory.yaml');
    writeFileSync(file, JSON.stringify(sweep)); // JSON is YAML
    const main = join(root, 'dist/src/main.js');
    const argument = ['run', file, '--out', join(folder, 'run'), '--threads', String(THREADS), '--json'];
    const child = spawn(process.execPath, [main, ...argument], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const found: Progress[] = [];
    for await (const line of createInterface(child.stdout)) {
      const notice = JSON.parse(line) as Notice;
      if (notice.kind !== 'progress' || notice.residentBytes === null) continue;
      found.push({ ...notice, residentBytes: notice.residentBytes });
    }
    const exitCode = await closed;
    if (exitCode !== 0) throw new Error(`gyre run: exit code ${exitCode}`);
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Sample {
  readonly elapsedSeconds: number;
  /** By all networks together. */
  readonly epochsTrained: number;
  readonly residentMB: number;
}

/** What the run comes to, and what it was. */
interface Result {
  readonly command: string;
  readonly node: string;
  readonly run: string;
  readonly samples: readonly Sample[];
  /** Means over quarters of the time in which all networks train. */
  readonly secondQuarterMB: number;
  readonly lastQuarterMB: number;
  /** Of the whole run, its commits included. */
  readonly peakMB: number;
  /** Last quarter by second quarter. */
  readonly ratio: number;
  /** Slope of a straight line through the second half. */
  readonly growthMBPerMillionEpochs: number;
}

function measure(notices: readonly Progress[]): Result {
  const training = notices.filter(({ networksDone }) => networksDone === 0);
  const endMs = training[training.length - 1].elapsedMs;
  const between = (from: number, to: number) =>
    training.filter(({ elapsedMs }) => elapsedMs >= from * endMs && elapsedMs <= to * endMs);
  const meanMB = (quarter: Progress[]) => mean(quarter.map(({ residentBytes }) => residentBytes / 1e6));
  const secondQuarterMB = meanMB(between(0.25, 0.5));
  const lastQuarterMB = meanMB(between(0.75, 1));
  const secondHalf = between(0.5, 1).map(({ epochsTrained, residentBytes }) => ({
    x: epochsTrained / 1e6,
    y: residentBytes / 1e6,
  }));
  const samples = Array.from({ length: ROWS }, (_, row) => {
    const { elapsedMs, epochsTrained, residentBytes } = notices[Math.round(((row + 1) * (notices.length - 1)) / ROWS)];
    return { elapsedSeconds: digits(elapsedMs / 1000, 1), epochsTrained, residentMB: digits(residentBytes / 1e6, 1) };
  });
  return {
    command: 'npx tsx bench/memory.ts',
    node: process.version,
    run: `${sweep.seeds} networks ${sweep.layers.join('-')} × ${epochs} epochs on ${THREADS} threads`,
    samples,
    secondQuarterMB: digits(secondQuarterMB, 1),
    lastQuarterMB: digits(lastQuarterMB, 1),
    peakMB: digits(Math.max(...notices.map(({ residentBytes }) => residentBytes / 1e6)), 1),
    ratio: digits(lastQuarterMB / secondQuarterMB, 3),
    growthMBPerMillionEpochs: digits(slope(secondHalf), 3),
  };
}

function print(result: Result): void {
  const { run, node, samples, secondQuarterMB, lastQuarterMB, peakMB, ratio, growthMBPerMillionEpochs } = result;
  const lines = [
    `${run}, Node ${node}`,
    '',
    ' elapsed s   epochs trained   resident MB',
    ...samples.map(
      ({ elapsedSeconds, epochsTrained, residentMB }) =>
        elapsedSeconds.toFixed(1).padStart(10) +
        epochsTrained.toLocaleString('en').padStart(17) +
        residentMB.toFixed(1).padStart(14),
    ),
    '',
    `second quarter ${secondQuarterMB} MB, last quarter ${lastQuarterMB} MB: ratio ${ratio}; peak ${peakMB} MB`,
    `growth over the second half: ${growthMBPerMillionEpochs} MB a million network-epochs`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the least-squares line through points. */
function slope(points: readonly { x: number; y: number }[]): number {
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  const covariance = mean(points.map((point) => (point.x - x) * (point.y - y)));
  return covariance / mean(points.map((point) => (point.x - x) ** 2));
}

function digits(value: number, count: number): number {
  return Number(value.toFixed(count));
}
