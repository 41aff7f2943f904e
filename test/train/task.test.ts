/**
 * A task trained in this process: its rows and results are those of the scalar reference stepped epoch by epoch,
 * whatever shares the group and however the groups are cut; and what does not end well leaves nothing that counts.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OPTIMIZERS } from '../../schemas/catalogue.ts';
import { DEFAULT_THRESHOLDS } from '../../schemas/detectors.ts';
import type { NetworkResults } from '../../schemas/journal.ts';
import type { LayeredNetwork, Network } from '../../schemas/network.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import type { TaskOutcome, TrainedOutcome } from '../../schemas/training-messages.ts';
import { makeDataset } from '../../src/data/datasets.ts';
import { canonicaliseNaNs } from '../../src/numeric/bits.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { type EpochSignals, makeEpoch } from '../../src/reference/epoch.ts';
import { initialParameters } from '../../src/reference/init.ts';
import { readCheckpoints, writeCheckpoint } from '../../src/storage/checkpoints/checkpoints.ts';
import { runTask } from '../../src/train/task.ts';
import { judge } from '../detect/by-definition.ts';
import { stateOf } from '../reference/networks.ts';
import { columnOf, scratchFolder, sweepOf } from '../support/runs.ts';
import { typescriptThread } from '../support/typescript-thread.ts';
import { groupsOf, sealedTable, type Task, type TaskGroup, taskOf } from './requests.ts';

const adam = expandSweep(sweepOf({ seeds: 5 }));
/** At this learning rate gradient descent overflows within a few epochs. */
const exploding = expandSweep(
  sweepOf({ optimizer: { kind: 'sgd', learningRate: 1e4 }, precision: 'float64', seeds: 2 }),
);

/** The reference, alone: the signals of each epoch, and θ and the moments at the end. */
function reference(network: LayeredNetwork, epochs: number) {
  const { precision } = network;
  const array = (values: ArrayLike<number>) =>
    precision === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
  const { inputs, targets } = makeDataset(network.data);
  const theta = array(initialParameters(network));
  const state = stateOf(network, theta);
  const step = makeEpoch(network, { inputs: array(inputs), targets: array(targets) });
  const signals: EpochSignals[] = Array.from({ length: epochs }, (_, i) => ({ ...step(state, i + 1) }));
  const losses = array(signals.map(({ loss }) => loss));
  const finalState = [state.theta, state.firstMoment, state.secondMoment, state.maxSecondMoment];
  for (const values of [losses, ...finalState]) canonicaliseNaNs(values);
  const digest = createHash('sha256').update(createHash('sha256').update(losses).digest());
  for (const values of finalState) digest.update(values);
  return { signals, digest: digest.digest('hex') };
}

function trainedOf(outcome: TaskOutcome): TrainedOutcome {
  if (outcome.kind !== 'trained') throw new Error(`the task has not trained: ${JSON.stringify(outcome)}`);
  return outcome;
}
const resultsOf = (outcome: TaskOutcome): NetworkResults => trainedOf(outcome).results;

/** The results by network, so that the order of groups does not count. */
function resultTexts(outcome: TaskOutcome): string[] {
  const { network, outcome: outcomes, motion, digest, ...numbers } = resultsOf(outcome);
  const rows = [...network].map((id, row) => {
    const own = Object.values(numbers).map((column) => column[row]);
    return [
      id,
      outcomes[row],
      motion[row],
      ...own,
      Buffer.from(digest.subarray(32 * row, 32 * row + 32)).toString('hex'),
    ].join(' ');
  });
  return rows.sort();
}

describe.each(['reference', 'kernel'] as const)('a task of the engine %s', (engine) => {
  const task = (options: Parameters<typeof taskOf>[0]) => taskOf({ ...options, engine });

  test('has the rows and results of the scalar reference, network by network', () => {
    const epochs = 30;
    const own = task({ groups: groupsOf(adam.slice(0, 3), 4), folder: scratchFolder(), epochs, networkCount: 9 });
    const outcome = runTask(own.request);
    const results = resultsOf(outcome);
    const table = sealedTable(outcome, own, 'epochs');
    expect(table.numRows).toBe(3 * epochs);
    const rows = table.toArray().map((row) => row?.toJSON());
    for (const [row, network] of adam.slice(0, 3).entries()) {
      const { signals, digest } = reference(network as LayeredNetwork, epochs);
      const own = rows.filter((values) => values?.network === network.id);
      for (const [i, { loss, gradientNorm, updateNorm, updateCosine, changedParameters }] of signals.entries()) {
        expect(own[i]).toEqual({
          network: network.id,
          epoch: i + 1,
          loss,
          loss_min: loss,
          loss_max: loss,
          loss_nan: 0,
          loss_infinite: 0,
          gradient_norm: gradientNorm,
          gradient_norm_max: gradientNorm,
          update_norm: updateNorm,
          update_cosine: updateCosine,
          update_cosine_min: updateCosine,
          changed_parameters: changedParameters,
        });
      }
      const losses = signals.map(({ loss }) => loss);
      expect(results.network[row]).toBe(network.id);
      const { readings } = judge(
        {
          loss: losses,
          updateCosine: signals.map(({ updateCosine }) => updateCosine),
          changedParameters: signals.map(({ changedParameters }) => changedParameters),
          nonFinite: signals.map(({ nonFinite }) => Number(nonFinite)),
        },
        { targetVariance: makeDataset((network as LayeredNetwork).data).targetVariance, isShuffled: false },
        DEFAULT_THRESHOLDS,
      );
      expect([results.outcome[row], results.motion[row]]).toEqual([readings.outcome, readings.motion]);
      expect([results.spikeCount[row], results.flipFraction[row]]).toEqual([
        readings.spikeCount,
        readings.flipFraction,
      ]);
      expect(results.lossFirst[row]).toBe(losses[0]);
      expect(results.lossMin[row]).toBe(Math.min(...losses));
      expect(results.lossMinEpoch[row]).toBe(losses.indexOf(Math.min(...losses)) + 1);
      expect(results.lossLast[row]).toBe(losses.at(-1));
      expect(Buffer.from(results.digest.subarray(32 * row, 32 * row + 32)).toString('hex')).toBe(digest);
    }
  });

  test('tells when a network ceased to be finite, and when it was lost', () => {
    const own = task({ groups: groupsOf(exploding, 2), folder: scratchFolder(), epochs: 40 });
    const results = resultsOf(runTask(own.request));
    for (const [row, network] of exploding.entries()) {
      const { signals, digest } = reference(network as LayeredNetwork, 40);
      const trained = 0.1 * makeDataset((network as LayeredNetwork).data).targetVariance;
      expect([results.outcome[row], results.motion[row]]).toEqual(['non-finite', null]);
      expect(results.nonFiniteEpoch[row]).toBe(signals.findIndex(({ nonFinite }) => nonFinite) + 1);
      expect(results.divergedEpoch[row]).toBe(signals.findLastIndex(({ loss }) => loss <= trained) + 1);
      expect(results.nonFiniteEpoch[row]).toBeGreaterThan(1);
      expect(Buffer.from(results.digest.subarray(32 * row, 32 * row + 32)).toString('hex')).toBe(digest);
    }
  });

  test('gives every network the same bits in any lane, beside any neighbour, in any order of groups', () => {
    const train = (groups: readonly TaskGroup[]) => {
      const own = task({ groups, folder: scratchFolder(), epochs: 60, bucketEpochs: 7, networkCount: 5 });
      const outcome = runTask(own.request);
      const rows = sealedTable(outcome, own, 'epochs')
        .toArray()
        .map((row) => JSON.stringify(row));
      const digests = sealedTable(outcome, own, 'blocks')
        .toArray()
        .map((row) => JSON.stringify(row));
      return { results: resultTexts(outcome), rows: rows.sort(), digests: digests.sort() };
    };
    const alone = train(groupsOf(adam, 1));
    expect(alone.results).toHaveLength(5);
    for (const lanes of [2, 4, 7, 16]) expect(train(groupsOf(adam, lanes)), `${lanes} lanes`).toEqual(alone);
    expect(train(groupsOf(adam, 2).reverse())).toEqual(alone);
    expect(
      train(
        groupsOf(
          [3, 0, 4, 2, 1].map((id) => adam[id]),
          3,
        ),
      ),
    ).toEqual(alone);
  });

  test('leaves a network as it is where its neighbour overflows', () => {
    const [one, other] = expandSweep(sweepOf({ optimizer: { kind: 'sgd', learningRate: [1e-2, 1e4] }, seeds: 1 }));
    const results = (networks: readonly Network[]) =>
      resultTexts(
        runTask(task({ groups: groupsOf(networks, 4), folder: scratchFolder(), epochs: 50, networkCount: 2 }).request),
      );
    const [alone, lost] = [results([one]), results([other])];
    expect(lost[0]).toContain('non-finite');
    expect(results([other, one])).toEqual([...alone, ...lost]);
  });

  test('shares one memory between groups of different shapes without a trace of the one before', () => {
    const [large] = expandSweep(sweepOf({ layers: [1, 8, 1], data: { kind: 'sine', points: 9 }, seeds: 1 }));
    const small = exploding.slice(0, 1).map((network) => ({ ...network, id: 1 }));
    const digests = (groups: readonly TaskGroup[]) =>
      resultTexts(runTask(task({ groups, folder: scratchFolder(), epochs: 20, networkCount: 2 }).request));
    const [first, second] = [groupsOf([large], 4), groupsOf(small, 4)];
    expect(digests([...first, ...second])).toEqual([...digests(first), ...digests(second)]);
    expect(digests([...second, ...first])).toEqual([...digests(first), ...digests(second)]);
  });

  test('writes its rows in several batches where they are many, and loses none between them', () => {
    const epochs = 18_000;
    const own = task({ groups: groupsOf(adam.slice(0, 2), 2), folder: scratchFolder(), epochs, keepEvery: epochs });
    const outcome = runTask(own.request);
    const table = sealedTable(outcome, own, 'epochs');
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([32_768, 2 * epochs - 32_768]);
    const networks = columnOf(table, 'network');
    const seen = new Set([...columnOf(table, 'epoch')].map((epoch, row) => networks[row] * epochs + epoch - 1));
    expect([seen.size, networks.length, seen.has(0), seen.has(2 * epochs - 1)]).toEqual([
      2 * epochs,
      2 * epochs,
      true,
      true,
    ]);

    const blocks = sealedTable(outcome, own, 'blocks');
    const blockEpochs = columnOf(blocks, 'epoch');
    const ends = columnOf(blocks, 'network').map((network, row) => network * epochs + blockEpochs[row]);
    expect([...ends.sort()]).toEqual(Array.from({ length: 36 }, (_, block) => 1000 * (block + 1)));
  });

  test('tells of moments that have become subnormal, and of none where they are flushed', () => {
    const dying = (subnormals: string): Uint8Array => {
      const sweep = sweepOf({
        layers: [1, 8, 1],
        activation: 'relu',
        data: { kind: 'polynomial', points: 8 },
        optimizer: { kind: 'adam', learningRate: 0.3, beta2: 0.5 },
        subnormals,
      });
      const task = taskOf({ groups: groupsOf(expandSweep(sweep), 4), folder: scratchFolder(), epochs: 1200, engine });
      return resultsOf(runTask(task.request)).subnormal ?? new Uint8Array();
    };
    expect([...dying('ieee')]).toContain(1);
    expect([...dying('flush')]).toEqual(new Array(8).fill(0));
  });

  test('shows on the board how far its networks are, and leaves its thread idle at the end', () => {
    const { request, board } = task({ groups: groupsOf(adam, 4), folder: scratchFolder(), epochs: 25 });
    const { outcome } = resultsOf(runTask(request));
    expect(adam.map(({ id }) => board.epochsOf(id))).toEqual([25, 25, 25, 25, 25]);
    const counts = Object.entries(board.labelCounts().outcomes).filter(([, count]) => count > 0);
    expect(counts).toEqual([...new Set(outcome)].map((name) => [name, outcome.filter((one) => one === name).length]));
    expect(board.threads()).toEqual([null, null]);
  });
});

describe.each(['reference', 'kernel'] as const)('a task of the engine %s that is stopped', (engine) => {
  const task = (options: Parameters<typeof taskOf>[0]) => taskOf({ ...options, engine });

  test('before it begins trains nothing', () => {
    const { request, board, control } = task({ groups: groupsOf(adam, 4), folder: scratchFolder(), epochs: 3 });
    control.requestStop();
    expect(runTask(request)).toEqual({ kind: 'stopped' });
    expect(board.epochsTrained()).toBe(0);
  });

  test.each([
    { midst: 'its first group', watched: 0, finished: [] },
    { midst: 'a later group', watched: 5, finished: [0, 1, 2, 3, 4] },
  ])('in the midst of $midst keeps all that it has trained, and goes on from there', async ({ watched, finished }) => {
    const folder = scratchFolder();
    const epochs = 20_000;
    const [large] = expandSweep(sweepOf({ layers: [1, 128, 128, 1], data: { kind: 'sine', points: 64 }, seeds: 1 }));
    const lone = groupsOf([{ ...large, id: 5 }], 1);
    const groups = watched === 0 ? lone : [...groupsOf(adam, 5), ...lone];
    const own = task({ groups, folder, epochs });
    const worker = typescriptThread(new URL('./stopping-worker.ts', import.meta.url), {
      board: own.request.board,
      control: own.control.buffer,
      watched: 5,
    });
    await once(worker, 'message');
    const stopped = runTask(own.request);
    const { results, unfinished } = trainedOf(stopped);
    expect([...results.network]).toEqual(finished);
    expect(unfinished?.network).toEqual(Uint32Array.of(5));
    const epoch = unfinished?.epoch ?? 0;
    expect(epoch).toBeGreaterThan(0);
    expect(epoch).toBeLessThan(epochs);
    expect(own.board.epochsOf(5)).toBe(epoch);
    expect(own.board.threads()).toEqual([null, null]);
    const checkpoint = `0001-00005-${epoch}.msgpack`;
    expect(unfinished?.checkpoint).toBe(checkpoint);
    expect(readdirSync(folder).sort()).toEqual([
      checkpoint,
      ...(watched === 0 ? [] : ['0001-kept-00000-0-20000.msgpack']),
      'blocks.arrow.part',
      'epochs.arrow.part',
      'events.arrow.part',
    ]);
    const table = sealedTable(stopped, own, 'epochs');
    expect(columnOf(table, 'network').filter((id) => id === 5)).toHaveLength(epoch);

    const rest = { ...lone[0], epoch, checkpoints: [checkpoint], untilEpoch: epoch + 200 };
    const sliced = task({ groups: [rest], folder, epochs: epoch + 200 });
    const whole = task({ groups: lone, folder: scratchFolder(), epochs: epoch + 200 });
    expect(resultTexts(runTask(sliced.request))).toEqual(resultTexts(runTask(whole.request)));
  });
});

describe.each(['reference', 'kernel'] as const)('a group trained slice by slice by the engine %s', (engine) => {
  /** Ends that are no ends of a bucket, nor of a block of losses, and one that is both. */
  const ends = [1, 1005, 2000, 2001, 2600];
  const epochs = 2600;
  const mixed = [
    ...adam.slice(0, 2),
    ...expandSweep(sweepOf({ optimizer: { kind: 'adam', learningRate: 5, beta2: 0.5 }, seeds: 2 })),
  ].map((network, id) => ({ ...network, id }));
  const explodingAdam = exploding.map((network, id) => ({
    ...network,
    optimizer: { ...adam[0].optimizer, learningRate: 1e200 },
    id,
  }));

  test.each([
    ['adam in float32', mixed],
    ['gradient descent that overflows in float64', exploding],
    ['adam that overflows in float64', explodingAdam],
    ...(['adamw', 'amsgrad', 'rmsprop', 'momentum'] as const).map((kind): [string, Network[]] => {
      const optimizer = { kind, learningRate: 0.05, beta1: 0.5, beta2: 0.5, weightDecay: 0.1 };
      const options: readonly string[] = OPTIMIZERS[kind].options;
      const own = Object.entries(optimizer).filter(([key]) => ['kind', 'learningRate', ...options].includes(key));
      return [kind, expandSweep(sweepOf({ optimizer: Object.fromEntries(own), seeds: 3 }))];
    }),
  ])('of %s has the rows and results of one trained at once', (name, networks) => {
    const lanes = 4;
    const whole = taskOf({
      groups: groupsOf(networks, lanes),
      folder: scratchFolder(),
      epochs,
      bucketEpochs: 7,
      engine,
    });
    const outcome = runTask(whole.request);
    const rowsOf = (outcome: TaskOutcome, own: Task, table: SegmentedTableName) =>
      // A network to which nothing has happened has no events, and a segment without rows no file.
      trainedOf(outcome).segments.some((segment) => segment.table === table && segment.blocks.length > 0)
        ? sealedTable(outcome, own, table)
            .toArray()
            .map((row) => JSON.stringify(row))
        : [];
    const rows = { epochs: [] as string[], events: [] as string[], blocks: [] as string[] };
    let last: TaskOutcome = outcome;
    let [epoch, checkpoints]: [number, string[]] = [0, []];
    const checkpointFolder = scratchFolder();
    for (const untilEpoch of ends) {
      // Networks in other lanes, and beside others, than where they were left.
      const order = untilEpoch % 2 === 0 ? networks : [...networks].reverse();
      const groups = groupsOf(order, lanes).map((group) => ({ ...group, epoch, checkpoints, untilEpoch }));
      const slice = taskOf({ groups, folder: scratchFolder(), epochs, bucketEpochs: 7, engine });
      last = runTask({ ...slice.request, checkpointFolder });
      const { unfinished } = trainedOf(last);
      [epoch, checkpoints] = [untilEpoch, unfinished === null ? [] : [unfinished.checkpoint]];
      expect(unfinished?.epoch).toBe(untilEpoch === epochs ? undefined : untilEpoch);
      for (const table of SEGMENTED_TABLE_NAMES)
        if (trainedOf(last).segments.some((segment) => segment.table === table && segment.blocks.length > 0))
          rows[table].push(...rowsOf(last, slice, table));
    }
    expect(resultTexts(last)).toEqual(resultTexts(outcome));
    for (const table of SEGMENTED_TABLE_NAMES) expect(rows[table].sort()).toEqual(rowsOf(outcome, whole, table).sort());
    // Small nets under plain descent have none.
    if (name === 'adam') expect(rows.events.length).toBeGreaterThan(0);
  });
});

test('a checkpoint of before there was a largest second moment is gone on from', () => {
  const epochs = 40;
  const checkpointFolder = scratchFolder();
  const [group] = groupsOf(adam, 8);
  const request = (changes: Partial<TaskGroup>) => ({
    ...taskOf({ groups: [{ ...group, ...changes }], folder: scratchFolder(), epochs }).request,
    checkpointFolder,
  });
  const first = request({ untilEpoch: 25 });
  const checkpoint = trainedOf(runTask(first)).unfinished?.checkpoint ?? '';
  const [record] = readCheckpoints(join(checkpointFolder, checkpoint), first.runKey);
  const networks = record.networks.map(({ maxSecondMoment: _absent, ...network }) => network);
  expect(writeCheckpoint(checkpointFolder, first.session, { ...record, networks })).toBe(checkpoint);
  const rest = request({ epoch: 25, checkpoints: [checkpoint] });
  expect(resultTexts(runTask(rest))).toEqual(resultTexts(runTask(request({}))));
});

describe('a task that fails', () => {
  test('on the disk says where and what to do, instead of being tried again', () => {
    const folder = join(scratchFolder(), 'epochs');
    writeFileSync(folder, 'a file where a folder is expected');
    const { request, board } = taskOf({ groups: groupsOf(adam, 4), folder, epochs: 5 });
    expect(runTask(request)).toEqual({
      kind: 'storage-failed',
      problem: {
        where: join(folder, 'epochs.arrow.part'),
        got: 'a file where a folder is expected',
        remedy: 'choose another folder with --out',
      },
    });
    expect(board.threads()).toEqual([null, null]);
  });

  test('by a defect throws it, and commits nothing', () => {
    const folder = scratchFolder();
    const { request } = taskOf({ groups: groupsOf([adam[0]], 1), folder, epochs: 5 });
    const groups = request.groups.map((group) => ({ ...group, shape: { ...group.shape, sampleCount: -1 } }));
    expect(() => runTask({ ...request, groups })).toThrow(/length/i);
    expect(existsSync(join(folder, 'epochs.arrow'))).toBe(false);
  });
});
