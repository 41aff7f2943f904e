/**
 * What the dashboard costs: the same sweep with it, on a pseudo-terminal of 120 × 40, and with `--plain`, in turn; two
 * threads on two cores, so that what main draws it takes from them. Writes bench/results/dashboard.json.
 *
 *     npm run build && npx tsx bench/dashboard.ts [--rounds 5] [--epochs N] [--quick]
 *
 * Needs `script` of util-linux, which makes the terminal; where it is missing, the bench says so. With other epochs, or
 * --quick (a try whether the bench works), nothing is written.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './peers/installed.ts';
import { median } from './peers/problem.ts';
import { gyre, gyreOnTerminal, hasTerminals } from './peers/processes.ts';

const RESULT = 'bench/results/dashboard.json';
const root = new URL('..', import.meta.url).pathname;
const SHARE_MIN = 0.95;
const THREADS = 2;
const SIZE = { columns: 120, rows: 40 };
const EPOCHS = 200_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    epochs: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const epochs = options.quick ? 500 : Number(options.epochs ?? EPOCHS);
const rounds = options.quick ? 1 : Number(options.rounds);
const folder = mkdtempSync(join(tmpdir(), 'gyre-dashboard-'));

try {
  const sweep = join(folder, 'sweep.yaml');
  const keys = {
    ...{
      name: 'dashboard',
      epochs,
      layers: [
        [1, 8, 1],
        [1, 8, 8, 1],
      ],
      data: { kind: 'sine', points: 16 },
    },
    ...{ optimizer: { kind: 'adam', learningRate: [0.01, 0.1], beta2: [0.99, 0.999, 0.9999] }, seeds: 16 },
  };
  writeFileSync(sweep, JSON.stringify(keys)); // JSON is YAML
  const fingerprints = new Set<string>();
  const run = async (onTerminal: boolean): Promise<number> => {
    const out = join(folder, 'run');
    const argument = ['run', sweep, '--out', out, '--threads', String(THREADS)];
    const { seconds } = onTerminal
      ? await gyreOnTerminal(SIZE, ...argument, '--exit')
      : await gyre(...argument, '--plain');
    fingerprints.add((await gyre('fingerprint', out)).output.trim());
    rmSync(out, { recursive: true });
    return seconds;
  };
  const rows: { plainSeconds: number; dashboardSeconds: number; share: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const plainSeconds = await run(false);
    const dashboardSeconds = hasTerminals() ? await run(true) : Number.NaN;
    rows.push({ plainSeconds, dashboardSeconds, share: plainSeconds / dashboardSeconds });
  }
  if (fingerprints.size !== 1) throw new Error(`different fingerprints: ${[...fingerprints].join(' ')}`);
  report(rows, [...fingerprints][0]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function report(
  rows: readonly { plainSeconds: number; dashboardSeconds: number; share: number }[],
  bits: string,
): void {
  const { processor, cores } = machine();
  const share = median(rows.map((row) => row.share));
  const digits = (value: number) => Number(value.toPrecision(4));
  const result = {
    command: 'npx tsx bench/dashboard.ts',
    machine: { processor, cores, node: process.version },
    run: `192 networks × ${epochs} epochs on ${THREADS} threads, a terminal of ${SIZE.columns}×${SIZE.rows}`,
    rounds: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, digits(value)]))),
    rateWithDashboardByPlain: digits(share),
    met: share >= SHARE_MIN,
    resultHash: createHash('sha256').update(bits).digest('hex'),
  };
  const lines = [
    `${result.run}; ${processor}, Node ${process.version}`,
    '   plain s   dashboard s   share',
    ...rows.map(
      (row) =>
        `${row.plainSeconds.toFixed(2).padStart(10)}${row.dashboardSeconds.toFixed(2).padStart(14)}` +
        `${row.share.toFixed(3).padStart(8)}`,
    ),
    hasTerminals()
      ? `${result.met ? 'met    ' : 'NOT MET'} rate with the dashboard by --plain, at least ${SHARE_MIN}: ` +
        `${share.toFixed(3)}`
      : 'skipped: the dashboard: no `script` on this machine to make a terminal',
    `result hash ${result.resultHash}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (options.quick || options.epochs !== undefined || !hasTerminals()) return;
  writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`written to ${RESULT}\n`);
}
