// The table of populations, the plan, where the connectome comes from.
const COLUMNS = [
  { title: "Population", text: true, value: (p) => p.name, show: (p) => p.name },
  ROW === "region" && { title: "Region", text: true, value: (p) => p.region, show: (p) => RUN.regions[p.region].label },
  { title: "Model", text: true, value: (p) => p.model, show: (p) => p.model },
  { title: "Neurons", value: (p) => p.size, show: (p) => whole(p.size) },
  { title: "Rate (spikes/s)", value: (p) => p.rate, show: (p) => shown(p.rate) },
  { title: "CV of ISI", value: (p) => p.cv_isi, show: (p) => shown(p.cv_isi) },
  { title: "Fano factor", value: (p) => p.fano, show: (p) => shown(p.fano) },
  { title: "Spikes", value: (p) => p.spikes, show: (p) => whole(p.spikes) },
].filter(Boolean);

function drawTable() {
  const order = { column: -1, up: true };
  const head = COLUMNS.map((column, i) => {
    const button = make("button", { type: "button", text: column.title });
    const th = make("th", { scope: "col", class: column.text ? "text" : "" }, button);
    if (column.title === "Fano factor") button.title = `Variance over mean of the population's spike count in bins of ${shown(RUN.spectra?.bin_ms ?? NaN)} ms; 1 for independent Poisson neurons`;
    button.addEventListener("click", () => {
      order.up = order.column === i ? !order.up : Boolean(column.text);
      order.column = i;
      [...th.parentNode.children].forEach((c) => c.removeAttribute("aria-sort"));
      th.setAttribute("aria-sort", order.up ? "ascending" : "descending");
      fill();
    });
    return th;
  });
  const body = make("tbody");
  const fill = () => {
    const rows = [...RUN.populations];
    const column = COLUMNS[order.column];
    if (column) rows.sort((a, b) => compared(column.value(a), column.value(b)) * (order.up ? 1 : -1));
    body.replaceChildren(...rows.map(populationRow));
  };
  place("table").append(make("thead", {}, make("tr", {}, ...head)), body);
  onTheme(fill);
}

function compared(a, b) {
  if (typeof a === "string") return a.localeCompare(b, "en", { numeric: true });
  return (a ?? -Infinity) - (b ?? -Infinity);
}

function populationRow(p) {
  const cells = COLUMNS.map((c) => make("td", { class: c.text ? "text" : "", text: c.show(p) }));
  cells[0].prepend(make("span", { class: "dot", style: { background: kindColour(p.kind) } }));
  return make("tr", {}, ...cells);
}

function drawPlan() {
  place("plan").textContent = RUN.plan || "This run left no plan.";
}

function drawProvenance() {
  const p = RUN.provenance;
  const entries = [["Citation", p.citation], ["Source", p.source], ["Terms", p.licence], ...p.notes.map((n, i) => [i ? "" : "Notes", n])].filter(([, text]) => text);
  if (!entries.length) return emptyIn("provenance", "The network was not made from a connectome.");
  place("provenance").append(make("dl", {}, ...entries.flatMap(([name, text]) => [make("dt", { text: name }), make("dd", { text })])));
}
