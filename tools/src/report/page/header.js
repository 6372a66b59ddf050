// Title, key figures, particulars.
function drawHeader() {
  const r = RUN.report || {};
  const neurons = r.neurons ?? RUN.populations.reduce((sum, p) => sum + p.size, 0);
  const seconds = r.biological_seconds ?? (RUN.end_ms - RUN.start_ms) / 1000;
  const spikes = r.spikes ?? RUN.raster?.total;
  const known = RUN.populations.filter((p) => isNumber(p.rate));
  const rate = known.reduce((sum, p) => sum + p.rate * p.size, 0) / known.reduce((sum, p) => sum + p.size, 0);
  const wall = lasting(r.simulate_seconds);
  const cards = [
    ["Neurons", ...counted(neurons)],
    ["Synapses", ...counted(r.synapses)],
    ["Biological time", ...lasting(seconds)],
    ["Wall time to simulate", ...wall],
    ["Real-time factor", shown(r.realtime_factor), isNumber(r.realtime_factor) ? (r.realtime_factor < 1 ? "faster than life" : "× life") : ""],
    ["Mean rate", shown(rate), "spikes/s"],
    ["Spikes", ...counted(spikes)],
  ];
  keyFigures(cards);
  particulars(r);
  subtitle();
  place("notes").append(...RUN.notes.map((n) => make("li", { text: n })));
}

function particulars(r) {
  const bytes = (n) => (!isNumber(n) ? undefined : n >= 1 << 30 ? shown(n / (1 << 30)) + " GiB" : shown(n / (1 << 20)) + " MiB");
  const several = (n, word) => (isNumber(n) ? `${whole(n)} ${word}${n === 1 ? "" : "s"}` : undefined);
  const entries = [
    ["Spike checksum", r.spike_checksum === undefined ? undefined : String(r.spike_checksum), "code"],
    ["Seed", r.seed === undefined ? undefined : String(r.seed), "code"],
    ["Ran on", [r.backend, several(r.ranks, "rank"), several(r.threads, "thread")].filter(Boolean).join(", ") || undefined],
    ["Build", isNumber(r.build_seconds) ? lasting(r.build_seconds).join(" ") : undefined],
    ["CPU time", isNumber(r.cpu_seconds) ? lasting(r.cpu_seconds).join(" ") : undefined],
    ["Peak memory", bytes(r.peak_rss_bytes)],
    ["Synaptic events", isNumber(r.synaptic_events) ? counted(r.synaptic_events).filter(Boolean).join(" ") : undefined],
    ["Bytes per synapse", isNumber(r.bytes_per_synapse) ? shown(r.bytes_per_synapse) : undefined],
  ];
  for (const [name, value, kind] of entries) {
    if (value === undefined) continue;
    place("particulars").append(make("div", {}, make("dt", { text: name }), make("dd", { text: value, class: kind || "" })));
  }
}
