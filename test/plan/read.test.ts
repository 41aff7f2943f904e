/**
 * Mistakes in single keys and values of a sweep file, word by word: each with its line, what stands there, what was
 * expected and a remedy.
 */
import { describe, expect, test } from 'vitest';
import { GOOD, OPTIMIZER_KEYS, problemsOf, sweepText, TOP_KEYS } from './bad-sweeps.ts';

test('a good sweep has no problem', () => {
  expect(problemsOf(GOOD)).toEqual(['no problem']);
});

describe('an unknown key is told with what is known there, and what may have been meant', () => {
  test.each([
    [
      'at top level',
      sweepText({}, 'activations: tanh'),
      `a.yaml:11: activations: unknown key (did you mean "activation"?; ${TOP_KEYS})`,
    ],
    ['far from any known one', sweepText({}, 'colour: red'), `a.yaml:11: colour: unknown key (${TOP_KEYS})`],
    [
      'in data',
      sweepText({ 6: '  points: 8\n  sed: 1' }),
      'a.yaml:7: data.sed: unknown key (did you mean "seed"?; known here: kind, points, seed, file)',
    ],
    [
      'in the optimizer',
      sweepText({ 9: '  learningRate: 0.1\n  beta3: 0.9' }),
      `a.yaml:10: optimizer.beta3: unknown key (did you mean "beta1"?; ${OPTIMIZER_KEYS})`,
    ],
    [
      'in a block of a list',
      sweepText({
        7: 'optimizer:\n  - { kind: sgd, learningRate: 1 }\n  - eps: 1',
        8: '    kind: adam',
        9: '    learningRate: 1',
      }),
      `a.yaml:9: optimizer[1].eps: unknown key (${OPTIMIZER_KEYS})`,
    ],
    [
      'in trace',
      sweepText({}, 'trace:', '  epoch:', '    every: 5'),
      'a.yaml:12: trace.epoch: unknown key (did you mean "epochs"?; known here: epochs, checkpoints, compression)',
    ],
    [
      'in trace.epochs',
      sweepText({}, 'trace:', '  epochs:', '    evry: 5'),
      'a.yaml:13: trace.epochs.evry: unknown key (did you mean "every"?; known here: every)',
    ],
    [
      'that every object of JavaScript has',
      sweepText({}, 'constructor: 1'),
      `a.yaml:11: constructor: unknown key (${TOP_KEYS})`,
    ],
    [
      'that would change a prototype',
      sweepText({}, '__proto__: {}'),
      `a.yaml:11: __proto__: unknown key (${TOP_KEYS})`,
    ],
    ['that is a number', sweepText({}, '3: 4'), `a.yaml:11: 3: unknown key (${TOP_KEYS})`],
    ['that is odd', sweepText({}, '"a\\nb": 4'), `a.yaml:11: "a\\nb": unknown key (${TOP_KEYS})`],
    [
      'two letters from a short one',
      sweepText({}, 'precssn: float32'),
      `a.yaml:11: precssn: unknown key (did you mean "precision"?; ${TOP_KEYS})`,
    ],
    [
      'three letters from a long one',
      sweepText({ 9: '  learningRate: 0.1\n  lerningRt: 0.9' }),
      `a.yaml:10: optimizer.lerningRt: unknown key (did you mean "learningRate"?; ${OPTIMIZER_KEYS})`,
    ],
    ['that is null', sweepText({}, '~: 4'), `a.yaml:11: "": unknown key (${TOP_KEYS})`],
    ['that is empty', sweepText({}, '"": 4'), `a.yaml:11: "": unknown key (${TOP_KEYS})`],
  ])('%s', (_, text, message) => {
    expect(problemsOf(text)).toEqual([message]);
  });
});

describe('a value of the wrong type or size is told with the line of its key', () => {
  test.each([
    ['text for a number', sweepText({ 2: 'epochs: many' }), 'a.yaml:2: epochs: got "many", expected a number'],
    ['nothing for a number', sweepText({ 2: 'epochs:' }), 'a.yaml:2: epochs: got null, expected a number'],
    [
      'a list where there is no axis',
      sweepText({ 2: 'epochs: [1, 2]' }),
      'a.yaml:2: epochs: got [1,2], expected a number',
    ],
    ['a fraction', sweepText({ 2: 'epochs: 1.5' }), 'a.yaml:2: epochs: got 1.5, expected a whole number'],
    ['too small', sweepText({ 2: 'epochs: 0' }), 'a.yaml:2: epochs: got 0, expected ≥ 1'],
    ['too big', sweepText({ 2: 'epochs: 1e23' }), 'a.yaml:2: epochs: got 1e+23, expected ≤ 2147483647'],
    ['infinite', sweepText({ 2: 'epochs: .inf' }), 'a.yaml:2: epochs: got Infinity, expected a number'],
    [
      'not a number',
      sweepText({ 9: '  learningRate: .nan' }),
      'a.yaml:9: optimizer.learningRate: got NaN, expected a number',
    ],
    ['a number for text', sweepText({ 1: 'name: 3' }), 'a.yaml:1: name: got 3, expected text'],
    [
      'a name with a slash',
      sweepText({ 1: 'name: a/b' }),
      'a.yaml:1: name: got "a/b", expected a name of 1 to 64 letters, digits, ".", "_" or "-" ' +
        `(it names the run's folder)`,
    ],
    [
      'a name that is a way up',
      sweepText({ 1: 'name: ..' }),
      'a.yaml:1: name: got "..", expected a name of 1 to 64 letters, digits, ".", "_" or "-" ' +
        `(it names the run's folder)`,
    ],
    ['text for layers', sweepText({ 3: 'layers: 1-4-1' }), 'a.yaml:3: layers: got "1-4-1", expected a list'],
    ['one layer', sweepText({ 3: 'layers: [1]' }), 'a.yaml:3: layers: got [1], expected a list of ≥ 2 values'],
    ['an empty layer', sweepText({ 3: 'layers: [1, 0, 1]' }), 'a.yaml:3: layers[1]: got 0, expected ≥ 1'],
    [
      'an empty layer on an axis',
      sweepText({ 3: 'layers:\n  - [1, 4, 1]\n  - [1, 0, 1]' }),
      'a.yaml:5: layers[1][1]: got 0, expected ≥ 1',
    ],
    [
      'a number among layers',
      sweepText({ 3: 'layers: [[1, 4, 1], 8]' }),
      'a.yaml:3: layers[1]: got 8, expected a list',
    ],
    [
      'text for a block',
      sweepText({ 4: 'data: sine', 5: '', 6: '' }),
      'a.yaml:4: data: got "sine", expected a mapping',
    ],
    [
      'a number among blocks',
      sweepText({ 4: 'data:', 5: '- { kind: sine, points: 8 }', 6: '- 3' }),
      'a.yaml:6: data[1]: got 3, expected a mapping',
    ],
    [
      'an unknown name',
      sweepText({ 5: '  kind: sin' }),
      'a.yaml:5: data.kind: got "sin", expected one of sine, polynomial, absolute, teacher (did you mean "sine"?)',
    ],
    [
      'an unknown name on an axis',
      sweepText({}, 'activation: [tanh, rellu]'),
      'a.yaml:11: activation[1]: got "rellu", expected one of tanh, sigmoid, relu, sine, identity ' +
        '(did you mean "relu"?)',
    ],
    [
      'a name far from any',
      sweepText({}, 'activation: gelato'),
      'a.yaml:11: activation: got "gelato", expected one of tanh, sigmoid, relu, sine, identity',
    ],
    [
      'a batch of nothing',
      sweepText({}, 'batch: 0'),
      'a.yaml:11: batch: got 0, expected full, or a number of samples ≥ 1',
    ],
    [
      'a batch in words, on an axis',
      sweepText({}, 'batch: [4, half]'),
      'a.yaml:11: batch[1]: got "half", expected full, or a number of samples ≥ 1',
    ],
    [
      'a word for an order',
      sweepText({}, 'batch: 4', 'shuffle: often'),
      'a.yaml:12: shuffle: got "often", expected a boolean',
    ],
    ['one point', sweepText({ 6: '  points: [8, 1]' }), 'a.yaml:6: data.points[1]: got 1, expected ≥ 2'],
    ['no learning', sweepText({ 9: '  learningRate: 0' }), 'a.yaml:9: optimizer.learningRate: got 0, expected > 0'],
    [
      'beyond float32',
      sweepText({ 9: '  learningRate: [1, 1e39]' }),
      'a.yaml:9: optimizer.learningRate[1]: got 1e+39, expected ≤ 3.4028234663852886e+38',
    ],
    [
      'a beta of 1',
      sweepText({ 9: '  learningRate: 1\n  beta2: 1' }),
      'a.yaml:10: optimizer.beta2: got 1, expected < 1',
    ],
    [
      'a negative epsilon',
      sweepText({ 9: '  learningRate: 1\n  epsilon: -1e-8' }),
      'a.yaml:10: optimizer.epsilon: got -1e-8, expected ≥ 0',
    ],
    ['a range as text', sweepText({ 10: 'seeds: 0..7' }), 'a.yaml:10: seeds: got "0..7", expected a number'],
    [
      'a seed beyond 32 bits',
      sweepText({ 10: 'seeds:\n  - 1\n  - 4294967296' }),
      'a.yaml:12: seeds[1]: got 4294967296, expected ≤ 4294967295',
    ],
    ['text for trace', sweepText({}, 'trace: all'), 'a.yaml:11: trace: got "all", expected a mapping'],
    [
      'no epoch a bucket',
      sweepText({}, 'trace:', '  epochs:', '    every: 0'),
      'a.yaml:13: trace.epochs.every: got 0, expected ≥ 1',
    ],
    [
      'a long value, cut',
      sweepText({ 2: `epochs: ${'x'.repeat(99)}` }),
      `a.yaml:2: epochs: got "${'x'.repeat(56)}…, expected a number`,
    ],
  ])('%s', (_, text, message) => {
    expect(problemsOf(text)).toEqual([message]);
  });

  test.each([
    ['layers: []', 3, 'layers: got [], expected a list of ≥ 2 values'],
    ['seeds: []', 10, 'seeds: got [], expected a list of ≥ 1 values'],
    ['  points: []', 6, 'data.points: got [], expected a list of ≥ 1 values'],
    ['  learningRate: []', 9, 'optimizer.learningRate: got [], expected a list of ≥ 1 values'],
  ])('an empty axis: %s', (line, number, message) => {
    expect(problemsOf(sweepText({ [number]: line }))).toEqual([`a.yaml:${number}: ${message}`]);
  });

  test('several values of one axis, each at its place', () => {
    expect(problemsOf(sweepText({ 9: '  learningRate: [fast, 1, slow]' }))).toEqual([
      'a.yaml:9: optimizer.learningRate[0]: got "fast", expected a number',
      'a.yaml:9: optimizer.learningRate[2]: got "slow", expected a number',
    ]);
    expect(problemsOf(sweepText({ 3: 'layers: [[1, four, 1], [1, 2, 1]]' }))).toEqual([
      'a.yaml:3: layers[0][1]: got "four", expected a number',
    ]);
    expect(problemsOf(sweepText({ 3: 'layers: [1, four, five, 1]' }))).toEqual([
      'a.yaml:3: layers[1]: got "four", expected a number',
      'a.yaml:3: layers[2]: got "five", expected a number',
    ]);
  });

  test('an empty list of blocks', () => {
    expect(problemsOf(sweepText({ 7: 'optimizer: []', 8: '', 9: '' }))).toEqual([
      'a.yaml:7: optimizer: got [], expected a list of ≥ 1 values',
    ]);
  });
});
