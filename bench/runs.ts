/**
 * What a whole run costs beside its kernels, measured from outside on the built command line: the default sweep against
 * the same networks trained by the kernel's engine alone on as many cores; one thread against two; the time to the
 * first epoch of the quick start; and how seconds and memory grow from a hundred networks to a hundred thousand. Writes
 * bench/results/runs.json.
 *
 *     npm run build && npx tsx bench/runs.ts [--rounds 3] [--epochs N] [--quick]
 *
 * About five minutes, on a machine that does nothing else. With other epochs, or --quick (a try whether the bench
 * works), nothing is written.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expandSweep } from '../src/plan/expand.ts';
import { readSweep } from '../src/plan/read.ts';
import { machine } from './peers/installed.ts';
import type { ShapeTime } from './peers/kernel-only.ts';
import { median } from './peers/problem.ts';
import { gyre, kernelsAlone, secondsToFirstEpoch } from './peers/processes.ts';

const RESULT = 'bench/results/runs.json';
const root = new URL('..', import.meta.url).pathname;
const QUICKSTART = 'sweeps/quickstart.yaml';
const THREADS = 2;
const TARGETS = { share: 0.8, speedUp: 1.85, firstEpochSeconds: 1, overhead: 0.15, peakMB: 700, costGrowth: 1.1 };
/** Sizes from which on start-up is small beside training. */
const SCALE_JUDGED_FROM = 10_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    epochs: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const sweepName = options.quick ? QUICKSTART : 'sweeps/default.yaml';
const sweepFile = join(root, sweepName);
const sweep = readSweep(sweepFile);
const epochs = options.quick ? 50 : Number(options.epochs ?? sweep.epochs);
const rounds = options.quick ? 1 : Number(options.rounds);
const starts = options.quick ? 1 : 5;
const sizes = options.quick ? [100] : [100, 1000, 10_000, 100_000];
/** Networks of the shape of the scale that the kernel's rate is measured on. */
const sampleSize = options.quick ? 100 : 4000;
const scaleEpochs = options.quick ? 50 : 1000;

const folder = mkdtempSync(join(tmpdir(), 'gyre-runs-'));
try {
  const wholeRuns = await measureWholeRuns();
  const firstEpoch = await measureStarts();
  const scale = await measureScale();
  report({ ...wholeRuns, firstEpoch, scale });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface SweepRun {
  readonly seconds: number;
  readonly peakMB: number | null;
  readonly fingerprint: string;
}

/** Runs a sweep file in a folder that is gone afterwards. */
async function runSweep(file: string, ...argument: string[]): Promise<SweepRun> {
  const out = join(folder, 'run');
  const { seconds, peakMB } = await gyre('run', file, '--out', out, '--plain', ...argument);
  const fingerprint = (await gyre('fingerprint', out)).output.trim();
  rmSync(out, { recursive: true });
  return { seconds, peakMB, fingerprint };
}

/** Kernels alone, the run on two threads, the run on one: in turn. */
async function measureWholeRuns() {
  const networks = expandSweep(sweep).length;
  const perRound: { rates: ReturnType<typeof coreRates>; two: SweepRun; one: SweepRun }[] = [];
  const fingerprints = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    tell(`round ${round + 1}: ${sweepName} by kernels alone, on ${THREADS} threads, on one`);
    const parts = await kernelsAlone(sweepFile, { parts: THREADS, epochs, networks });
    const two = await runSweep(sweepFile, '--epochs', String(epochs), '--threads', String(THREADS));
    const one = await runSweep(sweepFile, '--epochs', String(epochs), '--threads', '1');
    fingerprints.add(two.fingerprint).add(one.fingerprint);
    perRound.push({ rates: coreRates(parts), two, one });
  }
  if (fingerprints.size !== 1) throw new Error(`different fingerprints: ${[...fingerprints].join(' ')}`);
  const networkEpochs = networks * epochs;
  const rows = perRound.map(({ rates, two, one }) => {
    // What all cores together would need at the rates of their kernels.
    const kernelSeconds = rates.reduce((sum, options) => sum + options.networkEpochs / options.rate, 0) / THREADS;
    return {
      kernelSeconds,
      runSeconds: two.seconds,
      share: kernelSeconds / two.seconds,
      oneThreadSeconds: one.seconds,
      speedUp: one.seconds / two.seconds,
      peakMB: two.peakMB,
    };
  });
  const shapes = perRound[0].rates.map(({ shape }, i) => ({
    shape,
    networkEpochsASecondAndCore: Math.round(median(perRound.map(({ rates }) => rates[i].rate))),
  }));
  return { networks, networkEpochs, rows, shapes, fingerprint: [...fingerprints][0] };
}

/** The rate of a core by shape: the mean of the cores. */
function coreRates(parts: readonly ShapeTime[][]): { shape: string; networkEpochs: number; rate: number }[] {
  return parts[0].map(({ shape }) => {
    const own = parts.flatMap((part) => part.filter((time) => time.shape === shape));
    const networkEpochs = own.reduce((sum, time) => sum + time.networkEpochs, 0);
    return { shape, networkEpochs, rate: networkEpochs / own.reduce((sum, { seconds }) => sum + seconds, 0) };
  });
}

async function measureStarts(): Promise<number[]> {
  tell('the time to the first epoch');
  const seconds: number[] = [];
  for (let i = 0; i < starts; i++)
    seconds.push(await secondsToFirstEpoch(join(root, QUICKSTART), join(folder, `start-${i}`)));
  return seconds;
}

interface ScalePoint {
  readonly networks: number;
  readonly seconds: number;
  readonly kernelSeconds: number;
  readonly overhead: number;
  /** Without the time that a run of next to nothing takes. */
  readonly overheadOfRunning: number;
  readonly millisecondsANetwork: number;
  readonly peakMB: number | null;
  readonly fingerprint: string;
}

/**
 * The kernels' rate is taken before and after each size, the cost of starting from a run of one group for one epoch.
 */
async function measureScale(): Promise<ScalePoint[]> {
  const points: ScalePoint[] = [];
  const optimizer = { kind: 'adam', learningRate: 0.001 };
  const data = { kind: 'sine', points: 16 };
  const sweepOf = (networks: number): string => {
    const file = join(folder, `scale-${networks}.yaml`);
    const keys = { name: 'scale', epochs: scaleEpochs, layers: [1, 8, 1], data, optimizer, seeds: networks };
    writeFileSync(file, JSON.stringify(keys)); // JSON is YAML
    return file;
  };
  const sampleSeconds = async (): Promise<number> => {
    const options = { parts: THREADS, epochs: scaleEpochs, networks: sampleSize };
    const [{ rate }] = coreRates(await kernelsAlone(sweepOf(sampleSize), options));
    return 1 / (rate * THREADS);
  };
  const startRuns = [];
  for (let i = 0; i < starts; i++) startRuns.push((await runSweep(sweepOf(4), '--epochs', '1')).seconds);
  const startSeconds = median(startRuns);
  for (const networks of sizes) {
    tell(`${networks} networks`);
    const before = await sampleSeconds();
    const { seconds, peakMB, fingerprint } = await runSweep(sweepOf(networks), '--threads', String(THREADS));
    const kernelSeconds = (networks * scaleEpochs * (before + (await sampleSeconds()))) / 2;
    points.push({
      networks,
      seconds,
      kernelSeconds,
      overhead: seconds / kernelSeconds - 1,
      overheadOfRunning: (seconds - startSeconds) / kernelSeconds - 1,
      millisecondsANetwork: (seconds / networks) * 1000,
      peakMB,
      fingerprint,
    });
  }
  return points;
}

interface Measured extends Awaited<ReturnType<typeof measureWholeRuns>> {
  readonly firstEpoch: readonly number[];
  readonly scale: readonly ScalePoint[];
}

function report({ networks, networkEpochs, rows, shapes, fingerprint, firstEpoch, scale }: Measured): void {
  const { processor, cores } = machine();
  const middle = (read: (row: (typeof rows)[number]) => number) => median(rows.map(read));
  const judged = verdicts({
    share: middle(({ share }) => share),
    speedUp: middle(({ speedUp }) => speedUp),
    firstEpochSeconds: median(firstEpoch),
    scale,
  });
  const hash = createHash('sha256').update([fingerprint, ...scale.map((point) => point.fingerprint)].join(' '));
  const result = {
    command: 'npx tsx bench/runs.ts',
    machine: { processor, cores, node: process.version },
    run: `${networks} networks × ${epochs} epochs (${sweepName}) on ${THREADS} threads`,
    networkEpochsASecond: Math.round(networkEpochs / middle(({ runSeconds }) => runSeconds)),
    rounds: rows.map(rounded),
    shapes,
    secondsToFirstEpoch: firstEpoch.map((seconds) => digits(seconds)),
    scale: scale.map(rounded),
    verdicts: judged,
    resultHash: hash.digest('hex'),
  };
  const seconds = (value: number) => value.toFixed(2).padStart(10);
  const lines = [
    `${result.run}; ${processor}, Node ${process.version}`,
    '',
    ' kernels s    run s   share   one thread s   speed-up   peak MB',
    ...rows.map(
      (row) =>
        `${seconds(row.kernelSeconds)}${row.runSeconds.toFixed(2).padStart(9)}${row.share.toFixed(3).padStart(8)}` +
        `${row.oneThreadSeconds.toFixed(2).padStart(15)}${row.speedUp.toFixed(3).padStart(11)}` +
        `${(row.peakMB ?? Number.NaN).toFixed(0).padStart(10)}`,
    ),
    '',
    '  networks         s   kernels s   overhead   w/o start   ms a network   peak MB',
    ...scale.map(
      (point) =>
        `${String(point.networks).padStart(10)}${seconds(point.seconds)}` +
        `${point.kernelSeconds.toFixed(2).padStart(12)}` +
        `${percent(point.overhead).padStart(11)}${percent(point.overheadOfRunning).padStart(12)}` +
        `${point.millisecondsANetwork.toFixed(3).padStart(15)}` +
        `${(point.peakMB ?? Number.NaN).toFixed(0).padStart(10)}`,
    ),
    '',
    ...judged.map(({ requirement, measured, met }) => `${met ? 'met    ' : 'NOT MET'} ${requirement}: ${measured}`),
    `result hash ${result.resultHash}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (!options.quick && options.epochs === undefined) {
    writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(`written to ${RESULT}\n`);
  }
}

function verdicts(options: {
  share: number;
  speedUp: number;
  firstEpochSeconds: number;
  scale: readonly ScalePoint[];
}) {
  const large = options.scale.filter((point) => point.networks >= SCALE_JUDGED_FROM);
  const found = [
    {
      requirement: `a run's share of kernel rate × cores, at least ${TARGETS.share}`,
      measured: options.share,
      sign: 1,
    },
    { requirement: `two threads by one, at least ${TARGETS.speedUp}`, measured: options.speedUp, sign: 1 },
    {
      requirement: `seconds to the first epoch that is told of, at most ${TARGETS.firstEpochSeconds}`,
      measured: options.firstEpochSeconds,
      sign: -1,
    },
  ].map((one, i) => ({ ...one, target: [TARGETS.share, TARGETS.speedUp, TARGETS.firstEpochSeconds][i] }));
  for (const { networks, overhead, overheadOfRunning } of large) {
    const kinds = { 'overhead, start included': overhead, 'overhead without the start': overheadOfRunning };
    for (const [kind, measured] of Object.entries(kinds))
      found.push({
        requirement: `${kind}, ${networks} networks, at most ${TARGETS.overhead}`,
        measured,
        sign: -1,
        target: TARGETS.overhead,
      });
  }
  if (large.length > 0) {
    const costs = large.map(({ millisecondsANetwork }) => millisecondsANetwork);
    found.push({
      requirement:
        `cost a network at ${large.at(-1)?.networks} by the cost at ${large[0].networks}, ` +
        `at most ${TARGETS.costGrowth}`,
      measured: costs[costs.length - 1] / costs[0],
      sign: -1,
      target: TARGETS.costGrowth,
    });
    found.push({
      requirement: `peak MB of any size, at most ${TARGETS.peakMB}`,
      measured: Math.max(...options.scale.map(({ peakMB }) => peakMB ?? Number.NaN)),
      sign: -1,
      target: TARGETS.peakMB,
    });
  }
  return found.map(({ requirement, measured, sign, target }) => ({
    requirement,
    measured: digits(measured),
    met: sign * measured >= sign * target,
  }));
}

function rounded<T extends object>(row: T): T {
  const entries = Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? digits(value) : value]);
  return Object.fromEntries(entries) as T;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
