/**
 * One trial: a command meets a fault at one of its calls, then the same command runs again without it. The second one
 * must end with the result of an undisturbed command, or refuse in words that lead there. No trial knows the names of
 * any file.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CliOutcome, gyre } from './cli.ts';
import { type CommandName, type FaultCommand, FaultCommands, type Variant } from './fault-commands.ts';
import { type LoggedCall, PROCESS_FAULTS, type ProcessFault, readFaultLog, shimEnvironment } from './fault-shim.ts';
import { POWER_POLICIES, PowerModel, type PowerPolicy } from './power-loss.ts';

export type Fault = ProcessFault | `power-${PowerPolicy}`;
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...POWER_POLICIES.map((policy) => `power-${policy}` as const),
];

/** The words that an error of the disk must have. */
const ERRNO_WORDS = { EIO: 'an input/output error of the device', ENOSPC: 'no space left on the device' } as const;

/** What was done to which command at which call; 0 is before the first. */
export interface Trial {
  readonly name: CommandName;
  readonly variant: Variant;
  readonly fault: Fault;
  readonly at: number;
}

/** How a trial ended. */
export interface TrialOutcome {
  readonly trial: Trial;
  /** The call that the fault met: of another session of two threads, another one than in the recording. */
  readonly call: string;
  /** `unmet`: the command made fewer calls than that; `refused`: in words, and as they advise the command succeeds. */
  readonly end: 'continued' | 'refused' | 'unmet';
  /** What is wrong, or null. */
  readonly failure: string | null;
}

/** A command that nothing disturbs: its calls and its result. */
export interface Recording {
  readonly command: FaultCommand;
  readonly calls: readonly LoggedCall[];
  /** The calls that change files, `[number − 1]`. */
  readonly changes: readonly LoggedCall[];
  readonly expected: string;
}

/** Records commands and tries faults on them. */
export class FaultLab {
  readonly #scratch: string;
  readonly #shim: string;
  readonly #commands: FaultCommands;
  readonly #recordings = new Map<string, Promise<Recording>>();
  /** Ends of folders that power failures left, by command and content: many failures leave the same. */
  readonly #ends = new Map<string, Pick<TrialOutcome, 'end' | 'failure'>>();

  constructor(options: { readonly scratch: string; readonly shim: string }) {
    this.#scratch = options.scratch;
    this.#shim = options.shim;
    this.#commands = new FaultCommands(options);
  }

  /** The undisturbed command, recorded once. */
  recording(name: CommandName, variant: Variant): Promise<Recording> {
    const key = `${name} ${JSON.stringify(variant)}`;
    const known = this.#recordings.get(key);
    if (known !== undefined) return known;
    const recording = this.#record(name, variant);
    this.#recordings.set(key, recording);
    return recording;
  }

  async run(trial: Trial, seed: number): Promise<TrialOutcome> {
    const recording = await this.recording(trial.name, trial.variant);
    const policy = POWER_POLICIES.find((one) => trial.fault === `power-${one}`);
    if (policy !== undefined) return await this.#afterPowerLoss(recording, trial, policy, seed);
    return await this.#afterFault(recording, trial, trial.fault as ProcessFault);
  }

  async #record(name: CommandName, variant: Variant): Promise<Recording> {
    const command = await this.#commands.command(name, variant);
    this.#commands.restore(command);
    const { outcome, calls } = await this.#shimmed(command, { hasData: true });
    if (outcome.code !== 0) throw new Error(`${name}: the undisturbed command fails: ${outcome.stderr}`);
    const changes = calls.filter(({ number }) => number > 0);
    // A copy is logged as the write that it is, under the number of the copy.
    if (changes.some(({ number }, i) => number !== i + 1)) throw new Error(`${name}: the log has not every call once`);
    return { command, calls, changes, expected: command.result() };
  }

  async #shimmed(
    { args }: FaultCommand,
    options: { hasData?: boolean; fault?: { at: number; what: ProcessFault } },
  ): Promise<{ outcome: CliOutcome; calls: LoggedCall[] }> {
    const log = join(this.#scratch, 'calls.log');
    rmSync(log, { force: true });
    const env = shimEnvironment({ ...options, shim: this.#shim, root: this.#commands.root, log });
    const outcome = await gyre(args, { cwd: this.#scratch, env });
    return { outcome, calls: existsSync(log) ? readFaultLog(log) : [] };
  }

  async #afterFault(recording: Recording, trial: Trial, what: ProcessFault): Promise<TrialOutcome> {
    const { command, expected } = recording;
    this.#commands.restore(command);
    const { outcome, calls } = await this.#shimmed(command, { fault: { at: trial.at, what } });
    const met = calls.find(({ number }) => number === trial.at);
    const told = { trial, call: met?.call ?? 'none' };
    const at = met === undefined ? '' : ` at ${met.call} ${met.path}`;
    const wrong = met === undefined ? wrongInSuccess(outcome) : wrongInFault(outcome, what, this.#commands.root);
    if (wrong !== null) return { ...told, end: 'continued', failure: `${what}${at}: ${wrong}` };
    if (outcome.code === 0) {
      const isRight = command.result() === expected;
      const failure = isRight ? null : `${what}${at}: exit code 0, but another result`;
      return { ...told, end: met === undefined ? 'unmet' : 'continued', failure };
    }
    const again = await this.#again(recording);
    // After a fault of the process alone a run must always be continued.
    const isRefusedRun = again.end === 'refused' && /^(start|resume|extend|analyse)$/.test(trial.name);
    const failure = again.failure ?? (isRefusedRun ? 'the command is refused when it is run again' : null);
    return { ...told, end: again.end, failure: failure === null ? null : `${what}${at}: ${failure}` };
  }

  async #afterPowerLoss(recording: Recording, trial: Trial, policy: PowerPolicy, seed: number): Promise<TrialOutcome> {
    const { changes } = recording;
    this.#losePower(recording, { at: trial.at, policy, seed });
    const last = changes[trial.at - 1];
    const told = { trial, call: last?.call ?? 'none' };
    const at = last === undefined ? '' : ` after ${last.call} ${last.path}`;
    const key = `${trial.name} ${JSON.stringify(trial.variant)} ${treeHash(this.#commands.root)}`;
    const again = this.#ends.get(key) ?? (await this.#again(recording));
    this.#ends.set(key, again);
    const { end, failure } = again;
    return { ...told, end, failure: failure === null ? null : `power-${policy}${at}: ${failure}` };
  }

  /** What is there of a finished command's result when the power fails after its last call. */
  resultAfterPowerLoss(recording: Recording, policy: PowerPolicy, seed: number): string {
    this.#losePower(recording, { at: recording.changes.length, policy, seed });
    return resultOf(recording.command);
  }

  /** Leaves in the root what a power failure after call `at` leaves. */
  #losePower(
    { command, calls }: Recording,
    { at, policy, seed }: { at: number; policy: PowerPolicy; seed: number },
  ): void {
    this.#commands.restore(command);
    const model = new PowerModel(this.#commands.root);
    for (const call of calls) {
      if (call.number > at) break;
      model.take(call);
    }
    model.write(this.#commands.root, policy, seed + at);
  }

  /** The command once more, as a user would; where it refuses, after what its words advise. */
  async #again({ command, expected }: Recording): Promise<Pick<TrialOutcome, 'end' | 'failure'>> {
    const failed = (end: TrialOutcome['end'], failure: string) => ({ end, failure });
    let end: TrialOutcome['end'] = 'continued';
    let outcome = await gyre(command.args, { cwd: this.#scratch });
    if (outcome.code === 1 || outcome.code === 2) {
      const wrong = wrongInWords(outcome, this.#commands.root);
      if (wrong !== null) return failed('refused', `run again: ${wrong}`);
      end = 'refused';
      const words = outcome.stderr.trim();
      if (command.name === 'analyse') return { end, failure: null };
      // Another folder would do as well: nothing of what a refused command made is used.
      if (/^(start|resume|extend)$/.test(command.name)) this.#commands.restore(command);
      else rmSync(command.product, { recursive: true, force: true });
      outcome = await gyre(command.args, { cwd: this.#scratch });
      if (outcome.code !== 0) return failed(end, `refused (${words}), and then once more: ${outcome.stderr}`);
    }
    const wrong = wrongInSuccess(outcome);
    if (wrong !== null) return failed(end, `run again: ${wrong}`);
    const result = resultOf(command);
    return result === expected ? { end, failure: null } : failed(end, `run again: got ${result}, expected ${expected}`);
  }
}

/** The result, or why there is none. */
function resultOf(command: FaultCommand): string {
  try {
    return command.result();
  } catch (error) {
    return `no result: ${String(error)}`;
  }
}

function wrongInFault(outcome: CliOutcome, what: ProcessFault, root: string): string | null {
  const { code, stderr } = outcome;
  if (what.startsWith('kill')) return code === null ? null : `exit code ${code}, expected death by SIGKILL`;
  if (code === 0) return wrongInSuccess(outcome);
  const words = ERRNO_WORDS[what.replace('-on', '') as keyof typeof ERRNO_WORDS];
  return wrongInWords(outcome, root) ?? (stderr.includes(words) ? null : `got "${stderr}", expected "${words}"`);
}

function wrongInSuccess({ code, stderr }: CliOutcome): string | null {
  if (code !== 0) return `exit code ${code}: ${stderr}`;
  return wrongInText(stderr);
}

/** A failure must have exit code 1 or 2, name a file or folder of the trial, and say what to do. */
function wrongInWords({ code, stderr }: CliOutcome, root: string): string | null {
  if (code !== 1 && code !== 2) return `exit code ${code}: ${stderr}`;
  const line = stderr.split('\n').find((text) => text.startsWith('gyre: '));
  if (line === undefined || !line.includes(root)) return `got "${stderr}", expected words that name a file`;
  return wrongInText(stderr);
}

function wrongInText(stderr: string): string | null {
  return /^\s+at |\bdefect\b/m.test(stderr) ? `a stack trace: ${stderr}` : null;
}

/** Of every name and byte below a folder. */
function treeHash(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    hash.update(`${name}\0`);
    try {
      hash.update(readFileSync(join(folder, name)));
    } catch {
      hash.update('folder');
    }
  }
  return hash.digest('hex');
}
