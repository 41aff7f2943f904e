/**
 * How fast a run is replayed, from outside on the built command line: a whole network of 1-8-8-1 at every epoch with
 * all columns, short windows of many networks, and verification, which keeps nothing. The time of a replay of one row,
 * the start of everything, is taken off and told beside. Writes bench/results/replay.json.
 *
 *     npm run build && npx tsx bench/replay.ts [--rounds 5] [--quick]
 *
 * About a minute. With other rounds, or --quick (a try whether the bench works), nothing is written.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './peers/installed.ts';
import { median } from './peers/problem.ts';
import { gyre } from './peers/processes.ts';

const RESULT = 'bench/results/replay.json';
const root = new URL('..', import.meta.url).pathname;
const ROUNDS = 5;
/** Network-epochs a second of one network with all columns. */
const TARGET = 50_000;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: String(ROUNDS) }, quick: { type: 'boolean', default: false } },
});
const rounds = options.quick ? 1 : Number(options.rounds);
const epochs = options.quick ? 1200 : 50_000;
const networks = options.quick ? 4 : 64;
const middle = epochs / 2;

/** What is replayed, and how many network-epochs that is to the user: rows, or epochs compared. */
const CASES = {
  start: { arguments: ['replay', '--network', '0', '--epochs', '0'], networkEpochs: 0 },
  'one network, every epoch': {
    arguments: ['replay', '--network', '0', '--epochs', `0..${epochs}`],
    networkEpochs: epochs,
  },
  'all networks, 400 epochs in the middle': {
    arguments: ['replay', '--network', `0-${networks - 1}`, '--epochs', `${middle + 1}..${middle + 400}`],
    networkEpochs: networks * (middle + 400),
  },
  'verify all': { arguments: ['verify', '--all'], networkEpochs: networks * epochs },
} as const;
type CaseName = keyof typeof CASES;
const names = Object.keys(CASES) as CaseName[];

const folder = mkdtempSync(join(tmpdir(), 'gyre-replay-'));
try {
  report(await measure());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Seconds of each case, `[round]`, in turn. */
async function measure(): Promise<{ seconds: Record<CaseName, number[]>; hash: string }> {
  const sweep = join(folder, 'replay.yaml');
  const optimizer = { kind: 'adam', learningRate: 0.01 };
  const keys = {
    name: 'replay',
    epochs,
    layers: [1, 8, 8, 1],
    data: { kind: 'sine', points: 32 },
    optimizer,
    seeds: networks,
  };
  writeFileSync(sweep, JSON.stringify(keys)); // JSON is YAML
  const run = join(folder, 'run');
  process.stderr.write(`a run of ${networks} networks × ${epochs} epochs\n`);
  await gyre('run', sweep, '--out', run, '--plain');
  const seconds = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<CaseName, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      process.stderr.write(`round ${round + 1}: ${name}\n`);
      const [command, ...rest] = CASES[name].arguments;
      seconds[name].push((await gyre(command, run, ...rest)).seconds);
    }
  }
  return { seconds, hash: hashOf(join(run, 'windows')) };
}

/** The bits of all windows. */
function hashOf(windows: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(windows, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.arrow'));
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(windows, file)));
  return hash.digest('hex');
}

function report({ seconds, hash }: { seconds: Record<CaseName, number[]>; hash: string }): void {
  const { processor, cores } = machine();
  const startSeconds = median(seconds.start);
  const rows = names.map((name) => {
    const { networkEpochs } = CASES[name];
    const all = median(seconds[name]);
    const rate = name === 'start' ? null : Math.round(networkEpochs / (all - startSeconds));
    return { name, seconds: Number(all.toPrecision(4)), networkEpochs, networkEpochsASecond: rate };
  });
  const measured = rows[1].networkEpochsASecond ?? 0;
  const verdict = {
    requirement: `network-epochs a second of one 1-8-8-1 network with all columns, at least ${TARGET}`,
    measured,
    met: measured >= TARGET,
  };
  const result = {
    command: 'npx tsx bench/replay.ts',
    machine: { processor, cores, node: process.version },
    run: `${networks} networks × ${epochs} epochs, 1-8-8-1 tanh on 32 points, adam float32`,
    cases: rows,
    verdicts: [verdict],
    resultHash: hash,
  };
  const lines = [
    `${result.run}; ${processor}, Node ${process.version}`,
    '',
    ...rows.map(({ name, seconds, networkEpochsASecond }) => {
      const rate = networkEpochsASecond === null ? '' : `${String(networkEpochsASecond).padStart(12)} network-epochs/s`;
      return `${name.padEnd(40)}${seconds.toFixed(2).padStart(8)} s${rate}`;
    }),
    '',
    `${verdict.met ? 'met    ' : 'NOT MET'} ${verdict.requirement}: ${verdict.measured}`,
    `result hash ${hash}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (options.quick || options.rounds !== String(ROUNDS)) return;
  writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`written to ${RESULT}\n`);
}
