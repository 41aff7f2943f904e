/**
 * The dashboard as its user sees it: golden frames of every state at four sizes, what keys do, and that no frame is
 * larger than the terminal, whatever is on it. A frame that has changed is written beside the golden one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Labels } from '../../schemas/labels.ts';
import { Dashboard } from '../../src/display/dashboard.ts';
import type { Size } from '../../src/display/screen/frame.ts';
import type { Tone } from '../../src/display/screen/lines.ts';
import { madeUpDashboard, madeUpSource, NETWORKS, RUNNING_NOTICES, textOf } from './made-up.ts';
import { begun, ended, labels, progress } from './notices.ts';

const STATES = ['running', 'paused', 'done', 'failed'] as const;
const SIZES: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
  { columns: 60, rows: 16 },
];
const LARGE: Size = { columns: 120, rows: 40 };
const SMALL: Size = { columns: 80, rows: 24 };

const press = (dashboard: Dashboard, keys: string) => {
  const named = { '↑': 'up', '↓': 'down', '←': 'left', '→': 'right', '⏎': 'enter', '⇥': 'tab', '⎋': 'escape' } as const;
  const wishes = [...keys].map((key) =>
    dashboard.press(key in named ? named[key as keyof typeof named] : { character: key }),
  );
  return wishes.at(-1);
};
const linesOf = (dashboard: Dashboard, size: Size = LARGE) => textOf(dashboard, size).split('\n');

describe('golden frames', () => {
  const cases = STATES.flatMap((state) => SIZES.map((size) => ({ state, size, ...size })));

  test.each(cases)('$state at $columns×$rows', ({ state, size, columns, rows }) => {
    const path = new URL(`../golden/screens/${state}-${columns}x${rows}.txt`, import.meta.url);
    const found = `${textOf(madeUpDashboard(state), size)}\n`;
    const golden = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (found !== golden) writeFileSync(new URL(`${path.href}.changed`), found);
    expect(found).toBe(golden);
  });
});

describe('every frame', () => {
  const crowded = () => {
    const dashboard = new Dashboard(madeUpSource(NETWORKS.length));
    for (const notice of RUNNING_NOTICES) dashboard.notify(notice);
    dashboard.notify(begun({ name: 'n'.repeat(64), networks: 1_000_000, epochs: 2_147_483_647 }));
    dashboard.notify(
      progress({
        elapsedMs: 3_600_000_000,
        threads: Array(64).fill('1-4096-4096-1 identity float64'),
        labels: labels({ 'non-finite': 1e6, exploded: 1e6, collapsed: 1e6, failed: 1e6 }),
      }),
    );
    dashboard.notify({ kind: 'retry', networks: [1], attempt: 2, reason: 'a reason '.repeat(40) });
    return dashboard;
  };

  test('is one line less than the terminal and narrower than it, in every pane and state', () => {
    for (const columns of [20, 60, 61, 80, 109, 110, 120, 200, 300]) {
      for (const rows of [2, 10, 16, 17, 24, 40, 60]) {
        for (const dashboard of [crowded(), ...STATES.map((state) => madeUpDashboard(state))]) {
          for (const keys of ['', '⇥', '⇥', '⇥?', '?/12']) {
            press(dashboard, keys);
            const lines = dashboard.lines({ columns, rows });
            expect(lines.length).toBeLessThan(rows);
            const widest = Math.max(0, ...lines.map((line) => [...line.map(({ text }) => text).join('')].length));
            expect(widest).toBeLessThan(columns);
          }
        }
      }
    }
  });

  test('of a terminal that is too small says what it needs', () => {
    expect(textOf(madeUpDashboard('running'), { columns: 59, rows: 24 })).toMatch(/needs 60×16\n.* has 59×24/);
    expect(textOf(madeUpDashboard('running'), { columns: 80, rows: 15 })).toMatch(/needs 60×16\n.* has 80×15/);
  });

  test('has red for divergence alone', () => {
    const alarmed = (dashboard: Dashboard) =>
      dashboard
        .lines(LARGE)
        .flat()
        .filter(({ tone }): boolean => tone === ('alarm' satisfies Tone))
        .map(({ text }) => text.trim());
    const words = alarmed(madeUpDashboard('running')).filter((text) => !/^[░▒▓█]+$|^[\d,]+$/.test(text));
    expect(new Set(words)).toEqual(new Set(['diverged', 'divergence']));
    const calm = new Dashboard(madeUpSource(0));
    calm.notify(begun());
    calm.notify(progress({ labels: labels({ descending: 3 }) }));
    expect(alarmed(calm)).toEqual([]);
  });
});

describe('keys', () => {
  test('move over the map, no further than it goes', () => {
    const dashboard = madeUpDashboard('running');
    press(dashboard, '→→↓l');
    expect(textOf(dashboard, LARGE)).toContain('0.9999 × 0.00032:');
    press(dashboard, '→→→→→');
    expect(textOf(dashboard, LARGE)).toContain('0.9999 × 0.00032:');
    press(dashboard, 'hk');
    expect(textOf(dashboard, LARGE)).toContain('0.999 × 0.0001:');
  });

  test('m changes what is counted, x and y the axes', () => {
    const dashboard = madeUpDashboard('running');
    press(dashboard, 'm');
    expect(textOf(dashboard, LARGE)).toContain('spiking by beta2 × learning_rate');
    press(dashboard, 'mmmmx');
    expect(textOf(dashboard, LARGE)).toContain('done by layers × learning_rate');
    press(dashboard, 'y');
    expect(textOf(dashboard, LARGE)).toContain('done by layers × beta2');
  });

  test('Enter goes through the networks of a cell, the most notable first', () => {
    const dashboard = madeUpDashboard('running');
    press(dashboard, '→→→↓↓↓↓↓⏎');
    expect(textOf(dashboard, LARGE)).toContain('non-finite · 1 onset');
    const first = linesOf(dashboard).find((line) => line.includes('network '));
    press(dashboard, '⏎');
    expect(linesOf(dashboard).find((line) => line.includes('network '))).not.toBe(first);
  });

  test('Enter on a cell of which nothing is done says so', () => {
    const dashboard = madeUpDashboard('running');
    press(dashboard, '↓↓↓↓↓↓⏎');
    expect(textOf(dashboard, LARGE)).toContain('no network of this cell is done yet');
  });

  test('Tab goes round the panes; in a narrow terminal one stands there at a time', () => {
    const dashboard = madeUpDashboard('running');
    expect(textOf(dashboard, SMALL)).toContain('› diverged by');
    press(dashboard, '⇥');
    expect(textOf(dashboard, SMALL)).toContain('› network 479');
    press(dashboard, '⇥');
    expect(textOf(dashboard, SMALL)).toContain('› events');
    press(dashboard, '↓⏎');
    press(dashboard, '⇥⇥');
    expect(textOf(dashboard, SMALL)).toContain('› network 477');
  });

  test('/ finds a network by number, and says where there is none', () => {
    const dashboard = madeUpDashboard('running');
    press(dashboard, '/12');
    expect(textOf(dashboard, LARGE)).toContain('find network 12▏');
    press(dashboard, '3⏎');
    expect(textOf(dashboard, LARGE)).toContain('network 123  1-8');
    press(dashboard, '/9999⏎');
    expect(textOf(dashboard, LARGE)).toContain('no network 9999: they are 0 to 559');
    press(dashboard, '⎋');
    expect(textOf(dashboard, LARGE)).toContain('network 479');
  });

  test('p wants a pause, q a stop once confirmed, Ctrl-C an interrupt', () => {
    const dashboard = madeUpDashboard('running');
    expect(press(dashboard, 'p')).toBe('pause');
    expect(press(dashboard, 'q')).toBeNull();
    expect(textOf(dashboard, LARGE)).toContain('stop the run?');
    expect(press(dashboard, 'j')).toBeNull();
    expect(textOf(dashboard, LARGE)).not.toContain('stop the run?');
    expect(press(dashboard, 'qq')).toBe('stop');
    expect(dashboard.press('interrupt')).toBe('interrupt');
  });

  test('q leaves a run that is over, and one that is only watched; p is then nothing', () => {
    expect(press(madeUpDashboard('done'), 'q')).toBe('leave');
    const watched = madeUpDashboard('running', madeUpSource(480, { isOwn: false }));
    expect(press(watched, 'q')).toBe('leave');
    expect(press(watched, 'p')).toBeNull();
    expect(textOf(watched, LARGE)).toContain('q leave');
  });

  test('? shows the keys until the next one', () => {
    const dashboard = madeUpDashboard('running');
    press(dashboard, '?');
    expect(textOf(dashboard, SMALL)).toContain('find a network by its number');
    press(dashboard, 'j');
    expect(textOf(dashboard, SMALL)).not.toContain('find a network by its number');
  });
});

describe('the network pane', () => {
  test('follows the latest notable network until the user has chosen one', () => {
    const labelled = new Map<number, Labels>();
    const dashboard = new Dashboard(madeUpSource(0, { labelsOf: (id) => labelled.get(id) ?? null }));
    dashboard.notify(begun());
    dashboard.notify(progress());
    const commit = (network: number, outcome: 'collapsed' | 'learned') => {
      const own = { outcome, motion: 'steady' } as const;
      labelled.set(network, own);
      dashboard.notify({ kind: 'committed', elapsedMs: 1, networks: [{ network, ...own }] });
    };
    expect(textOf(dashboard, LARGE)).toContain('none is done yet');
    commit(5, 'collapsed');
    commit(6, 'learned');
    expect(textOf(dashboard, LARGE)).toContain('network 5  ');
    commit(7, 'collapsed');
    expect(textOf(dashboard, LARGE)).toContain('network 7  ');
    press(dashboard, '/5⏎');
    commit(8, 'collapsed');
    expect(textOf(dashboard, LARGE)).toContain('network 5  ');
  });

  test('reads a network once for as long as nothing is committed', () => {
    let reads = 0;
    const source = madeUpSource(480);
    const dashboard = madeUpDashboard('running', {
      ...source,
      detailOf: (network) => {
        reads++;
        return source.detailOf(network);
      },
    });
    for (let i = 0; i < 5; i++) dashboard.lines(LARGE);
    expect(reads).toBe(1);
    dashboard.notify({ kind: 'committed', elapsedMs: 1, networks: [] });
    dashboard.lines(LARGE);
    expect(reads).toBe(2);
  });

  test('says where a trace cannot be read', () => {
    const dashboard = madeUpDashboard('running', madeUpSource(480, { detailOf: () => ({ losses: null, events: [] }) }));
    expect(textOf(dashboard, LARGE)).toContain('its trace cannot be read');
  });
});

test('a sweep without axes has bars instead of a map', () => {
  const dashboard = new Dashboard(madeUpSource(1, { networks: NETWORKS.slice(0, 1) }));
  dashboard.notify(begun({ networks: 1 }));
  dashboard.notify(progress({ labels: labels({ descending: 1 }), networksDone: 1 }));
  dashboard.notify(ended());
  expect(textOf(dashboard, LARGE)).toMatch(/descending +█+ +100\.0 %/);
  expect(textOf(dashboard, LARGE)).not.toContain('x/y axes');
});
