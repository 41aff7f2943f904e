/**
 * The shipped sweeps with changes that a slip, a bad merge or malice could make, in their values and in their text, and
 * what the plan makes of them: networks, or the user's mistakes in words. Anything else is thrown on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parse } from 'yaml';
import { UsageError } from '../../schemas/problems.ts';
import { fileSchema, gridsOf, type Sweep } from '../../schemas/sweep.ts';
import { networkCount } from '../../src/plan/check-sweep.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { packGroups } from '../../src/plan/pack.ts';
import { parseSweep } from '../../src/plan/read.ts';

const sweepsFolder = new URL('../../sweeps/', import.meta.url).pathname;

/** The shipped sweeps as text, with a seed each and a small sample, so that their plans are quick to make. */
const texts = readdirSync(sweepsFolder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) =>
    readFileSync(`${sweepsFolder}${file}`, 'utf8')
      .replace(/^seeds: \d+/m, 'seeds: 1')
      .replace(/count: \d+/, 'count: 6'),
  );

/** Plans of more networks are counted and not made. */
const NETWORKS_MAX = 50;

/** What became of a text. */
type Answer = { readonly networks: number } | { readonly mistakes: readonly string[] };

/** Reads a text as a sweep beside the shipped ones, and makes its plan. Throws what is no mistake of the user's. */
function planOf(text: string): Answer {
  try {
    const sweep: Sweep = parseSweep(text, `${sweepsFolder}a.yaml`);
    const count = gridsOf(sweep).reduce((sum, grid) => sum + networkCount({ ...grid, sample: sweep.sample }), 0);
    if (count > NETWORKS_MAX) return { networks: count };
    const networks = expandSweep(sweep);
    const packed = packGroups(networks).reduce((sum, group) => sum + group.networks.length, 0);
    if (packed !== networks.length || networks.some(({ id }, place) => id !== place))
      throw new Error(`${networks.length} networks, of which ${packed} are in groups`);
    return { networks: networks.length };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { mistakes: error.message.split('\n') };
  }
}

/** What only a program would say of itself. */
const INSIDES =
  /\n\s+at |\b(TypeError|RangeError|SyntaxError|ReferenceError|invariant)\b|\[object |\bundefined\b|node_modules/;
const PLACE = /^(\/.*a\.yaml(:\d+)?(:\d+)?|sweep ".*"|sample\.count): ./;

/** Checks that so many changed sweeps are each a plan, or mistakes that say where they are. */
export function checkPlans(sweeps: fc.Arbitrary<string>, numRuns: number): void {
  let plans = 0;
  const holds = fc.property(sweeps, (text) => {
    const answer = planOf(text);
    if ('networks' in answer) {
      plans++;
      return answer.networks >= 1;
    }
    for (const line of answer.mistakes)
      if (!PLACE.test(line) || INSIDES.test(line) || line.length > 2000)
        throw new Error(`no mistake in words: ${line}`);
    return answer.mistakes.length >= 1 && answer.mistakes.length <= 51;
  });
  fc.assert(holds, { numRuns });
  // Mistakes alone would mean that nothing is looked at behind the first of them.
  if (plans < numRuns / 50 || plans === numRuns) throw new Error(`${plans} plans of ${numRuns} changed sweeps`);
}

type ValueOf<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

/** Every member of a value, at any depth. */
function placesIn(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}

/** A list in a list in a list… */
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { kind: value };
  return value;
};

const ODD_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '0',
  '-1',
  'schlüssel',
  '\u{1f9ea}',
  'a.b',
  'a\nb',
];
const KEYS = [
  ...Object.keys(fileSchema.shape),
  'kind',
  'points',
  'learningRate',
  'beta2',
  'epsilon',
  'file',
  'log',
  'linear',
  'count',
];

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      '',
      ' ',
      'adam',
      'sgd',
      'sine',
      'teacher',
      'full',
      'float64',
      [],
      {},
      [[]],
      [{}],
      [null],
      [[[1, 2]]],
    ],
    ...[0, -0, 1, -1, 0.5, 2, 1e-320, 1e300, 1e308, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN, Infinity, -Infinity],
    ...['\u0000', '\ud800', '\u202e', 'x'.repeat(300), '../..', '/dev/zero', 'own-data.csv', '1e999', '__proto__'],
    ...[
      { log: [1e-3, 1] },
      { linear: [0, 0.5] },
      { log: [1, 1e-3] },
      { log: [0, 1] },
      { log: [1] },
      { log: 1, linear: 2 },
    ],
    ...[
      { kind: 'random', count: 3 },
      { kind: 'random', count: 1_000_000 },
      [{ activation: 'relu' }],
      [{}, { seeds: [1] }],
    ],
  ),
  fc.integer({ min: 1, max: 30 }).map(nested),
  fc.double(),
  fc.string({ maxLength: 8 }),
);

/** One change of a value at some place of a sweep. */
const change = fc.record({
  which: fc.nat(),
  other: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'remove', 'repeat', 'wrap', 'copy', 'rename', 'add', 'add'),
  value: junk,
  key: fc.oneof(fc.constantFrom(...KEYS), fc.constantFrom(...ODD_KEYS), fc.string({ maxLength: 4 })),
});

function applyTo(sweep: unknown, { which, other, how, value, key: name }: ValueOf<typeof change>): void {
  const places = placesIn(sweep);
  if (places.length === 0) return;
  const { holder, key } = places[which % places.length];
  const own = (part: object, to: string, what: unknown) =>
    Object.defineProperty(part, to, { value: what, enumerable: true, configurable: true, writable: true });
  if (how === 'replace') holder[key] = structuredClone(value);
  else if (how === 'remove') Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key];
  else if (how === 'repeat')
    Array.isArray(holder)
      ? holder.push(structuredClone(holder[Number(key)]))
      : own(holder, key, [holder[key], holder[key]]);
  else if (how === 'wrap') holder[key] = [holder[key]];
  else if (how === 'copy') holder[key] = structuredClone(places[other % places.length].holder);
  else if (how === 'rename') {
    if (Array.isArray(holder)) return;
    own(holder, name, holder[key]);
    if (name !== key) delete holder[key];
  } else {
    const target = other % 2 === 0 ? (sweep as object) : holder;
    if (!Array.isArray(target)) own(target, name, structuredClone(value));
  }
}

/** The values of the shipped sweeps: parsed once, as most of the time of thousands of tests goes into YAML. */
const valuesOf = new Map(texts.map((text) => [text, parse(text) as unknown]));

/** A value as YAML on one line, which is JSON but for three numbers. */
function flowText(value: unknown): string {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
    return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${flowText(member)}`);
  return `{${members.join(', ')}}`;
}

/** A shipped sweep with up to four of its values changed. */
export const changedValues = fc
  .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([text, changes]) => {
    const sweep = structuredClone(valuesOf.get(text));
    for (const options of changes) applyTo(sweep, options);
    return flowText(sweep);
  });

const BOMB = ['a: &a [1,2,3,4,5,6,7,8,9]', ...'bcdefghij']
  .map((key, i, all) => (i === 0 ? key : `${key}: &${key} [${`*${all[i - 1][0]},`.repeat(9)}]`))
  .join('\n');

const snippet = fc.oneof(
  fc.constantFrom(
    ...[
      '[',
      ']',
      '{',
      '}',
      ':',
      ': ',
      '- ',
      '\n',
      '\n  ',
      ',',
      '&a ',
      '*a',
      '&a [*a]',
      '!!',
      '? ',
      '? [a, b]\n: c\n',
      '|',
      '>-\n',
    ],
    ...[
      '"',
      "'",
      '#',
      '\t',
      '%',
      '---\n',
      '...\n',
      '<<: ',
      '<<: *a\n',
      '\u0000',
      '\ufeff',
      '\r',
      '\u2028',
      '\ud800',
      '\\',
    ],
    ...[
      'null',
      '~',
      '-0',
      '-0.0',
      '1e999',
      '-1e999',
      '.nan',
      '.inf',
      '-.inf',
      '0x10',
      '0o17',
      '1_000',
      '12:30:45',
      '2001-12-14',
    ],
    ...[
      '!!binary aGk=',
      '!!set {a, b}',
      '!!float 1',
      '!!str 1',
      '!!timestamp 2001-12-14',
      '!<tag:x> 1',
      '!!omap [a: 1]',
    ],
    ...[
      '__proto__: {}\n',
      'constructor: 1\n',
      'true: 1\n',
      '1: 2\n',
      'null: 1\n',
      'seeds: 1\n',
      'name: b\n',
      '? {a: 1}\n',
    ],
    ...[
      'networks: [{}]\n',
      'exclude: [{}]\n',
      'sample: { kind: random, count: 3 }\n',
      `${BOMB}\n`,
      '9'.repeat(400),
      '0.'.repeat(30),
    ],
  ),
  fc.string({ maxLength: 5 }),
  fc.integer({ min: 1, max: 12 }).map((depth) => '['.repeat(depth)),
  fc.integer({ min: 1, max: 12 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 30 }).map((depth) => '{a: '.repeat(depth) + '}'.repeat(depth)),
);

/** Where to cut, how much to take out, what to put in; or a line to take out, or to repeat. */
const edit = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat({ max: 10 }),
  more: snippet,
  how: fc.constantFrom('characters', 'characters', 'line out', 'line twice', 'line indented', 'at start', 'at end'),
});

function edited(text: string, { place, length, more, how }: ValueOf<typeof edit>): string {
  const at = Math.floor(place * text.length);
  if (how === 'characters') return text.slice(0, at) + more + text.slice(at + length);
  if (how === 'at start') return more + text;
  if (how === 'at end') return text + more;
  const lines = text.split('\n');
  const line = Math.min(lines.length - 1, Math.floor(place * lines.length));
  const put = { 'line out': [], 'line twice': [lines[line], lines[line]], 'line indented': [`  ${lines[line]}`] }[how];
  return lines.toSpliced(line, 1, ...put).join('\n');
}

/** A shipped sweep with up to four edits of its text. */
export const changedText = fc
  .tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([text, edits]) => edits.reduce(edited, text));
