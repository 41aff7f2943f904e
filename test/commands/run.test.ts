/**
 * `gyre run` from beginning to end on a sweep of four small networks: what it prints where, what it leaves on the disk,
 * and how it goes on where a run is there already.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notice } from '../../schemas/notices.ts';
import { sweepKey } from '../../src/plan/identify.ts';
import { readSweep } from '../../src/plan/read.ts';
import {
  type CliOutcome,
  gyre,
  jsonLines,
  linesOf,
  newFolder,
  removeFolder,
  shell,
  writeSweep,
} from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const sweep = writeSweep(cwd);
const folder = join('traces', 'runs', `tiny-${sweepKey(readSweep(join(cwd, sweep)))}`);
const fingerprintIn = (text: string): string | undefined => /^fingerprint {2}([0-9a-f]{64})$/m.exec(text)?.[1];
const noticesOf = ({ stdout }: CliOutcome) => jsonLines<Notice>(stdout);
const kindsOf = (outcome: CliOutcome) => noticesOf(outcome).map(({ kind }) => kind);

/** Whether this machine has what `--kernel native` needs; these tests do not ask for it. */
const hasCompiler =
  process.platform === 'linux' &&
  process.arch === 'x64' &&
  (process.env.CC === undefined ? ['cc', 'gcc', 'clang'] : [process.env.CC]).some(
    (name) => spawnSync(name, ['--version']).status === 0,
  );

let first: CliOutcome;
beforeAll(async () => {
  first = await gyre(['run', sweep], { cwd });
});

describe('a first run', () => {
  test('ends with exit code 0 and a summary on stdout: state, outcomes, axes, files, fingerprint, what next', () => {
    expect(first.code).toBe(0);
    const lines = linesOf(first.stdout);
    expect(lines[0]).toMatch(/^tiny · 4 networks × 50 epochs · done · \d+ s$/);
    expect(first.stdout).toMatch(/^diverged +0 +0\.0 % {2}non-finite, exploded or collapsed$/m);
    expect(first.stdout).toMatch(/^untrained +4 +100\.0 % {2}never came to a tenth of the variance of its targets$/m);
    expect(first.stdout).toMatch(/^steady +4 +100\.0 % {2}none of the above: at rest$/m);
    expect(first.stdout).toMatch(/^learning_rate +0\.01 +0 +2 +0$/m);
    expect(first.stdout).toMatch(new RegExp(`^files {2}${folder} +\\d.* kB$`, 'm'));
    expect(fingerprintIn(first.stdout)).toBeDefined();
    expect(first.stdout).toContain(`next  npx gyre show ${folder}\n`);
  });

  test('writes lines of text on stderr where there is no terminal', () => {
    const [head, ...rest] = linesOf(first.stderr);
    expect(head).toMatch(new RegExp(`^tiny: 4 networks × 50 epochs in 1 groups on \\d+ threads → ${folder}$`));
    for (const line of rest) expect(line).toMatch(/^\d\d:\d\d:\d\d {2}\d+\.\d % {2}\d\/4 networks {2}.*diverged 0/);
  });

  test('leaves finished tables, a manifest and a journal under traces/runs/NAME-KEY, and no lock', () => {
    const files = readdirSync(join(cwd, folder), { recursive: true }).sort();
    expect(files).toEqual(
      [
        ...['blocks', join('blocks', '0001-00001.arrow'), 'checkpoints', 'epochs', join('epochs', '0001-00001.arrow')],
        'events',
        ...['journal', join('journal', '0001.msgpack'), 'networks.arrow', 'run.json'],
      ].sort(),
    );
    const manifest = JSON.parse(readFileSync(join(cwd, folder, 'run.json'), 'utf8'));
    expect(manifest).toMatchObject({
      format: 'gyre-run',
      name: 'tiny',
      networks: 4,
      sweep: { epochs: 50, seeds: [0, 1] },
    });
  });
});

describe('the same command again', () => {
  test('ends at once with the same fingerprint, and says that all was done', async () => {
    const { code, stdout, stderr } = await gyre(['run', sweep, '--plain'], { cwd });
    expect(code).toBe(0);
    expect(fingerprintIn(stdout)).toBe(fingerprintIn(first.stdout));
    expect(stderr).toContain('4 networks × 50 epochs on ');
    expect(stderr).toContain(', 4 already done');
  });

  test('does so for a sweep that differs in its name alone, where it is told the folder', async () => {
    const other = writeSweep(cwd, { name: 'renamed' });
    const { code, stdout } = await gyre(['run', other, '--out', folder], { cwd });
    expect([code, fingerprintIn(stdout)]).toEqual([0, fingerprintIn(first.stdout)]);
  });

  test('with more epochs extends the run, says so, and has the fingerprint of a run that began as long', async () => {
    const [extended, fresh] = ['extended', 'fresh'];
    cpSync(join(cwd, folder), join(cwd, extended), { recursive: true });
    const outcomes: CliOutcome[] = [];
    for (const out of [extended, fresh])
      outcomes.push(await gyre(['run', sweep, '--epochs', '60', '--plain', '--out', out], { cwd }));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(outcomes[0].stderr).toContain(
      'extended from 50 to 60 epochs: labels and tail statistics will be recomputed\n',
    );
    expect(outcomes[1].stderr).not.toContain('extended');
    expect(fingerprintIn(outcomes[0].stdout)).toBe(fingerprintIn(outcomes[1].stdout));
  });

  test('with fewer epochs is refused', async () => {
    const { code, stdout, stderr } = await gyre(['run', sweep, '--epochs', '40'], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `gyre: ${folder}: epochs: got 40 in the sweep, expected 50 or more, as in the run "tiny" that the folder holds ` +
        '(a run can be extended, never shortened: continue it with --epochs 50, or choose another folder with --out)\n',
    );
  });
});

describe('options', () => {
  test('--json prints every notice on stdout, from begun to ended, and nothing else anywhere', async () => {
    const outcome = await gyre(['run', sweep, '--json', '--out', 'by-json'], { cwd });
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    const kinds = kindsOf(outcome);
    expect([kinds[0], kinds.at(-1)]).toEqual(['begun', 'ended']);
    expect(new Set(kinds)).toEqual(new Set(['begun', 'progress', 'committed', 'ended']));
    const notices = noticesOf(outcome);
    expect(notices[0]).toMatchObject({ name: 'tiny', folder: 'by-json', networks: 4, epochs: 50, networksDone: 0 });
    expect(notices.at(-1)).toMatchObject({
      reason: 'done',
      networksDone: 4,
      networksFailed: 0,
      labels: { outcomes: { 'non-finite': 0, failed: 0, untrained: 4 }, motions: { spiking: 0, steady: 4 } },
      fingerprint: fingerprintIn(first.stdout),
    });
    const committed = notices.flatMap((notice) => (notice.kind === 'committed' ? notice.networks : []));
    expect(committed.map(({ network }) => network).sort()).toEqual([0, 1, 2, 3]);
  });

  test('--kernel chooses the engine, which the manifest names, and changes no bit', async () => {
    for (const [kernel, engine] of [
      ['reference', 'reference'],
      ['auto', 'kernel'],
    ]) {
      const out = `by-${kernel}`;
      const { code, stdout } = await gyre(['run', sweep, '--kernel', kernel, '--out', out], { cwd });
      expect([code, fingerprintIn(stdout)]).toEqual([0, fingerprintIn(first.stdout)]);
      expect(JSON.parse(readFileSync(join(cwd, out, 'run.json'), 'utf8'))).toMatchObject({ engine });
    }
  });

  test('--kernel native trains in native code where there is a C compiler, with the same bits', async () => {
    const { code, stdout, stderr } = await gyre(['run', sweep, '--kernel', 'native', '--out', 'by-native'], { cwd });
    if (hasCompiler) {
      expect([code, fingerprintIn(stdout)]).toEqual([0, fingerprintIn(first.stdout)]);
      expect(JSON.parse(readFileSync(join(cwd, 'by-native', 'run.json'), 'utf8'))).toMatchObject({ engine: 'native' });
    } else {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^gyre: --kernel native: got .+, expected .+ \(leave --kernel out: .+\)\n$/);
    }
  });

  test('--kernel native without a compiler is a mistake of usage: it never means another engine', async () => {
    const out = 'by-nothing';
    const line = `CC= PATH=/nowhere gyre run ${sweep} --kernel native --out ${out}`;
    const { code, stdout, stderr } = await shell(line, { cwd });
    const expected =
      process.platform === 'linux' && process.arch === 'x64' ? 'no C compiler: none of cc, gcc, clang' : 'on ';
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(expected);
    expect(existsSync(join(cwd, out))).toBe(false);
  });

  test('--out, --threads and --kernel choose folder, threads and engine, and change no bit', async () => {
    const args = [
      'run',
      sweep,
      '--out',
      join('deep', 'down'),
      '--threads',
      '1',
      '--kernel',
      'reference',
      '--fail-fast',
    ];
    const { code, stdout, stderr } = await gyre(args, { cwd });
    expect([code, fingerprintIn(stdout)]).toEqual([0, fingerprintIn(first.stdout)]);
    expect(stderr).toContain(` on 1 threads → ${join('deep', 'down')}\n`);
    expect(existsSync(join(cwd, 'deep', 'down', 'networks.arrow'))).toBe(true);
  });

  test('--epochs stands in for those of the sweep, in the manifest too', async () => {
    const outcome = await gyre(['run', sweep, '--epochs', '7', '--json', '--out', 'seven'], { cwd });
    expect(outcome.code).toBe(0);
    expect(noticesOf(outcome)[0]).toMatchObject({ epochs: 7 });
    expect(
      noticesOf(outcome)
        .filter(({ kind }) => kind === 'progress')
        .at(-1),
    ).toMatchObject({
      epochsTrained: 28,
      epochsPlanned: 28,
      share: 1,
    });
    expect(JSON.parse(readFileSync(join(cwd, 'seven', 'run.json'), 'utf8')).sweep.epochs).toBe(7);
  });

  test('a network that diverges is a finding: exit code 0, and the summary points at it', async () => {
    const wild = writeSweep(cwd, {
      name: 'wild',
      activation: 'relu',
      optimizer: { kind: 'sgd', learningRate: [0.01, 1e30] },
    });
    const { code, stdout } = await gyre(['run', wild], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^diverged +2 +50\.0 %/m);
    expect(stdout).toMatch(/^ {2}non-finite +2 +50\.0 %/m);
    expect(stdout).toMatch(/^ +1e\+30 +2 +0 +0$/m);
    expect(stdout).toContain(' --outcome diverged\n');
  });
});
