/**
 * The built command line as a user meets it: a process with arguments, a current folder, two streams and an exit code.
 * Needs `npm run build`. Knows how to start it and to wait for it, and nothing of what it should say.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

const MAIN_PATH = new URL('../../dist/src/main.js', import.meta.url).pathname;

/** Only a process that hangs lives longer; a little less than a test may take, so that the test can say so. */
const LIFETIME_MS_MAX = 840_000;

/** What became of one process. */
export interface CliOutcome {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start the process. */
export interface CliOptions {
  readonly cwd: string;
  /** Variables beside those that the process has anyway. */
  readonly env?: NodeJS.ProcessEnv;
  /** Sees stdout as it comes; `child` is there to be stopped. */
  readonly onStdout?: (textSoFar: string, child: ChildProcess) => void;
}

/** Runs `gyre` with arguments, without a terminal, and waits for its end. */
export async function gyre(args: readonly string[], { cwd, env, onStdout }: CliOptions): Promise<CliOutcome> {
  return await run({ program: process.execPath, args: [MAIN_PATH, ...args], cwd, env }, onStdout);
}

/** Runs a line of bash in which `gyre` is a command; the exit code is that of the first command of a pipe. */
export async function shell(line: string, { cwd, onStdout }: CliOptions): Promise<CliOutcome> {
  const script = `gyre() { "${process.execPath}" "${MAIN_PATH}" "$@"; }; ${line}; exit "\${PIPESTATUS[0]}"`;
  return await run({ program: 'bash', args: ['-c', script], cwd }, onStdout);
}

/** Runs `gyre` by npx, as the checkout has it. The child that `onStdout` sees is npx. */
export async function npxGyre(args: readonly string[], { cwd, onStdout }: CliOptions): Promise<CliOutcome> {
  const root = new URL('../..', import.meta.url).pathname;
  return await run({ program: 'npx', args: ['--offline', '--prefix', root, 'gyre', ...args], cwd }, onStdout);
}

/** What test runners and CI put into the environment for other programs. */
const RUNNERS_VARIABLES = ['CI', 'NODE_ENV', 'FORCE_COLOR', 'NO_COLOR', 'NODE_OPTIONS', 'INIT_CWD'];

/**
 * The environment of a user's shell: npm, too, would have a program that it starts believe that it runs a script of
 * this package.
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const isOwn = ([name]: [string, unknown]) => !RUNNERS_VARIABLES.includes(name) && !/^npm_(?!config_)/i.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(isOwn));
}

interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

function run({ program, args, cwd, env }: Program, onStdout?: CliOptions['onStdout']): Promise<CliOutcome> {
  // A process group of its own, so that what hangs in a test that fails does not run on for ever.
  const child = spawn(program, args, { cwd, env: { ...plainEnvironment(), ...env }, detached: true });
  const killer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), LIFETIME_MS_MAX);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onStdout?.(stdout, child);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(killer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** A folder to work in. The caller removes it with {@link removeFolder} when its tests are over. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'gyre-cli-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The commands that `gyre --help` lists. */
export async function commandNames(cwd: string): Promise<string[]> {
  const { stdout } = await gyre(['--help'], { cwd });
  const list = stdout.split('Commands:\n')[1].split('\n\n')[0];
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name).filter((name) => name !== 'help');
}

/** Four 1-3-1 networks of 50 epochs, as the keys of a sweep file. */
export const TINY = {
  name: 'tiny',
  epochs: 50,
  layers: [1, 3, 1],
  data: { kind: 'sine', points: 4 },
  optimizer: { kind: 'adam', learningRate: [0.01, 0.1] },
  seeds: 2,
} as const;

/** Writes a sweep file, by default {@link TINY} with some keys replaced. Returns its name in the folder. */
export function writeSweep(folder: string, keys: Readonly<Record<string, unknown>> = {}): string {
  const sweep = { ...TINY, ...keys };
  const file = `${sweep.name}.yaml`;
  writeFileSync(join(folder, file), stringify(sweep));
  return file;
}

/** The values of the lines of NDJSON; throws where a line is none. */
export function jsonLines<T = Record<string, unknown>>(text: string): T[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('NDJSON does not end with a line end');
  return lines.map((line) => JSON.parse(line) as T);
}

/** Lines of a text without the empty one after its last line end. */
export function linesOf(text: string): string[] {
  return text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined);
}
