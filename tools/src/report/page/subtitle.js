// What the network is made of, in one line.
function subtitle() {
  const regions = RUN.regions.length;
  const models = [...new Set(RUN.populations.map((p) => p.model))].filter(Boolean);
  const count = (n, word) => `${whole(n)} ${word}${n === 1 ? "" : "s"}`;
  const parts = [ROW === "region" && count(regions, "region"), count(RUN.populations.length, "population"), models.slice(0, 3).join(", ") + (models.length > 3 ? ", …" : "")];
  place("subtitle").textContent = parts.filter(Boolean).join(" · ");
}
