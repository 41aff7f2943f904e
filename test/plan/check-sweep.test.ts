/**
 * Mistakes that single values cannot show, such as crossings that do not exist, and that all mistakes of a file come at
 * once, whatever their kind.
 */
import { describe, expect, test } from 'vitest';
import { OPTIMIZER_KEYS, problemsOf, sweepText, TOP_KEYS } from './bad-sweeps.ts';

describe('what single values cannot show', () => {
  test.each([
    [
      'a form that the optimizer does not have',
      sweepText({ 8: '  kind: sgd\n  form: paper' }),
      'a.yaml:9: optimizer.form: got sgd × paper, a crossing that does not exist, ' +
        'expected for sgd one of torch (give optimizers with different forms as a list of blocks)',
    ],
    [
      'a crossing of two axes of which a part does not exist',
      sweepText({ 8: '  kind: [adam, sgd]\n  form: [torch, keras]' }),
      'a.yaml:9: optimizer.form: got sgd × keras, a crossing that does not exist, ' +
        'expected for sgd one of torch (give optimizers with different forms as a list of blocks)',
    ],
    [
      'an option that nothing takes',
      sweepText({ 8: '  kind: sgd', 9: '  learningRate: 1\n  beta1: 0.9' }),
      'a.yaml:10: optimizer.beta1: got beta1 for sgd, expected no such option there',
    ],
    [
      'weight decay for an optimizer without',
      sweepText({ 8: '  kind: [adam, amsgrad]', 9: '  learningRate: 1\n  weightDecay: 0.1' }),
      'a.yaml:10: optimizer.weightDecay: got weightDecay for adam, amsgrad, expected no such option there',
    ],
    [
      'the memory of a first moment for RMSprop',
      sweepText({ 8: '  kind: rmsprop', 9: '  learningRate: 1\n  beta1: 0.9' }),
      'a.yaml:10: optimizer.beta1: got beta1 for rmsprop, expected no such option there',
    ],
    [
      'a quotient form of AdamW',
      sweepText({ 8: '  kind: adamw\n  form: [torch, quotient]' }),
      'a.yaml:9: optimizer.form: got adamw × quotient, a crossing that does not exist, ' +
        'expected for adamw one of torch, paper, keras (give optimizers with different forms as a list of blocks)',
    ],
    [
      'a data seed for a data set without one',
      sweepText({ 6: '  points: 8\n  seed: 3' }),
      'a.yaml:7: data.seed: got a seed for sine, expected no seed: only the teacher is drawn',
    ],
    [
      'a batch of all samples',
      sweepText({}, 'batch: 8'),
      'a.yaml:11: batch: got 8 samples a step of 8 points, expected fewer than 8 (write full for all of them)',
    ],
    [
      'a batch that is larger than one of the data sets',
      sweepText({ 6: '  points: [8, 4]' }, 'batch: [2, full, 5]'),
      'a.yaml:11: batch[2]: got 5 samples a step of 4 points, expected fewer than 4 (write full for all of them)',
    ],
    [
      'an order of full batches',
      sweepText({}, 'shuffle: false'),
      'a.yaml:11: shuffle: got shuffle for full batches, expected nothing: a full batch has no order to change',
    ],
    [
      'two inputs',
      sweepText({ 3: 'layers: [2, 5, 1]' }),
      'a.yaml:3: layers: got 2-5-1, expected 1 input, as the data set has (write [1, …, 1])',
    ],
    [
      'two outputs on an axis',
      sweepText({ 3: 'layers:\n- [1, 5, 1]\n- [1, 5, 2]' }),
      'a.yaml:5: layers[1]: got 1-5-2, expected 1 output, as the data set has (write [1, …, 1])',
    ],
    [
      'too many parameters',
      sweepText({ 3: 'layers: [1, 4096, 4096, 1]' }),
      'a.yaml:3: layers: got 1-4096-4096-1 with 16,793,601 parameters, expected at most 4,194,304',
    ],
    [
      'a number twice on an axis',
      sweepText({ 9: '  learningRate: [0.1, 0.01, 1e-1]' }),
      'a.yaml:9: optimizer.learningRate: got 0.1 twice, expected each value once',
    ],
    [
      'a name twice on an axis',
      sweepText({ 5: '  kind: [sine, sine]' }),
      'a.yaml:5: data.kind: got "sine" twice, expected each value once',
    ],
    [
      'layers twice',
      sweepText({ 3: 'layers: [[1, 4, 1], [1, 4, 1]]' }),
      'a.yaml:3: layers: got [1,4,1] twice, expected each value once',
    ],
    [
      'a seed twice',
      sweepText({ 10: 'seeds: [0, 1, 0, 0]' }),
      'a.yaml:10: seeds: got 0 twice, expected each value once',
    ],
  ])('%s', (_, text, message) => {
    expect(problemsOf(text)).toEqual([message]);
  });

  test('a grid of a thousand million networks is refused before any of them is made', () => {
    const rates = Array.from({ length: 1000 }, (_, i) => (i + 1) / 10_000).join(', ');
    const betas = Array.from({ length: 1000 }, (_, i) => i / 1000).join(', ');
    const text = sweepText({ 9: `  learningRate: [${rates}]\n  beta2: [${betas}]`, 10: 'seeds: 1000' });
    expect(problemsOf(text)).toEqual([
      'a.yaml: got a plan of 1,000,000,000 networks, expected at most 1,000,000 ' +
        '(shorten an axis, or split the sweep over several files)',
    ]);
  });
});

describe('all mistakes of a file come at once', () => {
  test('every missing key', () => {
    expect(problemsOf('activation: tanh\n')).toEqual([
      'a.yaml: name: got nothing, expected text',
      'a.yaml: epochs: got nothing, expected a number',
      'a.yaml: layers: got nothing, expected a list',
      'a.yaml: data: got nothing, expected a mapping',
      'a.yaml: optimizer: got nothing, expected a mapping',
      'a.yaml: seeds: got nothing, expected a number',
    ]);
  });

  test('a missing key of a block, with the line of the block', () => {
    expect(problemsOf(sweepText({ 9: '' }))).toEqual([
      'a.yaml:7: optimizer.learningRate: got nothing, expected a number',
    ]);
  });

  test('unknown keys, wrong types, wrong sizes, crossings and repeats in one file', () => {
    const text = `nam: x
epochs: -1
layers: [[2, 4, 1], [1, 4, 3]]
activation: [tanh, tanh]
data: { kind: sine, points: many, seed: 1 }
optimizer: { kind: sgd, form: paper, beta1: 0.9, learningRte: 0.1 }
seeds: [1, -1]
`;
    expect(problemsOf(text)).toEqual([
      `a.yaml:1: nam: unknown key (did you mean "name"?; ${TOP_KEYS})`,
      'a.yaml: name: got nothing, expected text',
      'a.yaml:2: epochs: got -1, expected ≥ 1',
      'a.yaml:5: data.points: got "many", expected a number',
      `a.yaml:6: optimizer.learningRte: unknown key (did you mean "learningRate"?; ${OPTIMIZER_KEYS})`,
      'a.yaml:6: optimizer.learningRate: got nothing, expected a number',
      'a.yaml:7: seeds[1]: got -1, expected ≥ 0',
      'a.yaml:4: activation: got "tanh" twice, expected each value once',
      'a.yaml:3: layers[0]: got 2-4-1, expected 1 input, as the data set has (write [1, …, 1])',
      'a.yaml:3: layers[1]: got 1-4-3, expected 1 output, as the data set has (write [1, …, 1])',
      'a.yaml:5: data.seed: got a seed for sine, expected no seed: only the teacher is drawn',
      'a.yaml:6: optimizer.form: got sgd × paper, a crossing that does not exist, ' +
        'expected for sgd one of torch (give optimizers with different forms as a list of blocks)',
      'a.yaml:6: optimizer.beta1: got beta1 for sgd, expected no such option there',
    ]);
  });

  test('mistakes of several blocks of one list, each at its block', () => {
    const text = sweepText({
      7: 'optimizer:',
      8: '  - { kind: sgd, form: paper, learningRate: 0.1 }',
      9: '  - { kind: adam, learningRate: -1 }\n  - { kind: adm, learningRate: [1, 1] }',
    });
    expect(problemsOf(text)).toEqual([
      'a.yaml:9: optimizer[1].learningRate: got -1, expected > 0',
      'a.yaml:10: optimizer[2].kind: got "adm", ' +
        'expected one of adam, adamw, amsgrad, rmsprop, momentum, sgd (did you mean "adam"?)',
      'a.yaml:8: optimizer[0].form: got sgd × paper, a crossing that does not exist, ' +
        'expected for sgd one of torch (give optimizers with different forms as a list of blocks)',
      'a.yaml:10: optimizer[2].learningRate: got 1 twice, expected each value once',
    ]);
  });

  test('a grid that is too large beside a mistake elsewhere', () => {
    expect(problemsOf(sweepText({ 2: 'epochs: 0', 9: '  learningRate: [1, 2]', 10: 'seeds: 1000000' }))).toEqual([
      'a.yaml:2: epochs: got 0, expected ≥ 1',
      'a.yaml: got a plan of 2,000,000 networks, expected at most 1,000,000 ' +
        '(shorten an axis, or split the sweep over several files)',
    ]);
  });

  test('but no more than fifty, and how many there are besides among the first thousand', () => {
    const problems = problemsOf(sweepText({ 10: `seeds: [${'x, '.repeat(130_000)}]` }));
    expect(problems).toHaveLength(51);
    expect(problems[49]).toBe('a.yaml:10: seeds[49]: got "x", expected a number');
    expect(problems[50]).toBe('a.yaml: at least 950 more problems');
  });
});
