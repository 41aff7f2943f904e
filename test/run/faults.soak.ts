/**
 * Every command that writes is killed, failed by the disk and powered off at its file-changing system calls, and run
 * again: it must end with the bits of an undisturbed one. Counts go to bench/results/faults.json.
 *
 * GYRE_SOAK_FAULTS  `kinds` (default): each kind of call of each command with each fault once, variants by turns;
 *                   `all`: every call of every command in every variant with every fault, many hours;
 *                   a number: so many trials, spread evenly over commands and faults. Fewer than 100 keep to one
 *                   variant and write nothing
 * GYRE_SOAK_SEED    draws others
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { machine } from '../../bench/peers/installed.ts';
import { COMMAND_NAMES, VARIANTS } from '../support/fault-commands.ts';
import { compileShim } from '../support/fault-shim.ts';
import { FAULTS, FaultLab, type Recording, type Trial, type TrialOutcome } from '../support/fault-trials.ts';
import { POWER_POLICIES } from '../support/power-loss.ts';
import { randomOf } from '../support/random.ts';

const resultFile = new URL('../../bench/results/faults.json', import.meta.url);
const mode = process.env.GYRE_SOAK_FAULTS ?? 'kinds';
const seed = Number(process.env.GYRE_SOAK_SEED ?? 20_261_129);
const isLarge = !(Number(mode) < 100);
const random = randomOf(seed);

// In memory where there is such a place: every trial copies folders, and no trial asks the real disk.
const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gyre-faults-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const lab = new FaultLab({ scratch, shim: compileShim(scratch) });

const draw = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];

/** A sample keeps to one variant, so that few commands must be recorded. */
const sampleVariant = draw(VARIANTS);

/** All trials of one recorded command; the number 0 is the power failure before the first call. */
function trialsOf({ command, changes }: Recording): Trial[] {
  const { name, variant } = command;
  return FAULTS.flatMap((fault) => {
    const numbers = changes
      .filter(({ call }) => fault !== 'kill-middle' || call === 'write')
      .map(({ number }) => number);
    return (fault.startsWith('power') ? [0, ...numbers] : numbers).map((at) => ({ name, variant, fault, at }));
  });
}

/** The kind of the call of a trial: its name and its path without numbers. */
function kindOf({ changes }: Recording, { at }: Trial): string {
  const call = changes[at - 1];
  if (call === undefined) return 'none';
  return `${call.call} ${call.path.slice(scratch.length).replace(/\d+/g, '#')}`;
}

/** The trials of this mode; each command is recorded in the variants that it is tried in. */
async function chooseTrials(): Promise<Trial[]> {
  if (mode === 'all') {
    const trials: Trial[] = [];
    for (const variant of VARIANTS)
      for (const name of COMMAND_NAMES) trials.push(...trialsOf(await lab.recording(name, variant)));
    return trials;
  }
  if (mode === 'kinds') return await oneOfEachKind();
  return await sampleOf(Number(mode));
}

async function oneOfEachKind(): Promise<Trial[]> {
  const byKind = new Map<string, Trial[]>();
  for (const name of COMMAND_NAMES) {
    for (const variant of VARIANTS) {
      const recording = await lab.recording(name, variant);
      for (const trial of trialsOf(recording)) {
        const key = `${name} ${trial.fault} ${kindOf(recording, trial)}`;
        byKind.set(key, [...(byKind.get(key) ?? []), trial]);
      }
    }
  }
  return [...byKind.values()].map(draw);
}

/** Commands take turns, and so do faults; calls are drawn. */
async function sampleOf(count: number): Promise<Trial[]> {
  const trials: Trial[] = [];
  const offset = Math.floor(random() * FAULTS.length);
  for (let i = 0; i < count; i++) {
    const name = COMMAND_NAMES[i % COMMAND_NAMES.length];
    const fault = FAULTS[(i + offset + Math.floor(i / COMMAND_NAMES.length)) % FAULTS.length];
    const variant = isLarge ? VARIANTS[Math.floor(i / COMMAND_NAMES.length) % VARIANTS.length] : sampleVariant;
    const all = trialsOf(await lab.recording(name, variant));
    trials.push(draw(all.filter((trial) => trial.fault === fault)));
  }
  return trials;
}

interface Counts {
  trials: number;
  continued: number;
  refused: number;
  unmet: number;
  failures: number;
}

/** By command, call and fault. */
function countsOf(outcomes: readonly TrialOutcome[]): Record<string, Record<string, Record<string, Counts>>> {
  const counts: Record<string, Record<string, Record<string, Counts>>> = {};
  for (const { trial, call, end, failure } of outcomes) {
    counts[trial.name] ??= {};
    counts[trial.name][call] ??= {};
    counts[trial.name][call][trial.fault] ??= emptyCounts();
    add(counts[trial.name][call][trial.fault], end, failure);
  }
  return counts;
}

const emptyCounts = (): Counts => ({ trials: 0, continued: 0, refused: 0, unmet: 0, failures: 0 });

function add(counts: Counts, end: TrialOutcome['end'], failure: string | null): void {
  counts.trials++;
  if (failure === null) counts[end]++;
  else counts.failures++;
}

test('what a finished command has told survives a power failure', async () => {
  const failures: string[] = [];
  for (const variant of isLarge ? VARIANTS : [sampleVariant]) {
    for (const name of COMMAND_NAMES) {
      const recording = await lab.recording(name, variant);
      for (const policy of POWER_POLICIES) {
        const found = lab.resultAfterPowerLoss(recording, policy, seed);
        if (found !== recording.expected)
          failures.push(`${name} ${JSON.stringify(variant)}, ${policy} survives: ${found}`);
      }
    }
  }
  expect(failures).toEqual([]);
}, 86_400_000);

test(`commands that are killed, failed and powered off end as undisturbed ones (${mode}, seed ${seed})`, async () => {
  const trials = await chooseTrials();
  process.stdout.write(`${trials.length} trials\n`);
  const outcomes: TrialOutcome[] = [];
  for (const trial of trials) {
    const outcome = await lab.run(trial, seed);
    outcomes.push(outcome);
    if (outcome.failure !== null) process.stdout.write(`${JSON.stringify(trial)}: ${outcome.failure}\n`);
    if (outcomes.length % 100 === 0) process.stdout.write(`${outcomes.length} of ${trials.length} trials\n`);
  }
  const total = emptyCounts();
  for (const { end, failure } of outcomes) add(total, end, failure);
  process.stdout.write(`${JSON.stringify({ mode, seed, ...total })}\n`);
  const failures = outcomes.flatMap(({ trial, failure }) =>
    failure === null ? [] : [`seed ${seed}: ${JSON.stringify(trial)}: ${failure}`],
  );
  if (isLarge) {
    const { processor, cores } = machine();
    const vitest = 'npx vitest run --config test/soak.config.ts test/run/faults.soak.ts';
    const command = `npm run build && GYRE_SOAK_FAULTS=${mode} ${vitest}`;
    const head = { command, machine: { processor, cores, node: process.version }, seed, total };
    writeFileSync(resultFile, `${JSON.stringify({ ...head, counts: countsOf(outcomes), failures }, null, 1)}\n`);
  }
  expect(outcomes).toHaveLength(trials.length);
  expect(failures).toEqual([]);
}, 86_400_000);
