/**
 * The process that trains a part of a sweep by the kernel's engine and does nothing else with it: what a run could not
 * do in less time. Prints the time and the epochs of each kernel shape.
 *
 *     node --import tsx bench/peers/kernel-only.ts SWEEP PART PARTS EPOCHS NETWORKS
 */
import { sharedMemory } from '../../src/group/layout.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { type Group, groupShape, packGroups } from '../../src/plan/pack.ts';
import { readSweep } from '../../src/plan/read.ts';
import { RunKernels } from '../../src/session/kernels.ts';
import { initialiseGroup, kernelEngine } from '../../src/train/engine.ts';
import { trainInChunks } from './group.ts';

/** What training the networks of one kernel shape took. */
export interface ShapeTime {
  readonly shape: string;
  readonly networkEpochs: number;
  readonly seconds: number;
}

const WARM_UP_EPOCHS = 2000;

const [file, ...numbers] = process.argv.slice(2);
const [part, parts, epochs, networkCount] = numbers.map(Number);
const sweep = readSweep(file);
const bucketEpochs = sweep.trace.epochs.every;
const kernels = new RunKernels({ engine: 'kernel', bucketEpochs, threads: 1 });
let memory = sharedMemory(0);
const times = new Map<string, { networkEpochs: number; seconds: number }>();
for (const [i, group] of packGroups(expandSweep(sweep).slice(0, networkCount)).entries()) {
  if (i % parts !== part) continue;
  let time = times.get(group.shape);
  if (time === undefined) {
    time = { networkEpochs: 0, seconds: 0 };
    times.set(group.shape, time);
    await train(group, WARM_UP_EPOCHS);
  }
  time.seconds += await train(group, epochs);
  time.networkEpochs += group.networks.length * epochs;
}
const result: ShapeTime[] = [...times].map(([shape, time]) => ({ shape, ...time }));
process.stdout.write(`${JSON.stringify(result)}\n`);

/** Trains a group from its first epoch on, in chunks as a run does; returns the seconds in the engine. */
async function train(group: Group, epochCount: number): Promise<number> {
  const { networks } = group;
  const shape = groupShape(group, bucketEpochs);
  const { kernel = null, memoryBytes = 0 } = (await kernels.of(group)) ?? {};
  if (kernel === null) throw new Error('a kernel is what is measured');
  if (memory.buffer.byteLength < memoryBytes) memory = sharedMemory(memoryBytes);
  const engine = kernelEngine(initialiseGroup({ networks, shape, memory }), kernel);
  const begin = performance.now();
  trainInChunks(engine, shape, { firstEpoch: 1, epochs: epochCount });
  return (performance.now() - begin) / 1000;
}
