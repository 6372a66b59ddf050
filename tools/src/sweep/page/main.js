// What failed, the table of points, and the panels of a sweep.
function drawFailed() {
  const failed = RUN.points.filter((p) => p.state === "failed");
  if (!failed.length) return place("panel-failed").remove();
  const all = AXES.map((_, i) => i);
  const text = (p) => `Point ${p.number} (${all.map((i) => `${AXES[i].key}=${AXES[i].labels[p.at[i]]}`).join(" ")}): ${p.reason}`;
  place("failed").append(...failed.map((p) => make("li", { text: text(p) })));
}

function drawTable() {
  const columns = [
    { name: "point", of: (p) => p.number },
    ...AXES.map((axis, i) => ({ name: axis.key, text: !axis.numbers, of: (p) => p.at[i], show: (p) => axis.labels[p.at[i]] })),
    { name: "state", text: true, of: (p) => p.state },
    ...RUN.figures.map((figure, i) => ({ name: figureTitle(figure), of: (p) => p.figures[i], show: (p) => shown(p.figures[i], 4) })),
  ];
  const body = make("tbody");
  const fill = (points) => body.replaceChildren(...points.map((p) => make("tr", {}, ...columns.map((c) => make("td", { class: c.text ? "text" : "", text: c.show ? c.show(p) : String(c.of(p)) })))));
  const heads = columns.map((column) => {
    const button = make("button", { type: "button", text: column.name });
    const th = make("th", { scope: "col", class: column.text ? "text" : "", "aria-sort": "none" }, button);
    button.addEventListener("click", () => {
      const up = th.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      th.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rank = (p) => column.of(p) ?? (up ? Infinity : -Infinity);
      fill([...RUN.points].sort((a, b) => (up ? 1 : -1) * (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0)));
    });
    return th;
  });
  fill(RUN.points);
  place("table").append(make("thead", {}, make("tr", {}, ...heads)), body);
}

drawAll({ header: drawHeader, figure: drawFigure, rates: drawRegionRates, failed: drawFailed, table: drawTable });
