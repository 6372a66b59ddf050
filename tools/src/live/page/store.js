// Rates as they come in, bin after bin.

/** An empty store that keeps at most so many bins. */
const emptyStore = (most) => ({ most, first: 0, binMs: 0, rows: RUN.regions.map(() => []) });

/** The first bin that a store does not have yet. */
const wanted = (store) => store.first + (store.rows[0]?.length ?? 0);

/** Appends what came; what does not follow on what is there takes its place. */
function takeBins(store, news) {
  store.binMs = news.bin_ms;
  if (!news.bins) return;
  if (news.first !== wanted(store)) {
    store.first = news.first;
    store.rows.forEach((row) => (row.length = 0));
  }
  const values = unpacked(news.values);
  const n = store.rows.length;
  store.rows.forEach((row, i) => {
    for (let bin = 0; bin < news.bins; bin++) row.push(values[bin * n + i]);
  });
  const surplus = (store.rows[0]?.length ?? 0) - store.most;
  if (surplus > 0) {
    store.rows.forEach((row) => row.splice(0, surplus));
    store.first += surplus;
  }
}

/** Puts what a store holds where the plots of rates look for it, its bins averaged by `width`. */
function showStore(store, state, endMs) {
  const length = store.rows[0]?.length ?? 0;
  RUN.start_ms = store.first * store.binMs;
  RUN.end_ms = Math.max(endMs, RUN.start_ms + Math.max(1, length) * store.binMs, RUN.start_ms + 1);
  state.bin = store.binMs || 1;
  state.rows = store.rows.map((row) => (length ? boxcar(Float64Array.from(row), 2) : null));
  state.mean = weightedMean(state.rows, "");
  const values = state.rows.flatMap((row) => (row ? Array.from(row) : [])).sort((a, b) => a - b);
  state.top = values[Math.floor((values.length - 1) * 0.995)] || 1;
}

/** The mean of each row over the last `ms` of a store; null where there is nothing yet. */
function lately(store, ms) {
  const n = Math.max(1, Math.round(ms / (store.binMs || ms)));
  return store.rows.map((row) => (row.length ? average(row.slice(-n)) : null));
}
