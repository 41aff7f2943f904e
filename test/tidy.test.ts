/**
 * House rules as a test: who may import whom, which library is known where, what may not be written at all. A rule
 * broken names the file and the line.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = new URL('..', import.meta.url).pathname;
/** Every file of the repository, as git has or would have it. */
const repository = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n');
const files = repository.filter((file) => /\.(ts|tsx|mts|mjs|js)$/.test(file));
const pages = repository.filter((file) => file.endsWith('.md'));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const product = files.filter((file) => /^(schemas|src|workers)\//.test(file));
const tests = files.filter((file) => /^(test|bench|docs)\//.test(file));

/** A file may import from its own folder and from folders of a lower level. */
const LEVELS: Readonly<Record<string, number>> = {
  'src/numeric': 0,
  schemas: 1,
  'src/data': 2,
  'src/group': 2,
  'src/storage': 2,
  'src/detect': 2,
  'src/reference': 3,
  'src/kernel': 3,
  'src/plan': 4,
  'src/train': 4,
  'src/analysis': 4,
  workers: 5,
  'src/pool': 5,
  'src/run': 5,
  'src/session': 6,
  'src/replay': 6,
  'src/findings': 7,
  'src/claims': 8,
  'src/display': 8,
  'src/commands': 9,
  src: 10,
};

/** The folder of a file that has a level: `src/display` for src/display/ink/screen.tsx. */
function unitOf(file: string): string {
  const parts = dirname(file).split('/');
  return parts[0] === 'src' && parts.length > 1 ? `src/${parts[1]}` : parts[0];
}

/** Where a file imports from: repository paths for relative imports, package names for others. */
function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier]) => specifier);
  return specifiers.map((specifier) =>
    specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier,
  );
}

/** Lines of product code that match, without comments, as `file:line`. */
function linesMatching(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) =>
    read(file)
      .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
      .split('\n')
      .flatMap((line, i) => (pattern.test(line.replace(/(^|\s)\/\/.*$/, '')) ? [`${file}:${i + 1}`] : [])),
  );
}

describe('levels', () => {
  test('every folder of the product has a level', () => {
    expect([...new Set(product.map(unitOf))].filter((unit) => !(unit in LEVELS))).toEqual([]);
  });

  test('a file imports from its own folder or a lower level', () => {
    const offences = product.flatMap((file) =>
      importsOf(file)
        .filter((path) => /^(schemas|src|workers)\//.test(path))
        .filter((path) => {
          const [from, to] = [unitOf(file), unitOf(path)];
          return from !== to && LEVELS[to] >= LEVELS[from];
        })
        .map((path) => `${file} imports ${path}`),
    );
    expect(offences).toEqual([]);
  });
});

/** Rooms of the large folders, from the lowest. Files in no room are the room ''. A room knows those before it. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'src/kernel': ['tree', 'network', 'printers', '', 'native'],
  'src/storage': ['', 'tables', 'journal', 'checkpoints', 'user-data', 'exports'],
};

test.each(Object.entries(ROOMS))('a room of %s knows only rooms below it', (folder, rooms) => {
  const roomOf = (path: string) => rooms.indexOf(path.split('/').length > 3 ? path.split('/')[2] : '');
  const within = product.filter((file) => unitOf(file) === folder);
  expect(within.filter((file) => roomOf(file) < 0)).toEqual([]);
  const offences = within.flatMap((file) =>
    importsOf(file)
      .filter((path) => path.startsWith(`${folder}/`) && roomOf(path) > roomOf(file))
      .map((path) => `${file} imports ${path}`),
  );
  expect(offences).toEqual([]);
});

describe('each library has one home', () => {
  test.each([
    ['apache-arrow', /^src\/storage\//],
    ['csv-parse', /^src\/storage\/user-data\/csv-data\.ts$/],
    ['parquet-wasm', /^src\/storage\/exports\/parquet\.ts$/],
    ['@bokuweb/zstd-wasm', /^src\/storage\/tables\/compression\.ts$/],
    ['msgpackr', /^src\/storage\/frames\.ts$/],
    ['piscina', /^src\/pool\/thread-pool\.ts$/],
    ['ml-matrix', /^src\/analysis\/eigenvalue\.ts$/],
    ['fft.js', /^src\/analysis\/fourier\.ts$/],
    ['simple-statistics', /^src\/analysis\//],
    ['ink', /^src\/display\/ink\//],
    ['react', /^src\/display\/ink\//],
    ['zod', /^(schemas\/sweep(-grid)?|src\/plan\/parse)\.ts$/],
    ['yaml', /^src\/plan\/read\.ts$/],
    ['commander', /^src\/command-line\.ts$/],
  ])('%s', (library, home) => {
    const users = product.filter((file) =>
      importsOf(file).some((path) => path === library || path.startsWith(`${library}/`)),
    );
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((file) => !home.test(file))).toEqual([]);
  });

  test('only group knows Atomics', () => {
    expect(linesMatching(/\bAtomics\b/, product).filter((place) => !place.startsWith('src/group/'))).toEqual([]);
  });
});

describe('what somebody else may have made', () => {
  test('is opened by one door: who knows of runs opens files through src/storage/plain-files.ts', () => {
    const keepers = product.filter((file) =>
      ['src/storage', 'src/run', 'src/session', 'src/replay', 'src/findings', 'src/pool', 'src/train'].includes(
        unitOf(file),
      ),
    );
    const opening = /\b(openSync|readFileSync|readFile|createReadStream|createWriteStream|appendFileSync)\b/;
    // Folders are synced, a user's own data may stand behind a link, /proc and package.json are not of a run.
    const others = [
      'src/storage/plain-files.ts',
      'src/storage/files.ts',
      'src/storage/user-data/read-data.ts',
      'src/run/heartbeat.ts',
      'src/run/owner.ts',
      'src/pool/thread-count.ts',
      'src/pool/address-space.ts',
      'src/storage/process-limits.ts',
      'src/run/package.ts',
    ];
    expect(
      linesMatching(
        opening,
        keepers.filter((file) => !others.includes(file)),
      ),
    ).toEqual([]);
  });

  test('is written to a terminal by one function, which lets no control character pass', () => {
    const writing = /\b(console\.|process\.std(out|err)\.write)/;
    const writers = product.filter((file) => file !== 'src/commands/output.ts');
    expect(linesMatching(writing, writers)).toEqual([]);
  });
});

describe('what decides bits', () => {
  // src/analysis comes after the fact: its statistics decide no bit of any network, and no digest covers them. Nor does
  // a picture.
  const deciding = product.filter((file) => !['src/analysis', 'src/display'].includes(unitOf(file)));

  test('has no function of Math that differs between engines', () => {
    const functions =
      'exp expm1 log log1p log2 log10 pow sin cos tan asin acos atan atan2 sinh cosh tanh cbrt hypot random';
    const pattern = new RegExp(`\\bMath\\.(${functions.replaceAll(' ', '|')})\\b`);
    expect(linesMatching(pattern, deciding)).toEqual([]);
  });

  test('never sees the clock', () => {
    const arithmetic = product.filter((file) => LEVELS[unitOf(file)] <= 4);
    expect(linesMatching(/\b(Date|performance)\b/, arithmetic)).toEqual([]);
  });
});

describe('style', () => {
  test('files open with their job', () => {
    expect([...product, ...tests].filter((file) => !/^(#!.*\n)?\/\*\*/.test(read(file)))).toEqual([]);
  });

  test('files have at most 400 lines, names in kebab-case that mean something', () => {
    expect(files.filter((file) => read(file).split('\n').length > 401)).toEqual([]);
    expect(files.filter((file) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(file)))).toEqual([]);
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|manager|common|misc)\b/.test(file))).toEqual([]);
  });

  test('no default exports, no any, no silenced checks, no unfinished places', () => {
    expect(linesMatching(/export default|\bas any\b|: any\b|@ts-ignore|@ts-expect-error/, product)).toEqual([]);
    const unfinished = new RegExp(`\\b(${['TO', 'FIX'].map((head, i) => head + ['DO', 'ME'][i]).join('|')})\\b`);
    expect([...product, ...tests].filter((file) => unfinished.test(read(file)))).toEqual([]);
  });

  test('no test is skipped or singled out', () => {
    const marks = new RegExp(`\\b(test|it|describe)\\.(${['skip', 'only', 'todo', 'fails'].join('|')})\\b`);
    expect(linesMatching(marks, tests)).toEqual([]);
  });
});

test('lines of code have at most 120 columns, strings and comments included', () => {
  const long = files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (line.length > 120 ? [`${file}:${i + 1}`] : [])),
  );
  expect(long).toEqual([]);
});

describe('documents', () => {
  test('ARCHITECTURE.md maps every folder of the product', () => {
    const map = read('ARCHITECTURE.md');
    expect(Object.keys(LEVELS).filter((folder) => !map.includes(`${folder}/`))).toEqual([]);
  });

  test('lines of Markdown and YAML have at most 120 columns, unless a table or a long word needs more', () => {
    const long = [...pages, ...repository.filter((file) => /\.ya?ml$/.test(file))].flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, i) => (line.length > 120 && canBeBroken(line) ? [`${file}:${i + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  test('every relative link leads to a file, and its anchor to a heading', () => {
    expect(pages.flatMap((page) => linksOf(page).flatMap((link) => brokenLink(page, link)))).toEqual([]);
  });
});

/** A row of a table must stay on its line, and so must a URL or a line of canonical JSON. */
const canBeBroken = (line: string) => !line.startsWith('|') && !/\S{80}/.test(line);

/** The text of a page without its examples of code. */
const proseOf = (page: string) => read(page).replace(/^```[\s\S]*?^```/gm, '');

/** Targets of the links and pictures of a page that lead to files of the repository. */
function linksOf(page: string): string[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  return targets.filter((target) => !/^\w+:/.test(target));
}

/** What is wrong with a link, in a list of one; an empty list where it leads somewhere. */
function brokenLink(page: string, link: string): string[] {
  const [path, anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, target))) return [`${page}: ${link}: no file ${target}`];
  if (anchor === undefined || anchorsOf(target).includes(anchor)) return [];
  return [`${page}: ${link}: no heading of ${target}`];
}

/** The anchors of a page's headings, as GitHub makes them: `What it costs (2 s)` has `what-it-costs-2-s`. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#{1,6} +(.*)$/gm)].map(([, text]) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
