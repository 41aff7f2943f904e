/**
 * Two hundred processes killed, and a hundred threads, and what was run again compared with a run left alone; what each
 * death cost goes to bench/results/crash.json. GYRE_SOAK_SEED takes other moments; GYRE_SOAK_KILLS fewer, and then
 * nothing is written.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { machine } from '../../bench/peers/installed.ts';
import { newFolder, removeFolder } from '../support/cli.ts';
import { killAndResume } from '../support/kills.ts';

const resultFile = new URL('../../bench/results/crash.json', import.meta.url);
const KILLS = 200;
const kills = Number(process.env.GYRE_SOAK_KILLS ?? KILLS);
const seed = Number(process.env.GYRE_SOAK_SEED ?? 20_261_125);
const EPOCHS = 24_000;

const scratch = newFolder();
afterAll(() => removeFolder(scratch));

test(`${kills} kills of the process, and half as many of its threads, change no row (seed ${seed})`, async () => {
  const campaign = await killAndResume({
    ...{ scratch: join(scratch, 'kills'), epochs: EPOCHS, seed, kills, threadKills: Math.ceil(kills / 2) },
  });
  const { failures, kills: deaths, networkEpochsOfRun, ...counts } = campaign;
  /** The values below which so many per cent of all lie. */
  const distribution = (values: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (percent: number) => sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))];
    return Object.fromEntries(
      [5, 25, 50, 75, 95, 100].map((percent) => [`${percent} %`, Number(at(percent).toPrecision(3))]),
    );
  };
  const midst = deaths.filter(({ threadMs }) => threadMs > 0);
  const { processor, cores } = machine();
  const result = {
    command: 'npm run build && npx vitest run --config test/soak.config.ts test/run/kills.soak.ts',
    machine: { processor, cores, node: process.version },
    run: `76 networks × ${EPOCHS} epochs of several shapes, optimisers and precisions on 2 threads`,
    seed,
    kills: deaths.length,
    killsWhileTraining: midst.length,
    ...{ ...counts, commitsASecond: Number(counts.commitsASecond.toPrecision(3)) },
    networkEpochsOfRun,
    /** Of kills while training: told by the last notice, and not in the journal. */
    networkEpochsLost: distribution(midst.map(({ networkEpochs: { told, held } }) => told - held)),
    /** Of both threads together. */
    threadSecondsLost: distribution(midst.map(({ threadMs }) => threadMs / 1000)),
    failures,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  expect(failures).toEqual([]);
  expect(deaths).toHaveLength(kills);
  if (kills < KILLS) return;
  mkdirSync(new URL('.', resultFile), { recursive: true });
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
}, 3_600_000);
