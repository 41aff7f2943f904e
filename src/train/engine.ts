/**
 * The engine: trains all networks of a group for a chunk of epochs, from and to the group's memory. The reference engine
 * trains one lane after another with the scalar reference; lanes beyond the networks are padding and stay untouched.
 */
import type { Network } from '../../schemas/network.ts';
import { makeDataset } from '../data/datasets.ts';
import { type GroupMemory, type GroupShape, readLane, SIGNALS, writeLane } from '../group/layout.ts';
import { floatArray } from '../numeric/bits.ts';
import { makeEpoch, type NetworkState } from '../reference/epoch.ts';
import { initialParameters } from '../reference/init.ts';

/** Trains a group from epoch `firstEpoch` for `count` epochs; the signals of epoch firstEpoch + i stand at index i. */
export type Engine = (chunk: { firstEpoch: number; count: number }) => void;

/** The engine that runs the scalar reference over a group's memory, into which it first writes θ₀, zero moments and the samples. */
export function referenceEngine(networks: readonly Network[], shape: GroupShape, memory: GroupMemory): Engine {
  for (const section of Object.values(memory)) section.fill(0);
  const laneEngines = networks.map((network, lane) => laneEngine(network, lane, shape, memory));
  return (chunk) => {
    for (const train of laneEngines) train(chunk);
  };
}

function laneEngine(network: Network, lane: number, shape: GroupShape, memory: GroupMemory): Engine {
  const { precision, lanes, chunkEpochs } = shape;
  const { inputs, targets } = makeDataset(network.data);
  writeLane(memory.inputs, lanes, lane, inputs);
  writeLane(memory.targets, lanes, lane, targets);
  writeLane(memory.theta, lanes, lane, initialParameters(network));

  const ownLane = (section: keyof GroupMemory) => floatArray(precision, memory[section].length / lanes);
  const samples = { inputs: ownLane('inputs'), targets: ownLane('targets') };
  readLane(memory.inputs, lanes, lane, samples.inputs);
  readLane(memory.targets, lanes, lane, samples.targets);
  const epoch = makeEpoch(network, samples);

  const state: NetworkState = {
    theta: ownLane('theta'),
    firstMoment: ownLane('firstMoment'),
    secondMoment: ownLane('secondMoment'),
    previousUpdate: ownLane('previousUpdate'),
  };
  const stateNames = Object.keys(state) as (keyof NetworkState)[];

  return ({ firstEpoch, count }) => {
    for (const name of stateNames) readLane(memory[name], lanes, lane, state[name]);
    for (let i = 0; i < count; i++) {
      const signals = epoch(state, firstEpoch + i);
      for (const [index, name] of SIGNALS.entries()) {
        memory.signals[(index * chunkEpochs + i) * lanes + lane] = Number(signals[name]);
      }
    }
    for (const name of stateNames) writeLane(memory[name], lanes, lane, state[name]);
  };
}
