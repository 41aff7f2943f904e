/**
 * Bytes of WebAssembly: numbers as the format wants them, modules that an engine accepts, and no module that is larger
 * than it has to be.
 */
import { describe, expect, test } from 'vitest';
import { ACTIVATIONS, namesOf, PRECISIONS } from '../../../schemas/catalogue.ts';
import { addressesOf } from '../../../src/kernel/compile.ts';
import { programOf } from '../../../src/kernel/network/program.ts';
import { printWasm } from '../../../src/kernel/printers/print-wasm.ts';
import { ByteWriter, FunctionWriter, I32, moduleBytes, V128 } from '../../../src/kernel/printers/wasm-encoder.ts';
import { networksOf, UPDATES, variedLanes } from '../groups.ts';

const hex = (writer: ByteWriter) => Buffer.from(writer.toBytes()).toString('hex');

describe('integers', () => {
  test.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [624_485, 'e58e26'],
    [2 ** 31, '8080808008'],
    [2 ** 32 - 1, 'ffffffff0f'],
  ])('%i without a sign is %s', (value, bytes) => {
    expect(hex(new ByteWriter().unsigned(value))).toBe(bytes);
  });

  test.each([
    [0, '00'],
    [63, '3f'],
    [64, 'c000'],
    [127, 'ff00'],
    [128, '8001'],
    [8191, 'ff3f'],
    [8192, '80c000'],
    [2 ** 31 - 1, 'ffffffff07'],
    [-1, '7f'],
    [-64, '40'],
    [-65, 'bf7f'],
    [-128, '807f'],
    [-8192, '8040'],
    [-8193, 'ffbf7f'],
    [-123_456, 'c0bb78'],
    [-(2 ** 31), '8080808078'],
  ])('%i with a sign is %s', (value, bytes) => {
    expect(hex(new ByteWriter().signed(value))).toBe(bytes);
  });
});

describe('bytes', () => {
  test('that are sized or text come behind their length', () => {
    expect(hex(new ByteWriter().sized(new ByteWriter().byte(1, 2, 3)))).toBe('03010203');
    expect(hex(new ByteWriter().text('θ1'))).toBe('03ceb831');
    const long = new ByteWriter().byte(...new Uint8Array(200));
    expect(hex(new ByteWriter().sized(long))).toBe(`c801${'00'.repeat(200)}`);
  });

  test('of a function declare its locals in runs of one type, counted from behind the parameters', () => {
    const code = new FunctionWriter(2);
    expect(([I32, I32, V128, I32] as const).map((type) => code.local(type))).toEqual([2, 3, 4, 5]);
    expect(hex(code.get(5).body())).toBe('03027f017b017f20050b');
  });
});

describe('a module', () => {
  test('without instructions is accepted, and cut short it is not', () => {
    const bytes = moduleBytes(2, new FunctionWriter(2).body());
    expect(new WebAssembly.Module(bytes)).toBeInstanceOf(WebAssembly.Module);
    expect(() => new WebAssembly.Module(bytes.slice(0, -1))).toThrow(WebAssembly.CompileError);
  });

  test('repeats a body as often as its count says', () => {
    const code = new FunctionWriter(2);
    const [address, zero] = [code.local(I32), code.local(V128)];
    code.repeat(() => {
      code.get(address).get(zero).memory(11, 64);
      code.get(address).integer(16).byte(0x6a).set(address);
      code.get(0).integer(1).byte(0x6b).byte(0x22).unsigned(0);
    });
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const bytes = new Uint8Array(memory.buffer).fill(255);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes(2, code.body())), {
      gyre: { memory },
    });
    (exports.train as (count: number, unused: number) => void)(3, 0);
    const zeros = [...bytes.keys()].filter((i) => bytes[i] === 0);
    expect(zeros).toEqual(Array.from({ length: 48 }, (_, i) => 64 + i));
  });

  const shapes = [
    [1, 8, 1],
    [1, 8, 8, 1],
    [1, 16, 1],
    [2, 8, 1],
  ];
  test.each(shapes.flatMap((layers) => namesOf(PRECISIONS).map((precision) => [layers.join('-'), precision] as const)))(
    'of %s in %s has at most 32 KB for any activation and form, and an engine accepts it',
    (layers, precision) => {
      for (const activation of namesOf(ACTIVATIONS)) {
        for (const update of UPDATES) {
          const { shape } = networksOf({
            ...{ layers: layers.split('-').map(Number), activation, update, precision, subnormals: 'flush' },
            ...{ sampleCount: 16, lanes: 4, chunkEpochs: 1000, networks: variedLanes(4), seed: 0 },
          });
          const program = programOf(shape);
          const { bytes } = printWasm(program, addressesOf(program, shape));
          expect(bytes.length, `${activation} ${update.kind} ${update.form}`).toBeLessThanOrEqual(32_768);
          expect(new WebAssembly.Module(bytes)).toBeInstanceOf(WebAssembly.Module);
        }
      }
    },
  );

  test('is not printed for lanes that leave a vector half empty', () => {
    for (const [precision, lanes] of [
      ['float32', 6],
      ['float64', 3],
    ] as const) {
      const program = { precision, lanes, tree: [], scratch: {} };
      expect(() => printWasm(program, { sections: {}, table: 0 })).toThrow(/do not fill vectors/);
    }
  });
});
