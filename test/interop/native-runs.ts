/**
 * Whole runs in native code: the fingerprints of the sweeps in test/golden and of the quick start, runs that one engine
 * begins and another ends, and runs under many settings of CC. Needs `npm run build` and what `--kernel native` needs.
 *
 *     npx tsx test/interop/native-runs.ts [SETTING]      CC names the compiler; exit code 2 where there is none;
 *                                                        of the settings of CC only those with SETTING in their names
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCompilers } from './compiler-runs.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const MAIN = join(ROOT, 'dist/src/main.js');
const GOLDEN = join(ROOT, 'test/golden');

/**
 * Compiling their hundreds of shapes takes a minute each; c-kernels.ts has every activation and objective in every
 * form, and mini-batches.
 */
const TOO_MANY_SHAPES = ['batches.yaml', 'catalogue.yaml', 'objectives.yaml'];

/** Several tasks; of each shape some networks are left over for narrower vectors. */
const MIXED = {
  name: 'mixed',
  epochs: 40_000,
  layers: [
    [1, 8, 1],
    [1, 8, 8, 1],
  ],
  data: { kind: 'sine', points: 16 },
  optimizer: { kind: 'adam', learningRate: [0.01, 0.03, 0.1], beta2: 0.99 },
  precision: ['float32', 'float64'],
  seeds: 7,
};

const scratch = mkdtempSync(join(tmpdir(), 'gyre-native-runs-'));
const environment = { ...process.env, TMPDIR: scratch };
let runCount = 0;
let failureCount = 0;
try {
  process.exitCode = await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const golden: Record<string, string> = JSON.parse(readFileSync(join(GOLDEN, 'fingerprints.json'), 'utf8'));
  const quickstart = readFileSync(join(GOLDEN, 'quickstart.fingerprint'), 'utf8').trim();
  const names = Object.keys(golden).filter((name) => !TOO_MANY_SHAPES.includes(name));
  const sweeps = names.map((name) => ({ file: join(GOLDEN, name), fingerprint: golden[name] }));
  sweeps.push({ file: join(ROOT, 'sweeps/quickstart.yaml'), fingerprint: quickstart });
  for (const { file, fingerprint } of sweeps) {
    const out = newRun();
    const { code, stderr } = run(file, out, 'native');
    if (code === 2) {
      process.stderr.write(stderr);
      return 2;
    }
    expect(file, fingerprintOf(out), fingerprint);
  }

  const file = join(scratch, 'mixed.yaml'); // JSON is YAML
  writeFileSync(file, JSON.stringify(MIXED));
  const whole = newRun();
  run(file, whole, 'auto');
  for (const [begins, ends] of [
    ['native', 'auto'],
    ['auto', 'native'],
  ]) {
    const out = newRun();
    await stopAfterFirstCommit(file, out, begins);
    run(file, out, ends);
    expect(`begun by ${begins}, ended by ${ends}`, fingerprintOf(out), fingerprintOf(whole));
  }
  const compiler = process.env.CC ?? 'cc';
  const folder = join(scratch, 'settings');
  mkdirSync(folder);
  await runCompilers(compiler, folder, (what, fault) => {
    runCount++;
    expect(`CC=${compiler}, ${what}`, fault, '');
  });

  const left = readdirSync(scratch).filter((name) => name.startsWith('gyre-kernels-'));
  expect('folders of kernels left behind', left.join(' '), '');
  process.stdout.write(`${runCount} runs, ${failureCount} failures\n`);
  return failureCount === 0 ? 0 : 1;
}

function newRun(): string {
  return join(scratch, `run-${++runCount}`);
}

function run(file: string, out: string, kernel: string): { code: number | null; stderr: string } {
  const argument = [MAIN, 'run', file, '--out', out, '--kernel', kernel, '--plain', '--threads', '2'];
  const { status, stderr } = spawnSync(process.execPath, argument, { encoding: 'utf8', env: environment });
  return { code: status, stderr };
}

/** Asks a run to stop as soon as something is committed but not all. */
async function stopAfterFirstCommit(file: string, out: string, kernel: string): Promise<void> {
  const argument = [MAIN, 'run', file, '--out', out, '--kernel', kernel, '--json', '--threads', '2'];
  const child = spawn(process.execPath, argument, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    if (text.includes('"kind":"committed"')) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(`exit code of the run by ${kernel} that is stopped`, String(code), '130');
}

function fingerprintOf(out: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, 'fingerprint', out], { encoding: 'utf8' });
  return stdout.trim() || stderr.trim();
}

function expect(what: string, got: string, expected: string): void {
  if (got === expected) process.stdout.write(`as expected: ${what.replace(ROOT, '')}\n`);
  else {
    failureCount++;
    process.stdout.write(`FAILED: ${what}\n  got       ${got}\n  expected  ${expected}\n`);
  }
}
