/**
 * The lists that everything else is made from: names and crossings of the catalogue, columns of the tables, sizes of
 * networks, and the words in which problems are told.
 */
import { describe, expect, test } from 'vitest';
import {
  ACTIVATIONS,
  DATASETS,
  EVENTS,
  FORMS,
  INITS,
  MOTION_NAMES,
  MOTIONS,
  namesOf,
  OPTIMIZERS,
  OUTCOME_NAMES,
  OUTCOMES,
  PRECISIONS,
  SUBNORMALS,
} from '../../schemas/catalogue.ts';
import { LABEL_PAIRS, type Labels, labelNumber, labelsOfNumber } from '../../schemas/labels.ts';
import { layersLabel, parameterCount } from '../../schemas/network.ts';
import { describeProblem, RunError, systemErrorCode, UsageError } from '../../schemas/problems.ts';
import { BLOCKS_TABLE, EPOCHS_TABLE, SEGMENTED_TABLE_NAMES, TABLES } from '../../schemas/trace.ts';

describe('the catalogue', () => {
  test.each(
    Object.entries({
      PRECISIONS,
      ACTIVATIONS,
      INITS,
      DATASETS,
      FORMS,
      OPTIMIZERS,
      SUBNORMALS,
      OUTCOMES,
      MOTIONS,
      EVENTS,
    }),
  )('%s has names in kebab-case, each with a sentence', (_, catalogue) => {
    const entries: [string, { readonly description: string }][] = Object.entries(catalogue);
    expect(entries.length).toBeGreaterThan(1);
    for (const [name, { description }] of entries) {
      expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z]+)*$/);
      expect(description.length).toBeGreaterThan(2);
    }
  });

  test('every form is that of some optimizer, and every optimizer has the default form', () => {
    const forms = Object.values(OPTIMIZERS).flatMap((optimizer): readonly string[] => optimizer.forms);
    expect([...new Set(forms)].sort()).toEqual(namesOf(FORMS).sort());
    for (const optimizer of Object.values(OPTIMIZERS)) expect(optimizer.forms).toContain('torch');
  });

  test('outcomes and motions stand in order of precedence, and no word is both', () => {
    expect(OUTCOME_NAMES).toEqual([
      ...['non-finite', 'exploded', 'untrained', 'collapsed', 'degraded', 'learned', 'failed'],
    ]);
    expect(MOTION_NAMES).toEqual([
      ...['frozen', 'spiking', 'bursting', 'noisy', 'oscillating', 'fluctuating', 'rising', 'descending', 'steady'],
    ]);
    expect(new Set([...OUTCOME_NAMES, ...MOTION_NAMES]).size).toBe(OUTCOME_NAMES.length + MOTION_NAMES.length);
  });

  test('each pair of labels has a number of its own', () => {
    const pairs = Array.from({ length: LABEL_PAIRS }, (_, number) => labelsOfNumber(number) as Labels);
    expect(pairs.map(labelNumber)).toEqual(pairs.map((_, number) => number));
    expect(labelsOfNumber(LABEL_PAIRS)).toBe(null);
    expect(LABEL_PAIRS).toBeLessThan(255);
  });
});

describe('a network', () => {
  test('is written as its layers with dashes', () => {
    expect(layersLabel([1, 8, 16, 1])).toBe('1-8-16-1');
  });

  test.each([
    [[1, 1], 2],
    [[1, 8, 1], 25],
    [[1, 8, 8, 1], 97],
    [[2, 5, 3, 1], 2 * 5 + 5 + 5 * 3 + 3 + 3 + 1],
  ])('%j has %i parameters: a weight a pair of units and a bias a unit', (layers, count) => {
    expect(parameterCount(layers)).toBe(count);
  });
});

describe('the tables', () => {
  const UNITS = ['1', 'epoch', '1/epoch', 'loss', 'loss²', 'decade', 'ulp'];

  test.each(Object.entries(TABLES))(
    '%s name each column once and say what it is, and begin with the network that a row is about',
    (name, table) => {
      expect(table.name).toBe(name);
      expect(table.description.length).toBeGreaterThan(20);
      // Survival is about groups of networks.
      if (name !== 'survival')
        expect(table.columns[0]).toMatchObject({ name: 'network', type: 'u32', nullable: false });
      const names = table.columns.map((column) => column.name);
      expect(new Set(names).size).toBe(names.length);
      for (const column of table.columns) {
        expect(column.name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
        expect(column.description).not.toBe('');
        const isNumber = !['utf8', 'dictionary', 'bool'].includes(column.type);
        expect(isNumber ? UNITS : [''], column.name).toContain(column.unit);
      }
    },
  );

  test('rows of epochs and blocks are named by network and epoch and have no nulls', () => {
    expect(SEGMENTED_TABLE_NAMES).toEqual(['epochs', 'events', 'blocks']);
    for (const { columns } of [EPOCHS_TABLE, BLOCKS_TABLE]) {
      expect(columns[1]).toMatchObject({ name: 'epoch', type: 'u32', unit: 'epoch' });
      expect(columns.every(({ nullable }) => !nullable)).toBe(true);
    }
  });
});

describe('a problem', () => {
  test.each([
    [{ where: 'a', got: 'b' }, 'a: b'],
    [{ where: 'a', got: 'b', remedy: 'd' }, 'a: b (d)'],
    [{ where: 'a', got: 'b', expected: 'c' }, 'a: got b, expected c'],
    [{ where: 'a', got: 'b', expected: 'c', remedy: 'd' }, 'a: got b, expected c (d)'],
  ])('%j is told as %j', (problem, text) => {
    expect(describeProblem(problem)).toBe(text);
  });

  test('of the user comes with all the others, one a line', () => {
    const problems = [
      { where: 'a', got: 'b' },
      { where: 'c', got: 'd', expected: 'e' },
    ];
    const error = new UsageError(problems);
    expect([error.problems, error.message]).toEqual([problems, 'a: b\nc: got d, expected e']);
    expect(new UsageError(problems[0]).problems).toEqual([problems[0]]);
  });

  test('of a run stands alone and keeps its cause', () => {
    const cause = new Error('disk');
    const error = new RunError({ where: 'a', got: 'b' }, { cause });
    expect([error.message, error.cause, error.problem]).toEqual(['a: b', cause, { where: 'a', got: 'b' }]);
  });

  test('of the system has a code, and nothing else does', () => {
    expect(systemErrorCode(Object.assign(new Error(), { code: 'ENOSPC' }))).toBe('ENOSPC');
    expect(systemErrorCode(Object.assign(new Error(), { code: 3 }))).toBeUndefined();
    expect(systemErrorCode(new Error('x'))).toBeUndefined();
    expect(systemErrorCode({ code: 'ENOSPC' })).toBeUndefined();
    expect(systemErrorCode(null)).toBeUndefined();
  });
});
