/**
 * What comes from files, arguments and the environment reaches stdout and stderr without control characters, whatever
 * the command; and a hostile folder is refused by each command with exit code 1 or 2, in words, without a stack trace.
 * The commands are those that the program lists.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packFrame } from '../../src/storage/frames.ts';
import {
  type CliOutcome,
  commandNames,
  gyre,
  newFolder,
  removeFolder,
  shell,
  TINY,
  writeSweep,
} from '../support/cli.ts';

/** A title, colours, C1, bidi, separators and DEL; no name may hold a zero or a slash. */
const STRANGE = '\u001b]0;x\u0007\u001b[31m\u009b2J\u202eabc\u2066\u061c\u2028\u007f\rx\nfake\tline';
/** A lone line end is what lines end with. */
const CONTROL = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** How each command is called on a run, or on a sweep. */
const CALLS: Readonly<Record<string, (what: { run: string; sweep: string }) => string[]>> = {
  run: ({ run, sweep }) => ['run', sweep, '--out', run, '--threads', '1'],
  plan: ({ sweep }) => ['plan', sweep],
  runs: () => ['runs'],
  show: ({ run }) => ['show', run],
  watch: ({ run }) => ['watch', run, '--plain'],
  replay: ({ run }) => ['replay', run, '--network', '0', '--epochs', '0..2', '--threads', '1'],
  verify: ({ run }) => ['verify', run, '--threads', '1'],
  analyse: ({ run }) => ['analyse', run, '--threads', '1'],
  reproduce: ({ run }) => ['reproduce', run],
  fingerprint: ({ run }) => ['fingerprint', run],
  check: ({ run }) => ['check', run],
  unlock: ({ run }) => ['unlock', run],
  merge: ({ run }) => ['merge', run, '--out', `${run}-merged`],
  export: ({ run }) => ['export', run, '--format', 'csv'],
  completion: ({ run }) => ['completion', run],
};

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
let names: string[];
/** A run with strange names wherever a run may have them, in a folder with a strange name. */
const strange = join('traces', 'runs', `run${STRANGE}`);
const strangeSweep = `sweep${STRANGE}.yaml`;
const right = join('traces', 'runs', 'right');
let sweep: string;

beforeAll(async () => {
  names = await commandNames(cwd);
  writeFileSync(join(cwd, `points${STRANGE}.csv`), `"x${STRANGE}",y\n0,0\n0.5,1\n1,0\n`);
  const keys = { ...TINY, data: { file: `points${STRANGE}.csv` } };
  writeFileSync(join(cwd, strangeSweep), JSON.stringify(keys));
  sweep = writeSweep(cwd);
  for (const [out, file] of [
    [strange, strangeSweep],
    [right, sweep],
  ]) {
    const { code, stderr } = await gyre(['run', file, '--out', out, '--threads', '1'], { cwd });
    expect([code, stderr.includes('defect')]).toEqual([0, false]);
  }
  const failed = { kind: 'failed', network: Uint32Array.of(1), reason: STRANGE };
  appendFileSync(join(cwd, strange, 'journal', '0001.msgpack'), packFrame(failed));
}, 120_000);

function expectPlain(what: string, { stdout, stderr }: CliOutcome): void {
  for (const line of `${stdout}${stderr}`.split('\n'))
    expect([what, CONTROL.test(line), line]).toEqual([what, false, line]);
  expect([what, /^ +at /m.test(stderr) || stderr.includes('defect of Gyre'), stderr]).toEqual([what, false, stderr]);
}

/** Runs commands, two at a time: as many as a small machine has cores. */
async function all(
  calls: readonly (readonly string[])[],
  check: (call: readonly string[], outcome: CliOutcome) => void,
) {
  const left = [...calls];
  const serve = async () => {
    for (let call = left.shift(); call !== undefined; call = left.shift()) check(call, await gyre(call, { cwd }));
  };
  await Promise.all([serve(), serve()]);
}

test('every command that the program lists is among those that are tried here', () => {
  expect(Object.keys(CALLS).sort()).toEqual([...names].sort());
});

describe('no control character leaves', () => {
  test('from a run and a sweep with strange names, by any command, as text and as JSON', async () => {
    const calls = names.flatMap((name) => {
      const call = CALLS[name]({ run: strange, sweep: strangeSweep });
      return name === 'watch' ? [call, ['watch', strange, '--json']] : [call, [...call, '--json']];
    });
    // What was exported and merged the first time stands in the way the second time: both have words.
    await all(calls, (call, outcome) => expectPlain(call.join(' '), outcome));
  }, 300_000);

  test('from arguments: the run, options that are unknown, and the value of every option', async () => {
    const calls: string[][] = [];
    for (const name of names) {
      const call = CALLS[name]({ run: STRANGE, sweep: STRANGE });
      const { stdout } = await gyre([name, '--help'], { cwd });
      const valued = [...stdout.matchAll(/^ {2}(--[a-z-]+) <[^>]+>/gm)].map(([, option]) => option);
      calls.push(call, [...call, `--${STRANGE}`]);
      if (valued.length > 0) calls.push([name, ...valued.flatMap((option) => [option, STRANGE]), right]);
    }
    calls.push([STRANGE]);
    await all(calls, (call, outcome) => {
      expectPlain(call.join(' '), outcome);
      if (call[0] !== 'runs' || call.length > 1) expect([call, outcome.code]).toEqual([call, 2]);
    });
  }, 300_000);

  test('from a sweep: keys, values, text that is no YAML, and the header of a data file', async () => {
    const texts = [
      JSON.stringify({ ...TINY, [STRANGE]: 1, optimizer: { kind: STRANGE, learningRate: STRANGE } }),
      JSON.stringify({ ...TINY, name: STRANGE, data: { file: STRANGE } }),
      `name: "${STRANGE}\n- [`,
      `? ${STRANGE}\n: {`,
    ];
    texts.forEach((content, i) => void writeFileSync(join(cwd, `bad${i}.yaml`), content));
    writeFileSync(join(cwd, 'bad.csv'), `"x${STRANGE}","x${STRANGE}","y"\n"${STRANGE}",1,1\n`);
    writeSweep(cwd, { name: 'bad-data', data: { file: 'bad.csv' } });
    const files = [...texts.map((_, i) => `bad${i}.yaml`), 'bad-data.yaml'];
    await all(
      files.flatMap((file) => [
        ['plan', file],
        ['run', file],
      ]),
      (call, outcome) => {
        expectPlain(call.join(' '), outcome);
        expect([call, outcome.code]).toEqual([call, 2]);
      },
    );
  }, 300_000);

  test('from the environment and from what a compiler says', async () => {
    writeFileSync(join(cwd, 'compiler'), `#!/bin/sh\nprintf '${STRANGE.replaceAll('\n', '')}' >&2\nexit 1\n`, {
      mode: 0o755,
    });
    for (const compiler of [`${STRANGE.replaceAll(/\s/g, '')}`, './compiler']) {
      const outcome = await shell(`CC=$'${escaped(compiler)}' gyre run ${sweep} --kernel native --out native`, { cwd });
      expectPlain(compiler, outcome);
      expect([compiler, outcome.code]).toEqual([compiler, 2]);
    }
  });
});

/** A text for bash's $'…'. */
const escaped = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

describe('a hostile folder is refused in words by every command', () => {
  const cases: readonly [string, (folder: string) => void][] = [
    ['a pipe as run.json', (folder) => replace(folder, 'run.json', (path) => execFileSync('mkfifo', [path]))],
    [
      'a link as its folder of checkpoints',
      (folder) => replace(folder, 'checkpoints', (path) => symlinkSync(cwd, path)),
    ],
    ['an optimizer of a later version', (folder) => edit(folder, '"adam"', '"lion"')],
    ['a crafted record', (folder) => craft(folder, { kind: 'failed', network: [1], reason: 'x' })],
    ['a segment elsewhere', (folder) => craft(folder, extended('../../../canary.arrow'))],
  ];

  test.each(cases)(
    '%s',
    async (what, prepare) => {
      const folder = join('traces', 'runs', 'hostile');
      removeFolder(join(cwd, folder));
      cpSync(join(cwd, right), join(cwd, folder), { recursive: true });
      prepare(join(cwd, folder));
      writeFileSync(join(cwd, 'canary.arrow'), 'canary');
      const calls = names
        .filter((name) => !['plan', 'reproduce'].includes(name))
        .map((name) => CALLS[name]({ run: folder, sweep }));
      await all(calls, (call, outcome) => {
        expectPlain(`${what}: ${call.join(' ')}`, outcome);
        const [name] = call;
        if (name === 'runs') {
          expect([outcome.code, outcome.stdout.includes('right')]).toEqual([0, true]);
          expect(outcome.stderr.split('\n').filter((line) => line.includes('hostile'))).toHaveLength(1);
        } else if (name === 'unlock') {
          // It looks at the lease alone, and removes what stands under that one name.
          expect([call, outcome.code]).toEqual([call, 0]);
        } else if (name !== 'export') expect([call, outcome.code === 1 || outcome.code === 2]).toEqual([call, true]);
      });
      expect(readFileSync(join(cwd, 'canary.arrow'), 'utf8')).toBe('canary');
    },
    300_000,
  );
});

function replace(folder: string, name: string, make: (path: string) => void): void {
  removeFolder(join(folder, name));
  make(join(folder, name));
}

function edit(folder: string, before: string, after: string): void {
  const path = join(folder, 'run.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(before, after));
}

function craft(folder: string, record: object): void {
  appendFileSync(join(folder, 'journal', '0001.msgpack'), packFrame(record));
}

const extended = (file: string) => ({
  kind: 'extended',
  epochs: 50,
  network: new Uint32Array(0),
  restarts: [],
  removed: [{ table: 'epochs', file }],
  segments: [],
});
