/**
 * Golden fingerprints: the bits of every network of a few small sweeps, which together use all of the catalogue, by
 * either engine. They change only with the declared arithmetic and its version. Where they differ, what the reference
 * found stands beside the old ones in fingerprints.actual.json.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ACTIVATIONS, DATASETS, INITS, namesOf, OPTIMIZERS, PRECISIONS, SUBNORMALS } from '../../schemas/catalogue.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { Plan } from '../../src/plan/plan.ts';
import { readSweep } from '../../src/plan/read.ts';
import { executeRun } from '../../src/session/execute.ts';
import { openRun } from '../../src/run/open-run.ts';
import { WORKER_URLS } from '../../src/run/package.ts';

const here = (name: string) => new URL(name, import.meta.url).pathname;
const golden = JSON.parse(readFileSync(here('fingerprints.json'), 'utf8')) as Record<string, string>;
const sweeps = [
  'batches.yaml',
  'catalogue.yaml',
  'hard.yaml',
  'inits.yaml',
  'long.yaml',
  'objectives.yaml',
  'optimizers.yaml',
  'subnormals.yaml',
];
const actual: Record<string, string | null> = {};
const folder = mkdtempSync(join(tmpdir(), 'gyre-golden-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
  if (sweeps.every((name) => actual[name] === golden[name])) return;
  writeFileSync(here('fingerprints.actual.json'), `${JSON.stringify({ ...golden, ...actual }, null, 2)}\n`);
});

const cases = sweeps.flatMap((name) => (['reference', 'kernel'] as const).map((engine) => ({ name, engine })));

test.each(cases)('$name by the $engine', async ({ name, engine }) => {
  const plan = new Plan(readSweep(here(name)));
  const run = openRun({ plan, folder: join(folder, engine, name), engine });
  let fingerprint: string | null;
  try {
    await executeRun(run, {
      threads: 2,
      workerUrl: WORKER_URLS.train,
      notify: () => {},
      stop: new AbortController().signal,
    });
    fingerprint = run.results.fingerprint(run.networks);
  } finally {
    run.close();
  }
  if (engine === 'reference') actual[name] = fingerprint;
  expect(fingerprint).toBe(golden[name]);
});

describe('together the sweeps use', () => {
  const networks = sweeps.flatMap((name) => expandSweep(readSweep(here(name))));
  test.each([
    ['every activation', namesOf(ACTIVATIONS), networks.flatMap(({ activation = [] }) => activation)],
    ['every data set', namesOf(DATASETS), networks.flatMap(({ data }) => data?.kind ?? [])],
    ['every initialisation', namesOf(INITS), networks.flatMap(({ init = [] }) => init)],
    ['every precision', namesOf(PRECISIONS), networks.map(({ precision }) => precision)],
    ['every treatment of subnormals', namesOf(SUBNORMALS), networks.map(({ subnormals }) => subnormals)],
    [
      'every form of every optimiser',
      Object.entries(OPTIMIZERS).flatMap(([kind, { forms }]) => forms.map((form) => `${kind} ${form}`)),
      networks.map(({ optimizer }) => `${optimizer.kind} ${optimizer.form}`),
    ],
  ])('%s', (_, names, used) => {
    expect([...new Set<string>(used)].sort()).toEqual([...names].sort());
  });
});
