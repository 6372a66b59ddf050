// Delivery: from the spikes under way to the sums that neurons read in this step.
//
// registers 64

#include "made.cuh"
#include "stored.cuh"

// The first launch of a step. Besides, it notes where the last step's spikes end, frees what the ring has room for, and clears
// the means that are added to in this step.
extern "C" __global__ void __launch_bounds__(256, 3)
deliver(const braincog::Ring ring, const braincog::Store store, const braincog::Made made, const braincog::Sums sums,
        const braincog::Means means, const unsigned long long step, const unsigned span) {
    using namespace braincog;
    // Read once for the block: where little is due, a word for every warp would be most of what is read.
    __shared__ unsigned bounds[2];
    if (threadIdx.x == 0) {
        bounds[0] = ring.before_end_of(step - span - 1);
        bounds[1] = ring.tally->n;
    }
    __syncthreads();
    const unsigned oldest = bounds[0], n = bounds[1];
    const unsigned first = blockIdx.x * THREADS + threadIdx.x;
    if (first == 0) {
        ring.ends[(unsigned)(step - 1) & ring.ends_mask] = n;
        // Room ends where the oldest spike is that is still under way or that the host has not copied.
        const unsigned pulled = ring.tally->pulled;
        ring.tally->limit = ((int)(pulled - oldest) < 0 ? pulled : oldest) + ring.mask + 1;
    }
    if (means.sums)
        for (unsigned p = first; p < means.n_populations; p += gridDim.x * THREADS) *means.at(step, p) = 0;
    if (!ONLY_MADE && store.rows) deliver_stored(ring, store, sums, step, oldest, n - oldest);
    if (!ONLY_STORED && made.n_classes) deliver_made(ring, made, sums, step, n);
}

// Enters spikes from elsewhere, numbers `first` to `first + n`, each with its step: after a restart, or from other ranks. What
// was due before step `now` is over.
extern "C" __global__ void __launch_bounds__(256, 3)
enter(const braincog::Ring ring, const braincog::Store store, const unsigned* __restrict__ steps, const unsigned first, const unsigned n,
      const unsigned long long now) {
    using namespace braincog;
    const unsigned spike = blockIdx.x * THREADS + threadIdx.x;
    if (spike >= n) return;
    const unsigned place = (first + spike) & ring.mask;
    Row row = {0, 0, 0, 0};
    if (store.rows) row = store.rows[ring.ids[place]];
    unsigned due = steps[spike] + row.delay;
    while (row.head < row.end && (int)(due - (unsigned)now) < 0) {
        const Segment s = segment(store.heads[row.head]);
        row.quad += quads(store.kinds[s.kind].encoding, s.count);
        row.head += 1;
        due += s.lag;
    }
    ring.cursors[place] = {row.head, row.end, row.quad, row.head < row.end ? due : (unsigned)now - 1};
}
