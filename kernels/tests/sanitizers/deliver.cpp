// Runs delivery on the host for the steps that it reads, and writes the sums of each of them, then the tally.

#include "cuda_host.h"
// What the kernel includes it for is in the kit of the models.
#include "kit.cuh"
#include "deliver.cu"
#include "input.h"

#undef let
using namespace braincog;

int main() {
    const unsigned span = take<unsigned>(), blocks = take<unsigned>(), n_steps = take<unsigned>(), capacity = take<unsigned>(), start = take<unsigned>();
    Sums sums = take<Sums>();
    auto rows = list<Row>();
    auto heads = list<u64>();
    auto words = list<uint4>();
    auto kinds = list<Kind>();
    const Store store = {rows.address(), heads.address(), words.address(), kinds.address()};
    auto leads = list<unsigned>();
    auto ways = list<Way>();
    auto spans = list<uint2>();
    auto first_ids = list<unsigned>();
    auto places = list<Place>();
    auto before = list<unsigned>();
    auto turns = list<unsigned>();
    auto positions = list<real>();
    auto quantiles = list<real>();
    const Made made = {leads.address(), ways.address(), spans.address(), first_ids.address(), places.address(),
                       before.address(), turns.address(), positions.address(), quantiles.address(), (unsigned)leads.n, (unsigned)first_ids.n};
    const size_t slot = (size_t)sums.n_places * sums.n_receptors;
    Buffer<int> cells(slot * (sums.slot_mask + 1));
    Buffer<unsigned> ids(capacity), ends(1024);
    Buffer<Cursor> cursors(capacity);
    Buffer<Tally> tally(1);
    Buffer<long long> means(2 * made.n_populations);
    sums.cells = cells.address();
    for (size_t i = 0; i < ends.n; ++i) ends.address()[i] = start;
    *tally.address() = {0, start, start + capacity, start, 0};
    const Ring ring = {ids.address(), cursors.address(), ends.address(), tally.address(), capacity - 1, (unsigned)ends.n - 1};
    for (u64 step = 1; step <= n_steps; ++step) {
        auto fired = list<unsigned>();
        const unsigned first = tally.address()->n;
        Buffer<unsigned> steps(fired.n);
        for (size_t i = 0; i < fired.n; ++i) {
            ids.address()[(first + i) & ring.mask] = fired.address()[i];
            steps.address()[i] = (unsigned)step - 1;
        }
        tally.address()->n = tally.address()->pulled = first + (unsigned)fired.n;
        launch((unsigned)(fired.n + 255) / 256, 256, [&] { enter(ring, store, steps.address(), first, (unsigned)fired.n, step); });
        launch(blocks, 256, [&] { deliver(ring, store, made, sums, {means.address(), made.n_populations, 0}, step, span); });
        int* own = cells.address() + (step & sums.slot_mask) * slot;
        std::fwrite(own, sizeof(int), slot, stdout);
        std::memset(own, 0, slot * sizeof(int));
    }
    std::fwrite(tally.address(), sizeof(Tally), 1, stdout);
    return 0;
}
