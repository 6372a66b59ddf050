#!/usr/bin/env python3
"""The report page in a real browser: report.test.py FOLDER_OF_PAGES [SCREENSHOTS]

Contract: every page loads from a file with no console error, no exception and no request beyond
itself; every panel of a full run is drawn; nothing overflows at 1280 and 400 px, light and dark; the
controls do what they say. FOLDER_OF_PAGES is what the example `synthetic_report` wrote; a
`run.html` in it, the page of a real run, and a `sweep.html`, that of a real sweep, are looked at too. Needs nothing but Python and chromium.
"""

import json
import pathlib
import sys
import tempfile

from chromium import Browser, Judge, judge_layout, program

FULL_PANELS = "raster heat traces brain bars matrix-weights matrix-simulated matrix-empirical matrix-scatter isi rate-histogram cv spectra-regions spectra-kinds cost".split()
FLAT_PANELS = "raster heat traces bars matrix-simulated isi rate-histogram cv spectra-regions".split()

# Painted pixels on the upper and lower edges of the brain: its outline would show there if it were cut off.
EDGES = """(() => {
  const canvas = document.querySelector("#brain canvas");
  // Read from a copy: chromium warns of pages that read their canvases again and again.
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height }).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const row = (y) => copy.getImageData(0, y, canvas.width, 1).data.filter((v, i) => i % 4 === 3 && v > 0).length;
  return row(0) + row(canvas.height - 1);
})()"""


def look(browser, judge, page, width, theme, panels, shots):
    browser.open(page, width, theme)
    judge_layout(browser, judge, f"{page.stem} at {width} px, {theme}", theme, panels)
    if shots:
        browser.screenshot(shots / f"{page.stem}-{width}-{theme}.png")


def controls(browser, judge, page):
    """The controls of a full page do what they say, by keyboard and pointer."""
    browser.open(page, 1280, "light")
    picture = "document.querySelector('#%s canvas').toDataURL().length + document.querySelector('#%s canvas').toDataURL().slice(-4000)"

    def changes(panel, act, what):
        before = browser.run(picture % (panel, panel))
        browser.run(act)
        browser.settle()
        judge.check(browser.run(picture % (panel, panel)) != before, what)

    click = "document.getElementById('%s').click()"
    key = "document.querySelector('#%s canvas').dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true, cancelable: true}))"
    pick = "(() => { const s = document.getElementById('%s'); s.selectedIndex = %d; s.dispatchEvent(new Event('change')); })()"
    full = browser.run(picture % ("raster", "raster"))
    changes("raster", click % "raster-in", "the zoom button changes the raster")
    changes("raster", key % ("raster", "ArrowRight"), "an arrow key moves the raster")
    changes("raster", click % "raster-reset", "reset changes the raster")
    judge.check(browser.run(picture % ("raster", "raster")) == full, "reset brings the whole raster back")
    changes("raster", pick % ("raster-region", 3), "choosing a region zooms the raster to it")
    browser.run(click % "raster-reset")
    changes("raster", "document.querySelector('#raster-kinds button').click()", "a population can be hidden")
    changes("traces", "document.querySelectorAll('#region-chips button')[5].click()", "a region can be drawn as a line")
    changes("traces", pick % ("rates-kind", 2), "rates of one kind of population can be shown")
    changes("heat", pick % ("rates-smooth", 4), "rates can be smoothed")
    changes("brain", key % ("brain", "ArrowLeft"), "an arrow key turns the brain")
    changes("brain", "document.querySelector('[data-view=top]').click()", "the brain can be seen from above")
    for view in ("side", "top", "front"):
        browser.run(f"document.querySelector('[data-view={view}]').click()")
        browser.settle()
        judge.check(browser.run(EDGES) == 0, f"the whole brain is seen from {view}")
    changes("brain", "(() => { const s = document.getElementById('brain-time'); s.value = 20; s.dispatchEvent(new Event('input')); })()", "the brain shows the rate at a time")
    changes("isi", pick % ("distribution-region", 2), "intervals of one region can be shown")
    changes("heat", click % "theme", "the theme can be switched")
    judge.check(browser.run("document.documentElement.dataset.theme") == "dark", "the switch turns light to dark")
    first = "document.querySelector('#table tbody tr').textContent"
    before = browser.run(first)
    browser.run("document.querySelectorAll('#table th button')[4].click()")
    judge.check(browser.run(first) != before, "the table sorts by a click on its head")
    browser.run("document.querySelector('#panel-plan summary').click()")
    judge.check(browser.run("document.querySelector('#plan').getBoundingClientRect().height > 100"), "the plan opens")
    pointer(browser, judge)
    judge.check(not browser.complaints(), f"a quiet console after all that, got {browser.complaints()}")


def sweep_controls(browser, judge, page):
    """The controls of a page that compares points do what they say."""
    browser.open(page, 1280, "light")
    picture = "document.querySelector('#figure canvas').toDataURL() + document.querySelector('#rates canvas').toDataURL()"
    pick = "(() => { const s = document.getElementById('%s'); s.selectedIndex = %d; s.dispatchEvent(new Event('change')); })()"
    for act, what in (
        ("document.getElementById('figure-lines').click()", "a map turns into lines"),
        (pick % ("figure-name", 2), "another figure can be chosen"),
        (pick % ("figure-x", 2), "another parameter can be chosen"),
        (pick % ("figure-y", 0), "the second parameter can be left out"),
    ):
        before = browser.run(picture)
        browser.run(act)
        browser.settle()
        judge.check(browser.run(picture) != before, what)
    judge.check(browser.run("document.getElementById('figure-map').disabled"), "there is no map of one parameter")
    first = "document.querySelector('#table tbody tr').textContent"
    before = browser.run(first)
    browser.run("document.querySelectorAll('#table th button')[0].click(); document.querySelectorAll('#table th button')[0].click()")
    judge.check(browser.run(first) != before, "the table of points sorts by a click on its head")
    judge.check(not browser.complaints(), f"a quiet console after all that, got {browser.complaints()}")


def pointer(browser, judge):
    """Hovering says what lies under the pointer; a drag zooms to its box."""
    browser.run("document.getElementById('raster').scrollIntoView()")
    box = browser.run("(() => { const b = document.querySelector('#raster canvas').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()")
    mouse = lambda kind, x, y, **more: browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)
    x, y = box[0] + box[2] / 2, box[1] + 150
    told = ""
    for k in range(60):
        mouse("mouseMoved", x + 3 * k, y + k)
        told = browser.run("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
        if told:
            break
    judge.check("neuron" in told and " ms" in told, f"hovering over a spike tells its neuron and time, got {told!r}")
    view = "document.querySelector('#raster canvas').toDataURL()"
    before = browser.run(view)
    mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    mouse("mouseMoved", x + 120, y + 90, button="left", buttons=1)
    mouse("mouseReleased", x + 120, y + 90, button="left", clickCount=1)
    mouse("mouseMoved", 2, 2)
    browser.settle()
    judge.check(browser.run(view) != before, "dragging a box zooms the raster")


def main():
    if not program():
        print("skipped: no chromium")
        return 0
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    pages = pathlib.Path(sys.argv[1])
    shots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    judge = Judge()
    full = pages / "macaque.html"
    judge.check(full.stat().st_size < 3_000_000, f"a page of the macaque's size stays below 3 MB, got {full.stat().st_size}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program(), profile)
        try:
            for width in (1280, 400):
                for theme in ("light", "dark"):
                    look(browser, judge, full, width, theme, FULL_PANELS, shots)
            look(browser, judge, pages / "flat.html", 1280, "light", FLAT_PANELS, shots)
            look(browser, judge, pages / "flat.html", 400, "dark", FLAT_PANELS, shots)
            look(browser, judge, pages / "bare.html", 400, "light", [], shots)
            run = pages / "run.html"
            if run.exists():
                judge.check(run.stat().st_size < 3_000_000, f"the page of a run stays below 3 MB, got {run.stat().st_size}")
                for width, theme in ((1280, "light"), (400, "dark")):
                    look(browser, judge, run, width, theme, [p for p in FULL_PANELS if p != "matrix-empirical"], shots)
            controls(browser, judge, full)
            sweep = pages / "sweep.html"
            if sweep.exists():
                for width, theme in ((1280, "light"), (400, "dark")):
                    look(browser, judge, sweep, width, theme, ["figure", "rates"], shots)
                sweep_controls(browser, judge, sweep)
        finally:
            browser.close()
    print(f"report page: {judge.held} checks passed, {len(judge.faults)} failed")
    return 1 if judge.faults else 0


if __name__ == "__main__":
    sys.exit(main())
