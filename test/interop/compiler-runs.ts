/**
 * Whole runs in native code under every setting of CC in compiler-settings.ts: each gives the golden fingerprint, or
 * exit code 2 with words that name the compiler. Then compilers that are interrupted, and sessions that are killed. A
 * part of native-runs.ts.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CompilerSetting, compilerSettings } from './compiler-settings.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const MAIN = join(ROOT, 'dist/src/main.js');
const GOLDEN = join(ROOT, 'test/golden');
/** One shape. */
const SWEEP = 'long.yaml';

interface RunEnd {
  readonly code: number | null;
  readonly stderr: string;
}

/** What a check found, '' where it is as expected. */
type Report = (what: string, fault: string) => void;

/** Runs all settings around a compiler; tells of each in one line. */
export async function runCompilers(compiler: string, scratch: string, report: Report): Promise<void> {
  const folder = join(scratch, 'compilers');
  // Spaces, so that every run has them in the path of its kernels.
  const runs = new CompilerRuns(join(scratch, 'temporary files'));
  mkdirSync(folder);
  const settings = settingsOf(compiler, folder).filter(({ name }) => name.includes(process.argv[2] ?? ''));
  const slow = settings
    .filter(({ isSlow }) => isSlow === true)
    .map(async (setting) => ({ setting, ...(await runs.under(setting)) }));
  for (const setting of settings.filter(({ isSlow }) => isSlow !== true)) {
    const { outcome, fault } = await runs.under(setting);
    report(`${setting.name}: ${outcome}`, fault);
  }
  for (const { setting, outcome, fault } of await Promise.all(slow)) report(`${setting.name}: ${outcome}`, fault);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)
    report(`${signal} while a compiler hangs`, await runs.interrupted(compiler, signal));
  report('folders of kernels left behind', runs.leftFolders().join(' '));
}

/** What a run under a setting must come to is known of GCC; of another compiler it is one of the two outcomes. */
function settingsOf(compiler: string, folder: string): CompilerSetting[] {
  const settings = compilerSettings(compiler, folder);
  const { stdout } = spawnSync(compiler, ['--version'], { encoding: 'utf8' });
  if (/Free Software Foundation/.test(stdout)) return settings;
  return settings.map(({ words: _, ...setting }) => ({ ...setting, expected: 'either' }));
}

class CompilerRuns {
  readonly #folder: string;
  readonly #golden: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder);
    this.#golden = JSON.parse(readFileSync(join(GOLDEN, 'fingerprints.json'), 'utf8'))[SWEEP];
  }

  /** What became of a run under a setting, and what is wrong with that. */
  async under({ CC, expected, words = /(?:)/ }: CompilerSetting): Promise<{ outcome: string; fault: string }> {
    const { code, stderr, fingerprint } = await this.#run(CC);
    if (code === 0 && fingerprint === this.#golden)
      return { outcome: 'golden', fault: expected === 'refused' ? 'expected a refusal' : '' };
    const outcome = `refused, ${stderr.trim().split('\n').at(-1)}`;
    if (code !== 2) return { outcome, fault: `exit code ${code}, fingerprint ${fingerprint}\n${stderr}` };
    if (/\n {4}at |defect/.test(stderr)) return { outcome, fault: `a stack trace: ${stderr}` };
    const said = stderr.split('\n').filter((line) => line.startsWith('gyre: --kernel native: got '));
    const [program] = /[\w./-]+$/.exec(CC.split(/ -/)[0].replaceAll(/["'\\]/g, '')) ?? [CC];
    const isNamed = said.length === 1 && said[0].includes(program) && words.test(said[0]);
    if (!isNamed) return { outcome, fault: `expected one line that names ${program} and matches ${words}: ${stderr}` };
    return { outcome, fault: expected === 'golden' ? 'expected the golden fingerprint' : '' };
  }

  /** What is wrong with a run that a signal ends while its compiler hangs. */
  async interrupted(compiler: string, signal: NodeJS.Signals): Promise<string> {
    const pidFile = join(this.#folder, `pid-${signal}`);
    const CC = join(this.#folder, `hanging-${signal}`);
    const hang = `echo $$ > '${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; sleep 1000`;
    writeFileSync(CC, `#!/bin/sh\ncase " $* " in *" -E "*) exec ${compiler} "$@";; esac\n${hang}\n`);
    chmodSync(CC, 0o755);
    const out = this.#newRun();
    const child = this.#start(CC, out);
    const ended = endOf(child);
    await until(() => existsSync(pidFile));
    child.kill(signal);
    const { code, stderr } = await ended;
    const codes: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
    if (code !== (codes[signal] ?? null)) return `exit code ${code}\n${stderr}`;
    if (/--kernel native/.test(stderr)) return `it tells of a failure: ${stderr}`;
    const leader = Number(readFileSync(pidFile, 'utf8'));
    if (signal === 'SIGKILL') process.kill(-leader, 'SIGKILL'); // Nobody else can.
    await until(() => !isAliveGroup(leader));
    if (signal === 'SIGKILL' && this.leftFolders().length === 0) return 'a killed run has left no folder to be removed';
    const { fingerprint } = await this.#run(compiler, out);
    return fingerprint === this.#golden ? '' : `continued, it has the fingerprint ${fingerprint}`;
  }

  leftFolders(): string[] {
    return readdirSync(this.#folder).filter((name) => name.startsWith('gyre-kernels-'));
  }

  #newRun(): string {
    return join(this.#folder, `run-${++this.#count}`);
  }

  #start(CC: string, out: string) {
    const argument = [
      MAIN,
      'run',
      join(GOLDEN, SWEEP),
      '--out',
      out,
      '--kernel',
      'native',
      '--plain',
      '--threads',
      '1',
    ];
    const env = { ...process.env, CC, TMPDIR: this.#folder };
    return spawn(process.execPath, argument, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  async #run(CC: string, out = this.#newRun()): Promise<RunEnd & { fingerprint: string }> {
    const end = await endOf(this.#start(CC, out));
    if (end.code !== 0) return { ...end, fingerprint: '' };
    const asked = spawn(process.execPath, [MAIN, 'fingerprint', out], { stdio: ['ignore', 'pipe', 'inherit'] });
    let fingerprint = '';
    asked.stdout.setEncoding('utf8').on('data', (text: string) => {
      fingerprint += text;
    });
    await new Promise((resolve) => asked.on('close', resolve));
    return { ...end, fingerprint: fingerprint.trim() };
  }
}

function endOf(child: ReturnType<typeof spawn>): Promise<RunEnd> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 50));
}

function isAliveGroup(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}
