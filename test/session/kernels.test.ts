/** Who gets a kernel and who does not: failures and stops of native compilers, which are scripts here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../schemas/problems.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { groupShape, packGroups } from '../../src/plan/pack.ts';
import { RunKernels } from '../../src/session/kernels.ts';
import { scratchFolder, sweepOf } from '../support/runs.ts';
import { script, until } from '../support/scripts.ts';

/** Two groups of different shapes. */
const groups = packGroups(
  expandSweep(
    sweepOf({
      layers: [
        [1, 3, 1],
        [1, 4, 1],
      ],
      seeds: 4,
    }),
  ),
);

function kernelsOf(compiler: string, stop?: AbortSignal): RunKernels {
  const toolchain = { compiler: [compiler] as const, options: [], vectorBytes: 16 } as const;
  return new RunKernels({ engine: 'native', bucketEpochs: 7, toolchain, threads: 1, ...(stop && { stop }) });
}

test('the failure of one shape is told to everybody who asks for a kernel', async () => {
  const kernels = kernelsOf(script('own-cc', 'echo "error: no room" >&2; exit 1'));
  kernels.prepare(groups);
  for (const group of [groups[1], groups[0], groups[1]]) {
    const error: unknown = await kernels.of(group).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('own-cc: error: no room');
  }
  kernels.close();
});

test('after a stop there are no kernels, and that is no failure', async () => {
  const begun = join(scratchFolder(), 'begun');
  const stop = new AbortController();
  const kernels = kernelsOf(script('own-cc', `echo > ${begun}; sleep 1000; exit 1`), stop.signal);
  const made = Promise.all(groups.map((group) => kernels.of(group)));
  await until(() => existsSync(begun));
  stop.abort();
  expect(await made).toEqual([null, null]);
  expect(await kernels.of(groups[0])).toBeNull();
  kernels.close();
});

test('a run that is stopped before it begins compiles nothing', async () => {
  const begun = join(scratchFolder(), 'begun');
  const kernels = kernelsOf(script('own-cc', `echo > ${begun}; exit 1`), AbortSignal.abort());
  expect(await kernels.of(groups[0])).toBeNull();
  kernels.close();
  expect(existsSync(begun)).toBe(false);
});

test('groups that share a kernel share one shape, as main derived it', async () => {
  const kernels = new RunKernels({ engine: 'reference', bucketEpochs: 7, threads: 1 });
  const [first, again, other] = await Promise.all(
    [groups[0], { ...groups[0] }, groups[1]].map((own) => kernels.of(own)),
  );
  expect(first?.shape).toEqual(groupShape(groups[0], 7));
  expect(again?.shape).toBe(first?.shape);
  expect(other?.shape).not.toEqual(first?.shape);
  kernels.close();
});
