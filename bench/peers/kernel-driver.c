/*
 * Times a kernel printed as C on a problem, as bench/peers/gyre.ts times the one in WebAssembly: same memory, same chunks, same
 * corrections. Prints the rate and the bits of the losses at the last epoch.
 *
 *     kernel IMAGE CORRECTIONS lanes vectors epochs chunkEpochs partEpochs correctionCount correctionsOffset signalsOffset seconds
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void train(float *memory, long parts, long epochs, long vectors);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static char *read_file(const char *path, long *size, long extra) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(2);
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  char *bytes = aligned_alloc(4096, (*size + extra + 4095) / 4096 * 4096);
  if (!bytes || fread(bytes, 1, *size, file) != (size_t)*size) exit(2);
  fclose(file);
  return bytes;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static long lanes, vectors, epochs, chunk_epochs, part_epochs, correction_count, corrections_offset, signals_offset;
static char *memory;
static float *corrections;

/* Trains `count` epochs after the first `done`; returns where the losses of the last epoch are. */
static float *train_epochs(long done, long count) {
  long last = 0;
  for (long end = done + count; done < end; done += last) {
    long parts = (end - done < chunk_epochs ? end - done : chunk_epochs) / part_epochs;
    last = parts ? parts * part_epochs : end - done;
    for (long row = 0; row < correction_count; row++)
      memcpy(memory + corrections_offset + row * chunk_epochs * lanes * 4, corrections + (row * epochs + done) * lanes,
             last * lanes * 4);
    train((float *)memory, parts ? parts : 1, parts ? part_epochs : last, vectors);
  }
  return (float *)(memory + signals_offset) + (last - 1) * lanes;
}

#define RATES_MAX 100000

int main(int argc, char **argv) {
  if (argc != 12) return 2;
  long size, corrections_size;
  char *image = read_file(argv[1], &size, 0);
  memory = read_file(argv[1], &size, 65536);
  corrections = (float *)read_file(argv[2], &corrections_size, 64);
  lanes = atol(argv[3]), vectors = atol(argv[4]), epochs = atol(argv[5]), chunk_epochs = atol(argv[6]);
  part_epochs = atol(argv[7]), correction_count = atol(argv[8]);
  corrections_offset = atol(argv[9]), signals_offset = atol(argv[10]);
  double seconds = atof(argv[11]);

  float *losses = train_epochs(0, epochs);
  uint32_t bits[64];
  memcpy(bits, losses, lanes * 4);

  static double rates[RATES_MAX];
  long rate_count = 0, count = 1, epoch = epochs;
  double begin = now(), warm = begin + (seconds < 0.5 ? seconds : 0.5), end = warm + seconds;
  while (rate_count < 3 || (now() < end && rate_count < RATES_MAX)) {
    if (epoch + count > epochs) {
      memcpy(memory, image, size);
      epoch = 0;
    }
    double from = now();
    train_epochs(epoch, count);
    double each = (now() - from) / count;
    epoch += count;
    if (now() < warm) {
      long fits = (long)(0.02 / each);
      count = 2 * count < fits ? 2 * count : fits;
      count = count < 1 ? 1 : count > epochs ? epochs : count;
    } else
      rates[rate_count++] = lanes / each;
  }
  qsort(rates, rate_count, sizeof rates[0], ascending);
  printf("{\"rate\":%.6g,\"bits\":[", rates[rate_count / 2]);
  for (long i = 0; i < lanes; i++) printf("%s%u", i ? "," : "", bits[i]);
  printf("]}\n");
  return 0;
}
