// Threads of the device as fibers. A block is a thread of the host; its fibers take turns, in a random order, whenever one has to
// wait. Compiled without a sanitizer, which shall see the kernel's accesses to memory and not these.
//
// The thread sanitizer is told of every fiber, and of what a barrier orders: nothing else is ordered between two fibers, however
// they happen to take turns. So it finds a race wherever one is possible.

#include "cuda_host.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <ucontext.h>
#include <vector>

static thread_local Index thread_here, block_here, threads_here, blocks_here;

Index thread_index() { return thread_here; }
Index block_index() { return block_here; }
Index block_size() { return threads_here; }
Index grid_size() { return blocks_here; }

#ifdef WITH_TSAN
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
const unsigned NO_ORDER = 1;
#else
static void* __tsan_get_current_fiber() { return nullptr; }
static void* __tsan_create_fiber(unsigned) { return nullptr; }
static void __tsan_destroy_fiber(void*) {}
static void __tsan_switch_to_fiber(void*, unsigned) {}
static void __tsan_acquire(void*) {}
static void __tsan_release(void*) {}
const unsigned NO_ORDER = 0;
#endif

namespace {

const unsigned WARP = 32;
const size_t STACK = 128 << 10;

enum class State { RUNS, AT_BARRIER, AT_WARP, ENDED };

struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    void* known = nullptr;
    State state = State::RUNS;
    unsigned mask = 0;
    unsigned long long value = 0;
};

struct Block {
    std::vector<Fiber> fibers;
    ucontext_t scheduler;
    void* known = nullptr;
    unsigned current = 0;
    unsigned long long random = 1;
    // What a barrier orders, each second one.
    char barriers[2];
    unsigned n_barriers = 0;
    char end;
    // The same for each warp, two each; and what its lanes brought along when they last met.
    std::vector<char> warps;
    std::vector<unsigned> n_meetings;
    std::vector<unsigned long long> values;
    const std::function<void()>* kernel;
};

thread_local Block* block;

// Lets others run until this fiber may go on.
void wait_as(State state) {
    Fiber& own = block->fibers[block->current];
    own.state = state;
    __tsan_switch_to_fiber(block->known, NO_ORDER);
    swapcontext(&own.context, &block->scheduler);
}

void run() {
    (*block->kernel)();
    __tsan_release(&block->end);
    wait_as(State::ENDED);
}

// Whether all fibers of a range that have not ended wait in one state; if so they go on.
bool release(unsigned first, unsigned end, State state) {
    bool any = false;
    for (unsigned i = first; i < end; ++i) {
        if (block->fibers[i].state != state && block->fibers[i].state != State::ENDED) return false;
        any |= block->fibers[i].state == state;
    }
    for (unsigned i = first; i < end; ++i)
        if (block->fibers[i].state == state) block->fibers[i].state = State::RUNS;
    return any;
}

// Lets a warp go on whose lanes have all met, or the block.
bool release_some() {
    const unsigned n = (unsigned)block->fibers.size();
    for (unsigned first = 0; first < n; first += WARP) {
        const unsigned end = first + WARP;
        bool same = true;
        for (unsigned i = first; i < end; ++i) same &= block->fibers[i].state != State::AT_WARP || block->fibers[i].mask == 0xffffffffu;
        if (!same) {
            std::fprintf(stderr, "a collective of some lanes is not known here\n");
            std::abort();
        }
        if (release(first, end, State::AT_WARP)) {
            for (unsigned i = first; i < end; ++i) block->values[i] = block->fibers[i].value;
            ++block->n_meetings[first / WARP];
            return true;
        }
    }
    if (!release(0, n, State::AT_BARRIER)) return false;
    ++block->n_barriers;
    return true;
}

unsigned random_below(unsigned n) {
    block->random = block->random * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)((block->random >> 33) % n);
}

void run_block(unsigned index, unsigned blocks, unsigned threads, const std::function<void()>& kernel) {
    Block own;
    block = &own;
    own.fibers = std::vector<Fiber>(threads);
    own.warps.resize(2 * threads / WARP);
    own.n_meetings.resize(threads / WARP);
    own.values.resize(threads);
    own.known = __tsan_get_current_fiber();
    own.random = index + 1;
    own.kernel = &kernel;
    block_here = {index};
    threads_here = {threads};
    blocks_here = {blocks};
    for (Fiber& fiber : own.fibers) {
        fiber.stack.reset(new char[STACK]);
        fiber.known = __tsan_create_fiber(0);
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, run, 0);
    }
    std::vector<unsigned> ready;
    while (true) {
        ready.clear();
        bool all_ended = true;
        for (unsigned i = 0; i < threads; ++i) {
            all_ended &= own.fibers[i].state == State::ENDED;
            if (own.fibers[i].state == State::RUNS) ready.push_back(i);
        }
        if (all_ended) break;
        if (ready.empty() && !release_some()) {
            std::fprintf(stderr, "deadlock: threads of block %u wait for each other\n", index);
            std::abort();
        }
        // All that can run take their turn, in a random order.
        while (!ready.empty()) {
            std::swap(ready[random_below((unsigned)ready.size())], ready.back());
            own.current = ready.back();
            ready.pop_back();
            thread_here = {own.current};
            __tsan_switch_to_fiber(own.fibers[own.current].known, NO_ORDER);
            swapcontext(&own.scheduler, &own.fibers[own.current].context);
        }
    }
    // What comes after the launch is ordered with all of it.
    __tsan_acquire(&own.end);
    for (Fiber& fiber : own.fibers) __tsan_destroy_fiber(fiber.known);
}

}

void __syncthreads() {
    char* order = &block->barriers[block->n_barriers % 2];
    __tsan_release(order);
    wait_as(State::AT_BARRIER);
    __tsan_acquire(order);
}

static unsigned meet(unsigned mask, unsigned long long value) {
    Fiber& own = block->fibers[block->current];
    own.mask = mask;
    own.value = value;
    wait_as(State::AT_WARP);
    return threadIdx.x / WARP * WARP;
}

void __syncwarp(unsigned mask) {
    const unsigned warp = threadIdx.x / WARP;
    char* order = &block->warps[2 * warp + block->n_meetings[warp] % 2];
    __tsan_release(order);
    meet(mask, 0);
    __tsan_acquire(order);
}

unsigned long long exchange(unsigned mask, unsigned long long value, unsigned lane) {
    const unsigned first = meet(mask, value);
    return block->values[first + lane];
}

unsigned ballot(unsigned mask, unsigned long long value) {
    const unsigned first = meet(mask, value);
    unsigned holds = 0;
    for (unsigned lane = 0; lane < WARP; ++lane) holds |= (unsigned)(block->values[first + lane] != 0) << lane;
    return holds;
}

void launch(unsigned blocks, unsigned threads, const std::function<void()>& kernel) {
    std::vector<std::thread> running;
    for (unsigned b = 0; b < blocks; ++b) running.emplace_back(run_block, b, blocks, threads, std::cref(kernel));
    for (std::thread& thread : running) thread.join();
}
