/** docs/ARITHMETIC.md against the code: the page must state every constant and name everything in the catalogue. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ARITHMETIC_ID, BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import { ACTIVATIONS, DATASETS, INITS, namesOf, OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { NetworkConfig } from '../../schemas/network.ts';
import { elementaryConstants, logConstants } from '../../src/numeric/elementary-constants.ts';
import { networkKey } from '../../src/plan/identify.ts';
import { contentOf } from '../../src/plan/load-data.ts';
import { readCsv } from '../../src/storage/user-data/csv-data.ts';

const page = readFileSync(new URL('../../docs/ARITHMETIC.md', import.meta.url), 'utf8');
/** The page without its line breaks, in which sentences can be found. */
const prose = page.replace(/\s+/g, ' ');
const text = (value: number | readonly number[]) => (typeof value === 'number' ? String(value) : value.join(', '));

test.each(Object.keys(elementaryConstants.float32) as (keyof typeof elementaryConstants.float32)[])(
  'states %s in both precisions',
  (name) => {
    const { float32, float64 } = elementaryConstants;
    expect(page).toContain(`| ${name} | ${text(float32[name])} | ${text(float64[name])} |`);
  },
);

test('states the constants of log', () => {
  expect(prose).toContain(text(logConstants.polynomial));
  expect(logConstants.ln2High).toBe(elementaryConstants.float64.ln2High);
  expect(logConstants.ln2Low).toBe(elementaryConstants.float64.ln2Low);
});

test('names the version of the arithmetic and the length of a block', () => {
  expect(page).toContain(`\`${ARITHMETIC_ID}\``);
  expect(prose).toContain(`blocks of ${BLOCK_EPOCHS} epochs`);
});

test('works two keys through, and they are those of the code', () => {
  const examples = [...page.matchAll(/^\{"activation".*\}$/gm)].map(([line]) => line);
  const keys = examples.map((line) => {
    const { arithmetic, ...config } = JSON.parse(line) as NetworkConfig & { arithmetic: string };
    expect(arithmetic).toBe(ARITHMETIC_ID);
    return networkKey(config);
  });
  expect(examples).toHaveLength(2);
  expect(prose).toContain(`have the keys \`${keys[0]}\` and \`${keys[1]}\``);
});

test('works the hash of a data file through, and it is that of the code', () => {
  const { hash } = contentOf(readCsv(Buffer.from('x,y\n0,0.5\n1,-0\n'), 'a.csv'));
  expect(prose).toContain(`The columns \`x\` = 0, 1 and \`y\` = 0.5, −0 have the hash \`${hash}\``);
});

test.each([
  ['activation', namesOf(ACTIVATIONS)],
  ['initialisation', namesOf(INITS)],
  ['data set', namesOf(DATASETS)],
  [
    'optimiser',
    Object.entries(OPTIMIZERS).flatMap(([kind, { forms }]) =>
      forms.length > 1 ? forms.map((form) => `${kind}, ${form}`) : [kind],
    ),
  ],
])('has a line for every %s', (_, names) => {
  expect(names.filter((name) => !page.includes(`| ${name} |`))).toEqual([]);
});
