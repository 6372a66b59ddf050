// The panels of a run.
const PANELS = { header: drawHeader, raster: drawRaster, rates: drawRates, brain: drawBrain, bars: drawBars, matrices: drawMatrices, distributions: drawDistributions, spectra: drawSpectra, cost: drawCost, provenance: drawProvenance, table: drawTable, plan: drawPlan };
drawAll(PANELS);
