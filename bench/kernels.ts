/**
 * What the kernels reach beside peers that do identical work: the same kernel in C, plain JavaScript, PyTorch, NumPy,
 * JAX and TensorFlow.js train the same networks from the same weights on the same data, each in a process of its own on
 * one core, in turn with Gyre over several rounds. A peer whose losses are others than ours has failed, however fast it
 * is. Rates are network-epochs a second; a ratio is the median over rounds of the ratio within a round. Writes
 * bench/results/kernels.json.
 *
 *     npx tsx bench/kernels.ts [--rounds 5] [--seconds 1] [--shapes 1-8-1,…] [--peers c-v3,numpy,…] [--quick]
 *
 * About half an hour, on a machine that does nothing else; the first time, some minutes more to install the peers. With
 * a selection, or --quick (a try whether the bench works), nothing is written.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bytesOf } from '../src/numeric/bits.ts';
import { LANES_DEFAULT } from '../src/plan/pack.ts';
import { benchGroup, trainThrough } from './peers/group.ts';
import { findGcc, machine, pinning, singleThreaded } from './peers/installed.ts';
import { type ModuleCost, moduleCost } from './peers/module-cost.ts';
import { median, type Outcome, PROBLEMS, type Problem, writeProblem } from './peers/problem.ts';
import { PEERS, type Peer } from './peers/roster.ts';
import { spreadOf } from './peers/spread.ts';
import { type NetworkOutcome, verdicts } from './peers/verdicts.ts';

const RESULT = 'bench/results/kernels.json';
const root = new URL('..', import.meta.url).pathname;
/** Relative difference of a loss up to which a peer that orders its operations otherwise has trained the same. */
const DIFFERENCE_MAX = 1e-2;
/** Networks whose losses are known; the widest vectors hold so many. */
const KNOWN_NETWORKS = 16;
const PROCESS_SECONDS_MAX = 300;
const MODULE_BYTES_MAX = 32 * 1024;
const COMPILE_MS_MAX = 20;
const QUICK = {
  rounds: 1,
  seconds: 0.05,
  shapes: ['1-8-1'],
  peers: ['gyre', 'gyre-native', 'c-sse2', 'c-v3', 'reference'],
};

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    shapes: { type: 'string' },
    peers: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const quick = options.quick ? QUICK : null;
const rounds = quick?.rounds ?? Number(options.rounds);
const seconds = quick?.seconds ?? Number(options.seconds);
const shapes = quick?.shapes ?? options.shapes?.split(',');
const peerIds = quick?.peers ?? options.peers?.split(',');
const problems = PROBLEMS.filter(({ name }) => shapes?.includes(name) ?? true).map((problem) =>
  quick === null ? problem : { ...problem, epochs: 40, checkEpochs: 40, networks: 16, batches: [16] },
);
const peers = PEERS.filter(({ id }) => id === 'gyre' || (peerIds?.includes(id) ?? true));
for (const name of shapes ?? []) if (!PROBLEMS.some((problem) => problem.name === name)) throw new Error(`no ${name}`);
for (const id of peerIds ?? []) if (!PEERS.some((peer) => peer.id === id)) throw new Error(`no peer ${id}`);

/** One way of one peer on one problem. */
interface Row {
  readonly peer: string;
  readonly way: string;
  readonly version: string;
  /** By round. */
  readonly rates: number[];
  /** Where losses were compared, and the largest relative difference. */
  epoch: number;
  difference: number;
}

/** A problem with its rows, and what went wrong. */
interface Measured {
  readonly problem: Problem;
  /** By epoch and network. */
  readonly losses: readonly (readonly number[])[];
  readonly cost: ModuleCost;
  readonly rows: Map<string, Row>;
  readonly failures: Set<string>;
}

const pin = pinning();
const missing: Record<string, string> = {};
const folder = mkdtempSync(join(tmpdir(), 'gyre-kernels-'));
try {
  const measured = measureAll();
  report(measured);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measureAll(): Measured[] {
  const commands = new Map<string, string[]>();
  const measured = problems.map((problem): Measured => {
    const place = { folder: join(folder, problem.name), seconds };
    mkdirSync(place.folder);
    const failures = new Set<string>();
    writeProblem(place.folder, problem, seconds);
    for (const peer of peers) {
      const found = peer.needs?.() ?? { path: '' };
      if ('missing' in found) {
        missing[peer.title] = found.missing;
        continue;
      }
      try {
        commands.set(`${problem.name} ${peer.id}`, peer.command(problem, place, found.path));
      } catch (error) {
        failures.add(`${peer.title}: ${errorLine(error)}`);
      }
    }
    const { losses } = trainThrough(benchGroup(problem, KNOWN_NETWORKS), problem.epochs);
    return { problem, losses, cost: moduleCost(problem, LANES_DEFAULT), rows: new Map(), failures };
  });
  for (let round = 0; round < rounds; round++) {
    for (const one of measured) {
      for (const peer of round % 2 === 0 ? peers : [...peers].reverse()) {
        const command = commands.get(`${one.problem.name} ${peer.id}`);
        if (command === undefined) continue;
        process.stderr.write(`round ${round + 1}, ${one.problem.name}, ${peer.title}\n`);
        runPeer(peer, command, { round, ...one });
      }
    }
  }
  return measured;
}

/** Runs a peer's process and adds its rates to the rows. */
function runPeer(peer: Peer, command: readonly string[], options: Measured & { round: number }): void {
  const { problem, rows, failures, round } = options;
  let outcome: Outcome;
  try {
    const [program, ...argument] = [...pin, ...command];
    const output = execFileSync(program, argument, {
      encoding: 'utf8',
      env: singleThreaded(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PROCESS_SECONDS_MAX * 1000,
    });
    const line = output.trim().split('\n').at(-1) as string;
    outcome = peer.outcome?.(line, problem) ?? (JSON.parse(line) as Outcome);
  } catch (error) {
    failures.add(`${peer.title}: ${errorLine(error)}`);
    return;
  }
  for (const failure of outcome.failures ?? []) failures.add(`${peer.title}, ${failure}`);
  for (const { name, rate, epoch, losses } of outcome.variants) {
    const difference = Math.max(...losses.map((loss, i) => relativeDifference(loss, options.losses[epoch - 1][i])));
    if (!(difference <= (peer.exact ? 0 : DIFFERENCE_MAX))) {
      failures.add(`${peer.title}, ${name}: losses at epoch ${epoch} differ by ${difference.toExponential(1)}`);
      continue;
    }
    const key = `${peer.id} ${name}`;
    const row = rows.get(key) ?? { peer: peer.id, way: name, version: outcome.version, rates: [], epoch, difference };
    row.rates[round] = rate;
    row.difference = Math.max(row.difference, difference);
    row.epoch = Math.min(row.epoch, epoch);
    rows.set(key, row);
  }
}

/** The line of what a command said, or of its failure, that names the error. */
function errorLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string | Buffer; message: string };
  const lines = String(stderr ?? '')
    .trim()
    .split('\n');
  return lines.find((line) => /error/i.test(line)) ?? (lines.at(-1) || message.split('\n')[0]);
}

/** NaN where either is NaN, which is no small difference. */
function relativeDifference(loss: number, ours: number): number {
  return loss === ours ? 0 : Math.abs(loss - ours) / Math.abs(ours);
}

/** The fastest way of a peer; Gyre's is the kernel alone. */
function bestOf({ rows }: Measured, id: string): Row | undefined {
  const own = [...rows.values()].filter(({ peer }) => peer === id);
  if (id.startsWith('gyre')) return own.find(({ way }) => way === 'kernel');
  return own.sort((a, b) => rateOf(b) - rateOf(a))[0];
}

function rateOf(row: Row): number {
  return median(measuredRates(row));
}

/** The rates of a row; a round in which the peer failed has none. */
function measuredRates({ rates }: Row): number[] {
  return rates.filter((rate) => rate !== undefined);
}

/** Median over rounds of the ratio of rates in that round. */
function ratio(a: Row | undefined, b: Row | undefined): number | null {
  if (a === undefined || b === undefined) return null;
  const ratios = a.rates.flatMap((rate, round) => (b.rates[round] === undefined ? [] : [rate / b.rates[round]]));
  return ratios.length === 0 ? null : median(ratios);
}

function report(measured: readonly Measured[]): void {
  const judged = verdicts(problems, (problem, { id, peer, way }) => {
    const options = measured.find((one) => one.problem === problem) as Measured;
    return ratio(bestOf(options, id), way === undefined ? bestOf(options, peer) : options.rows.get(`${peer} ${way}`));
  });
  const { processor, cores } = machine();
  const gcc = findGcc();
  const hash = createHash('sha256');
  for (const { losses } of measured)
    hash.update(bytesOf(Float32Array.from((losses.at(-1) as number[]).slice(0, LANES_DEFAULT))));
  const result = {
    command: 'npx tsx bench/kernels.ts',
    machine: { processor, cores, node: process.version, gcc: 'path' in gcc ? gcc.path : null, pinned: pin.length > 0 },
    rounds,
    secondsARate: seconds,
    missing,
    shapes: measured.map((measured) => shapeResult(measured)),
    verdicts: judged,
    resultHash: hash.digest('hex'),
  };
  const lines = [
    `${processor}, ${cores} cores, Node ${process.version}; network-epochs a second, medians of ${rounds} rounds`,
    ...measured.flatMap((measured) => shapeLines(measured)),
    '',
    ...Object.entries(missing).map(([title, reason]) => `skipped: ${title}: ${reason}`),
    ...judged.map(verdictLine),
    ...measured.map(({ problem, cost }) => costLine(problem, cost)),
    `result hash ${result.resultHash}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (quick === null && options.shapes === undefined && options.peers === undefined) {
    writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(`written to ${RESULT}\n`);
  }
  if (quick !== null && measured.some(({ failures }) => failures.size > 0)) process.exitCode = 1;
}

function shapeResult(measured: Measured) {
  const { problem, cost, rows, failures } = measured;
  const { name, layers, activation, points, epochs, checkEpochs } = problem;
  const gyre = bestOf(measured, 'gyre');
  const round3 = (value: number | null) => (value === null ? null : Number(value.toPrecision(4)));
  return {
    name,
    layers,
    activation,
    points,
    epochs,
    checkEpochs,
    moduleBytes: cost.bytes,
    compileMs: round3(cost.compileMs),
    engineCompileMs: round3(cost.engineMs),
    peers: [...rows.values()].map((row) => ({
      peer: row.peer,
      way: row.way,
      version: row.version,
      isBest: bestOf(measured, row.peer) === row,
      rate: Math.round(rateOf(row)),
      gyreByPeer: round3(ratio(gyre, row)),
      comparedAtEpoch: row.epoch,
      lossDifference: Number(row.difference.toPrecision(2)),
      spread: spreadOf(measuredRates(row), Math.round),
    })),
    failures: [...failures],
  };
}

function shapeLines(measured: Measured): string[] {
  const { problem, rows, failures } = measured;
  const gyre = bestOf(measured, 'gyre');
  const line = (row: Row) => {
    const title = `${PEERS.find(({ id }) => id === row.peer)?.title}: ${row.way}`;
    const mark = bestOf(measured, row.peer) === row ? '  ' : ' ·'; // not the peer's best way
    return (
      `${mark}${title.padEnd(52)}${Math.round(rateOf(row)).toLocaleString('en').padStart(12)}` +
      `${(ratio(gyre, row) ?? Number.NaN).toFixed(2).padStart(10)}${row.difference.toExponential(1).padStart(10)}` +
      `${String(row.epoch).padStart(7)}`
    );
  };
  const { layers, activation, points } = problem;
  return [
    '',
    `${layers.join('-')} ${activation}, ${points} samples${' '.repeat(22)}`.padEnd(54) +
      '        rate   Gyre is loss diff  epoch',
    ...[...rows.values()].map(line),
    ...[...failures].map((failure) => `  failed: ${failure}`),
  ];
}

function verdictLine({ requirement, target, measured, problem, engines = {}, met }: NetworkOutcome): string {
  const each = Object.entries(engines).map(([id, ratio]) => `; ${id} ${ratio.toFixed(2)}`);
  return (
    `${met ? 'met    ' : 'NOT MET'} ${requirement}: at least ${target}, measured ${measured.toFixed(2)} ` +
    `(${problem})${each.join('')}`
  );
}

function costLine({ name }: Problem, { bytes, compileMs, engineMs }: ModuleCost): string {
  const met = bytes <= MODULE_BYTES_MAX && compileMs <= COMPILE_MS_MAX;
  return (
    `${met ? 'met    ' : 'NOT MET'} module of ${name}: ${bytes} bytes (at most ${MODULE_BYTES_MAX}), ` +
    `made in ${compileMs.toFixed(1)} ms (at most ${COMPILE_MS_MAX}), of which the engine ${engineMs.toFixed(1)} ms`
  );
}
