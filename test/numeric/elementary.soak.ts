/**
 * The errors of the elementary functions at every float32 and at 10^7 hard float64 arguments a function, written to
 * bench/results/elementary.json. The float32 half runs in worker threads. GYRE_SOAK_FUNCTIONS=tanh,log measures only
 * these and leaves the other rows of the file as they are: all five take half an hour on two cores.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { elementaryOf, log } from '../../src/numeric/elementary.ts';
import { typescriptThread } from '../support/typescript-thread.ts';
import {
  absoluteError,
  exactCos,
  exactExp,
  exactLog,
  exactSigmoid,
  exactSin,
  exactTanh,
  hardArguments,
  Sampler,
  ulpError,
} from './double-double.ts';
import type { Maximum, Measured, Name, SweptPiece } from './float32-sweep.ts';

const resultFile = new URL('../../bench/results/elementary.json', import.meta.url);
const float64Count = Number(process.env.GYRE_SOAK_COUNT ?? 10_000_000);
const seed = 20_240_101;
const selected = process.env.GYRE_SOAK_FUNCTIONS?.split(',');
const isSelected = (name: string) => selected === undefined || selected.includes(name);

/** One function in one precision, as the file has it. */
interface Row {
  function: string;
  precision: string;
  inputs: number;
  maxUlp: number;
  at: number;
  boundUlp: number;
  maxAbsoluteBeyondPi?: number;
  atBeyondPi?: number;
  boundAbsolute?: number;
}

const ulpBounds = { exp: 1, tanh: 2.5, sigmoid: 4, sin: 2.5, cos: 2.5, log: 1 };
const float64Truths = {
  exp: exactExp,
  tanh: exactTanh,
  sigmoid: exactSigmoid,
  sin: exactSin,
  cos: exactCos,
  log: exactLog,
};

it('every elementary function keeps its bounds at every float32 and at hard float64 arguments', async () => {
  const float32 = measureFloat32();
  const rows = readRows().filter((row) => !isSelected(row.function));
  const failures: string[] = [];
  const add = (name: keyof typeof ulpBounds, precision: string, measured: Measured) => {
    const absoluteBound = precision === 'float32' ? 2 ** -22 : 2 ** -50;
    const { inputs, ulp, absolute, wrong } = measured;
    const row = {
      function: name,
      precision,
      inputs,
      maxUlp: ulp.error,
      at: ulp.at,
      boundUlp: ulpBounds[name],
    };
    const isSine = name === 'sin' || name === 'cos';
    const beyond = {
      maxAbsoluteBeyondPi: absolute.error,
      atBeyondPi: absolute.at,
      boundAbsolute: absoluteBound,
    };
    rows.push(isSine ? { ...row, ...beyond } : row);
    if (ulp.error > ulpBounds[name] || absolute.error > absoluteBound || wrong > 0) {
      failures.push(`${precision} ${name}: ${JSON.stringify(measured)}`);
    }
  };
  for (const name of Object.keys(float64Truths) as (keyof typeof float64Truths)[]) {
    if (isSelected(name)) add(name, 'float64', await measureFloat64(name));
  }
  for (const [name, measured] of await float32) add(name, 'float32', measured);
  rows.sort((a, b) => (a.precision + a.function < b.precision + b.function ? -1 : 1));
  mkdirSync(new URL('.', resultFile), { recursive: true });
  const report = { node: process.version, architecture: process.arch, seed, rows };
  writeFileSync(resultFile, `${JSON.stringify(report, null, 2)}\n`);
  expect(failures).toEqual([]);
});

/** The rows of the last run, if there is one. */
function readRows(): Row[] {
  return existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')).rows : [];
}

async function measureFloat64(name: keyof typeof float64Truths): Promise<Measured> {
  const own = name === 'log' ? log : elementaryOf('float64')[name];
  const isSine = name === 'sin' || name === 'cos';
  const sampler = new Sampler(seed);
  const ulp: Maximum = { error: 0, at: 0 };
  const absolute: Maximum = { error: 0, at: 0 };
  let wrong = 0;
  for (let i = 0; i < float64Count; i++) {
    // The worker threads hand in their results through this thread's event loop.
    if (i % 1_000_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    const x = hardArguments[name](sampler);
    const y = own(x);
    if (isSine && Math.abs(x) > 8192) {
      if (!Number.isNaN(y)) wrong++;
      continue;
    }
    const truth = float64Truths[name](x);
    const far = isSine && Math.abs(x) > Math.PI;
    const error = far ? absoluteError(y, truth) : ulpError(y, truth);
    const maximum = far ? absolute : ulp;
    if (error > maximum.error) {
      maximum.error = error;
      maximum.at = x;
    }
  }
  return { inputs: float64Count, ulp, absolute, wrong };
}

/** The five functions, each in eight pieces of the positive and negative bit patterns, dealt to the threads. */
async function measureFloat32(): Promise<Map<Name, Measured>> {
  const pieces = 8;
  const queue: SweptPiece[] = [];
  for (const name of (['exp', 'tanh', 'sigmoid', 'sin', 'cos'] as const).filter(isSelected)) {
    for (let i = 0; i < pieces; i++) {
      queue.push({ name, from: (i * 2 ** 31) / pieces, to: ((i + 1) * 2 ** 31) / pieces });
    }
  }
  const results = new Map<Name, Measured>();
  const drain = async () => {
    for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) {
      const measured = await sweepInThread(piece);
      const previous = results.get(piece.name);
      results.set(piece.name, previous === undefined ? measured : larger(previous, measured));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(4, availableParallelism())) }, drain));
  return results;
}

function larger(a: Measured, b: Measured): Measured {
  return {
    inputs: a.inputs + b.inputs,
    ulp: a.ulp.error >= b.ulp.error ? a.ulp : b.ulp,
    absolute: a.absolute.error >= b.absolute.error ? a.absolute : b.absolute,
    wrong: a.wrong + b.wrong,
  };
}

function sweepInThread(piece: SweptPiece): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const thread = typescriptThread(new URL('./float32-sweep.ts', import.meta.url), piece);
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}
