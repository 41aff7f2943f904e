/**
 * Opens hostile runs one after another by the functions behind the commands, in a process of its own: what hangs there
 * can be ended. Tells its parent what it begins and what was wrong: an error without words of its own, a file opened,
 * changed or made outside of the folder, a control character that left.
 */
import { createHash } from 'node:crypto';
import fs, { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join, sep } from 'node:path';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { exportCommand } from '../../src/commands/export.ts';
import { fingerprintCommand } from '../../src/commands/fingerprint.ts';
import { mergeCommand } from '../../src/commands/merge.ts';
import { tellUser } from '../../src/commands/output.ts';
import { runsCommand } from '../../src/commands/runs.ts';
import { showCommand } from '../../src/commands/show.ts';
import { watchCommand } from '../../src/commands/watch.ts';
import { readRunToReplay } from '../../src/run/folder.ts';
import { HostileBase, NEIGHBOUR, RUN } from './hostile-base.ts';
import { type HostileCase, hostileCases } from './hostile-cases.ts';
import { openThreadless, trainRest } from './threadless.ts';

/** What a terminal obeys. */
const CONTROL = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

const [scratch, stepText, firstText] = process.argv.slice(2);
const outside = ['canary.txt', 'canary', 'points.csv', 'new-canary', NEIGHBOUR].map((name) => join(scratch, name));

process.chdir(scratch);
const base = new HostileBase(scratch);
const offences: string[] = [];
let written = '';
let opened: string[] = [];
let count = 0;
let refused = 0;
let listed = 0;
let before = '';

async function open(one: HostileCase): Promise<void> {
  base.restore();
  one.prepare();
  const tell = (what: string) => offences.push(`${one.name}: ${what}`.slice(0, 600));
  for (const [command, run] of Object.entries(commands)) {
    written = '';
    opened = [];
    try {
      await run();
    } catch (error) {
      if (error instanceof RunError || error instanceof UsageError) {
        refused++;
        tellUser(error.message);
      } else tell(`${command}: ${error instanceof Error ? error.stack : error}`);
    }
    for (const line of written.split('\n'))
      if (CONTROL.test(line)) tell(`${command}: a control character: ${JSON.stringify(line)}`);
    const strays = opened.filter((path) => outside.some((canary) => path === canary || path.startsWith(canary + sep)));
    const foreign = command === 'runs' || command === 'continue' ? strays.filter((path) => !isOwn(path)) : strays;
    if (foreign.length > 0) tell(`${command}: opened ${foreign.join(', ')}`);
    if (command === 'runs' && !written.includes('neighbour')) tell('runs: the neighbour is not listed');
    else if (command === 'runs') listed++;
  }
  const after = stateOf(outside);
  if (after !== before) throw new Error(`${one.name}: changed something outside: ${before} → ${after}`);
}

/** What these commands open by right: the run beside it, and the sweep's data. */
function isOwn(path: string): boolean {
  return path.startsWith(join(scratch, NEIGHBOUR)) || path === join(scratch, 'points.csv');
}

/** The functions behind the commands that need no threads; the one that changes the folder comes last. */
const commands: Readonly<Record<string, () => unknown>> = {
  runs: () => runsCommand({}),
  show: () => showCommand(RUN, {}),
  'show --json': () => showCommand(RUN, { json: true }),
  fingerprint: () => fingerprintCommand(RUN, { json: true }),
  replay: () => readRunToReplay(RUN),
  watch: () => watchCommand(RUN, { plain: true }),
  export: () => exportCommand(RUN, { format: 'csv' }),
  merge: () => mergeCommand([RUN, RUN], { out: join('traces', 'runs', 'merged') }),
  continue: () => {
    const run = openThreadless(base.sweep, RUN);
    try {
      trainRest(run);
    } finally {
      run.close();
    }
  },
};

function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.write = ((chunk: string | Uint8Array) => {
      written += String(chunk);
      return true;
    }) as typeof stream.write;
}

/** Notes where files are opened: a link that is followed leads to where it leads. */
function watchFiles(): void {
  for (const name of ['openSync', 'readFileSync', 'readdirSync', 'copyFileSync', 'writeFileSync'] as const) {
    const real = fs[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (path: unknown, ...rest: unknown[]) => {
        const result = real(path, ...rest);
        if (typeof path === 'string') note(path);
        return result;
      },
    });
  }
  syncBuiltinESMExports();
}

function note(path: string): void {
  try {
    opened.push(realpathSync(path));
  } catch {
    // Gone again.
  }
}

/** All that stands at some paths: names, kinds, times and contents. */
function stateOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const take = (path: string): void => {
    if (!existsSync(path)) return void hash.update(`no ${path}`);
    const entry = lstatSync(path);
    hash.update(`${path} ${entry.mode} ${entry.mtimeMs} ${entry.size} `);
    if (entry.isDirectory()) for (const name of readdirSync(path).sort()) take(join(path, name));
    else hash.update(readFileSync(path));
  };
  for (const path of paths) take(path);
  opened = [];
  return hash.digest('hex');
}

async function openAll(): Promise<void> {
  watchOutput();
  watchFiles();
  before = stateOf(outside);
  let place = 0;
  for (const one of hostileCases(base)) {
    if (place++ % Number(stepText) !== Number(firstText)) continue;
    process.send?.({ begun: one.name });
    await open(one);
    count++;
  }
  process.send?.({ count, refused, listed, offences }, () => process.disconnect());
}

await openAll();
