// Runs the update of a slice on the host for the steps that it reads; writes who fired in each, then the state.

#include "cuda_host.h"
#include "model.cu"
#include "update.cu"
#include "input.h"

#undef let
using namespace braincog;

int main() {
    const unsigned n_steps = take<unsigned>(), n_places = take<unsigned>(), room = take<unsigned>();
    Buffer<Slice> slices(1);
    Slice& slice = *slices.address();
    slice.n = take<unsigned>();
    slice.first = take<unsigned>();
    slice.id = take<unsigned>();
    slice.place = take<unsigned>();
    slice.population = take<unsigned>();
    slice.substeps = take<unsigned>();
    slice.noise = take<Stream>();
    slice.units[0] = slice.units[1] = take<real>();
    slice.propagators = take<Propagators>();
    auto tiles = list<real>();
    auto drives = list<Drive>();
    auto quantiles = list<real>();
    slice.tiles = tiles.address();
    slice.compact = nullptr;
    slice.size = slice.n;
    slice.drives = 0;
    slice.drives_end = (unsigned)drives.n;
    Buffer<real> states(drives.n * slice.n);
    for (size_t d = 0; d < drives.n; ++d) drives.address()[d].state = states.address() + d * slice.n;
    Buffer<Share> shares((slice.n + 255) / 256);
    for (size_t i = 0; i < shares.n; ++i) shares.address()[i] = {0, 256 * (unsigned)i};
    Buffer<unsigned> ids(room);
    Buffer<Cursor> cursors(room);
    Buffer<Tally> tally(1);
    Buffer<long long> means(2 * (slice.population + 1));
    const Ring ring = {ids.address(), cursors.address(), nullptr, tally.address(), room - 1, 0};
    for (u64 step = 0; step < n_steps; ++step) {
        auto cells = list<int>();
        auto moments = list<Moment>();
        auto tables = list<PoissonTable>();
        const Means mean = {means.address(), slice.population + 1, 0};
        *mean.at(step + 1, slice.population) = take<long long>();
        *mean.at(step, slice.population) = 0;
        *tally.address() = {0, 0, room, 0, 0};
        const Drives given = {drives.address(), moments.address(), tables.address(), quantiles.address()};
        const Sums sums = {cells.address(), n_places, (unsigned)(cells.n / n_places), 0, 0};
        launch((unsigned)shares.n, 256, [&] { update(slices.address(), shares.address(), given, ring, {}, sums, mean, step); });
        std::fwrite(&tally.address()->n, sizeof(unsigned), 1, stdout);
        std::fwrite(ids.address(), sizeof(unsigned), tally.address()->n, stdout);
    }
    std::fwrite(tiles.address(), sizeof(real), tiles.n, stdout);
    return 0;
}
