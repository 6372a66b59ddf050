/*
 * What this machine takes at least to deliver a spike of the cortical microcircuit: 42 synapses of 4 bytes, anywhere in 600 MB, each added
 * to one of 38,585 sums. Nothing of the engine is in here: no weights to shift, no calendar, no receptors, no other thread.
 *
 *   cc -O3 -march=native -o /tmp/floor benches/floor.c && /tmp/floor
 *
 * Prints nanoseconds per synapse, the best of five: to read memory in order; to read such pieces, asked for in time; to add numbers
 * that lie in the cache; to read and add. See README.md beside this file.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { PIECE = 42, LINE = 16, AHEAD = 12, TARGETS = 38585, PIECES = 500000 };
static const size_t WORDS = 600u << 18;

static uint64_t state = 88172645463325252u;

static uint32_t draw(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int32_t sums[1 << 16];
static volatile uint32_t sink;

/* Reads pieces that begin at `starts`, and adds them up if `add` says so. */
static double pieces(const uint32_t *words, const uint32_t *starts, int add) {
    uint32_t read = 0;
    double begin = now();
    for (int i = 0; i < PIECES; i++) {
        for (int j = 0; j < PIECE + LINE; j += LINE) __builtin_prefetch(words + starts[i + AHEAD] + j, 0, 2);
        const uint32_t *piece = words + starts[i];
        if (add)
            for (int j = 0; j < PIECE; j++) sums[piece[j] & 0xffff] += (int32_t)piece[j] >> 16;
        else
            for (int j = 0; j < PIECE; j++) read += piece[j];
    }
    sink = read;
    return (now() - begin) / ((double)PIECES * PIECE);
}

static double in_order(const uint32_t *words) {
    uint32_t read = 0;
    double begin = now();
    for (size_t i = 0; i < WORDS; i++) read += words[i];
    sink = read;
    return (now() - begin) / (double)WORDS;
}

static double best(double a, double b) { return a < b ? a : b; }

int main(void) {
    uint32_t *words = mmap(NULL, WORDS * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t *anywhere = malloc((PIECES + AHEAD) * 4), *cached = malloc((PIECES + AHEAD) * 4);
    if (words == MAP_FAILED || !anywhere || !cached) return perror("memory"), 1;
    madvise(words, WORDS * 4, MADV_HUGEPAGE);
    for (size_t i = 0; i < WORDS; i++) words[i] = draw() << 16 | (uint32_t)((draw() & 0xffff) * (uint64_t)TARGETS >> 16);
    for (int i = 0; i < PIECES + AHEAD; i++) anywhere[i] = draw() % (WORDS - PIECE - LINE), cached[i] = anywhere[i] % 16384;
    double figures[4] = {1e9, 1e9, 1e9, 1e9};
    for (int run = 0; run < 5; run++) {
        figures[0] = best(figures[0], in_order(words));
        figures[1] = best(figures[1], pieces(words, anywhere, 0));
        figures[2] = best(figures[2], pieces(words, cached, 1));
        figures[3] = best(figures[3], pieces(words, anywhere, 1));
    }
    printf("in order %.2f   pieces %.2f   add %.2f   pieces and add %.2f\n", figures[0], figures[1], figures[2], figures[3]);
    return 0;
}
