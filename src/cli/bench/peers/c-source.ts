/**
 * The peer in C: `dense <file> plain|tiled`. Reads a problem from the file (i32 layers, rows; per layer i32 inputs, units,
 * relu; then weights `[input][unit]` and bias of each layer, then the rows), and answers lines on stdin:
 * `out` with the outputs, a number n with the microseconds a call that n calls took.
 *
 * `plain` runs along a row of weights, the loop that every compiler turns into vector code; `tiled` keeps 32 sums in
 * registers on the way down the inputs, which is what one writes who looks at what came out of the first.
 */
export const C_SOURCE = String.raw`#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_LAYERS 8
#define TILE 32

typedef struct { int32_t inputs, units, relu; float *weight, *bias; } Layer;
typedef void Dense(const Layer *, const float *, float *);

static void plain(const Layer *l, const float *restrict x, float *restrict y) {
  const int inputs = l->inputs, units = l->units;
  const float *restrict w = l->weight, *restrict bias = l->bias;
  for (int u = 0; u < units; u++) y[u] = bias[u];
  for (int i = 0; i < inputs; i++, w += units) {
    const float v = x[i];
    for (int u = 0; u < units; u++) y[u] += v * w[u];
  }
  if (l->relu) for (int u = 0; u < units; u++) y[u] = y[u] < 0 ? 0 : y[u];
}

static void tiled(const Layer *l, const float *restrict x, float *restrict y) {
  const int inputs = l->inputs, units = l->units;
  const float *restrict weight = l->weight, *restrict bias = l->bias;
  int t = 0;
  for (; t + TILE <= units; t += TILE) {
    float sum[TILE];
    for (int u = 0; u < TILE; u++) sum[u] = bias[t + u];
    const float *restrict w = weight + t;
    for (int i = 0; i < inputs; i++, w += units) {
      const float v = x[i];
      for (int u = 0; u < TILE; u++) sum[u] += v * w[u];
    }
    for (int u = 0; u < TILE; u++) y[t + u] = l->relu && sum[u] < 0 ? 0 : sum[u];
  }
  for (; t < units; t++) {
    float sum = bias[t];
    for (int i = 0; i < inputs; i++) sum += x[i] * weight[(size_t)i * units + t];
    y[t] = l->relu && sum < 0 ? 0 : sum;
  }
}

static FILE *file;
static void get(void *to, size_t bytes) {
  if (fread(to, 1, bytes, file) != bytes) { fputs("the problem is too short\n", stderr); exit(1); }
}
static float *room(size_t floats) {
  void *p = NULL;
  if (posix_memalign(&p, 64, floats * sizeof(float) + 64)) exit(1);
  return p;
}
static float *floats(size_t n) { float *p = room(n); get(p, n * sizeof(float)); return p; }
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static int32_t layers, rows;
static Layer layer[MAX_LAYERS];
static float *input, *a, *b, *output;

__attribute__((noinline)) static void forward(Dense *dense) {
  for (int r = 0; r < rows; r++) {
    const float *from = input + (size_t)r * layer[0].inputs;
    for (int l = 0; l < layers; l++) {
      float *into = l == layers - 1 ? output + (size_t)r * layer[l].units : l % 2 ? b : a;
      dense(&layer[l], from, into);
      from = into;
    }
  }
  __asm__ volatile("" : : "r"(output) : "memory");
}

int main(int argc, char **argv) {
  if (argc < 3 || !(file = fopen(argv[1], "rb"))) return 2;
  Dense *dense = strcmp(argv[2], "tiled") ? plain : tiled;
  get(&layers, 4), get(&rows, 4);
  if (layers < 1 || layers > MAX_LAYERS) return 2;
  size_t widest = 0;
  for (int l = 0; l < layers; l++) {
    get(&layer[l], 12);
    if ((size_t)layer[l].units > widest) widest = layer[l].units;
  }
  for (int l = 0; l < layers; l++) {
    layer[l].weight = floats((size_t)layer[l].inputs * layer[l].units);
    layer[l].bias = floats(layer[l].units);
  }
  input = floats((size_t)rows * layer[0].inputs);
  const int outputs = rows * layer[layers - 1].units;
  a = room(widest), b = room(widest), output = room(outputs);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    if (!strncmp(line, "out", 3)) {
      forward(dense);
      for (int i = 0; i < outputs; i++) printf("%.9g%c", output[i], i + 1 < outputs ? ' ' : '\n');
    } else {
      const int calls = atoi(line);
      const double at = now();
      for (int n = 0; n < calls; n++) forward(dense);
      printf("%.6f\n", (now() - at) / calls);
    }
    fflush(stdout);
  }
  return 0;
}
`;
