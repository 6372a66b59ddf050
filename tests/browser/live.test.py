#!/usr/bin/env python3
"""The page of a run that goes on, in a real browser: live.test.py PROGRAM [SCREENSHOTS]

Contract: while `PROGRAM run ... --live` simulates, its page shows at 400 and 1280 px, light and dark, how far the run is and what its regions
do, and nobody without the token sees anything; Ctrl-C ends the run as ever, the page says so, and its link to the report works after
the process is gone. Needs nothing but Python and chromium.
"""

import http.client
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from chromium import Browser, Judge, judge_layout, program

ROOT = pathlib.Path(__file__).resolve().parents[2]
PANELS = "brain bars heat traces cost".split()
# Small enough to be fast on any machine, and long enough that nobody sees its end unasked.
SMALL = ["scenarios/macaque.toml", "--set", "regions.size={scale=0.004}", "--set", "regions.indegree_scale=0.05", "--threads", "1"]
LONG = [*SMALL, "--time", "1000 s"]
SHORT = [*SMALL, "--time", "1 s"]


class Run:
    """A run with a page, and what it says."""

    def __init__(self, binary, scenario, out):
        command = [binary, "run", *scenario, "--out", str(out), "--live"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.url = None
        threading.Thread(target=self.read, daemon=True).start()
        end = time.monotonic() + 60
        while not self.url and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.05)
        if not self.url:
            raise TimeoutError("no address of a page in " + "".join(self.lines))

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r"live +(http://127\.0\.0\.1:\d+/[0-9a-f]{32}/)", line)
            self.url = self.url or (found and found[1])

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def status(url, host=None, method="GET"):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request(method, parts.path, headers={"Host": host} if host else {})
    return connection.getresponse().status


def wait_for(browser, condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if browser.run(condition):
            return True
        time.sleep(0.1)
    return False


def closed_to_others(judge, run):
    root, token = run.url.rstrip("/").rsplit("/", 1)
    judge.check(status(run.url) == 200, "the address opens the page")
    judge.check(status(root + "/") == 403, "without the token there is nothing")
    judge.check(status(root + "/" + token[::-1] + "/state") == 403, "with another token there is nothing")
    judge.check(status(run.url, host="evil.example") == 403, "under another name of this machine there is nothing")
    judge.check(status(run.url, method="POST") == 405, "nothing can be sent")


def controls(browser, judge):
    """Everything can be reached and used by keyboard."""
    picture = "document.querySelector('#%s canvas').toDataURL()"
    browser.run("document.getElementById('span-recent').focus()")
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    browser.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", code="Enter", windowsVirtualKeyCode=13)
    judge.check(browser.run("document.getElementById('span-recent').getAttribute('aria-pressed')") == "true", "the last second can be chosen by keyboard")
    browser.run("document.getElementById('span-whole').click()")
    judge.check(browser.run("RUN.end_ms") == 1_000_000, "the whole run can be chosen")
    before = browser.run("JSON.stringify([VIEW.brain.yaw, VIEW.brain.pitch])")
    browser.run("document.querySelector('#brain canvas').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft', bubbles: true, cancelable: true}))")
    judge.check(browser.run("JSON.stringify([VIEW.brain.yaw, VIEW.brain.pitch])") != before, "an arrow key turns the brain")
    before = browser.run("chosen().length")
    browser.run("[...document.querySelectorAll('#region-chips button')].find((b) => b.getAttribute('aria-pressed') === 'false').click()")
    judge.check(browser.run("chosen().length") == before + 1, "a region can be drawn as a line")
    reachable = "[...document.querySelectorAll('button, a, canvas[tabindex], [role=log]')].filter((e) => e.offsetParent).every((e) => e.tabIndex >= 0)"
    judge.check(browser.run(reachable), "every control can be reached with the tabulator")
    before = browser.run(picture % "brain")
    browser.run("document.getElementById('theme').click()")
    browser.settle()
    judge.check(browser.run(picture % "brain") != before, "the theme can be switched")


def while_it_runs(browser, judge, run, shots):
    for width in (1280, 400):
        for theme in ("light", "dark"):
            where = f"live page at {width} px, {theme}"
            browser.open(run.url, width, theme)
            judge.check(wait_for(browser, "STORES.recent.rows[0].length >= 100", 120), f"{where}: rates come in")
            browser.settle()
            judge_layout(browser, judge, where, theme, PANELS)
            text = browser.run("document.getElementById('progress-text').textContent")
            judge.check(re.search(r"simulate · [\d.]+ %", text), f"{where}: says how far the run is, got {text!r}")
            if shots:
                browser.screenshot(shots / f"live-{width}-{theme}.png")
    first = browser.run("[document.getElementById('figures').textContent, STORES.recent.first + STORES.recent.rows[0].length]")
    judge.check(wait_for(browser, f"STORES.recent.first + STORES.recent.rows[0].length > {first[1]}"), "new bins keep coming")
    judge.check(browser.run("document.getElementById('figures').textContent") != first[0], "figures change")
    judge.check(browser.run("STORES.recent.rows[0].length <= 200 && STORES.whole.rows[0].length <= 1000"), "the page keeps no more than it shows")
    judge.check(browser.run("RUN.regions.every((r) => r.rate > 0.1 && r.rate < 100)"), "regions have rates like those of a cortex")
    controls(browser, judge)


def stopped(browser, judge, run, shots):
    """Ctrl-C: the page says so and keeps the report."""
    run.process.send_signal(signal.SIGINT)
    judge.check(wait_for(browser, "!document.getElementById('ending').hidden"), "the page says that the run has ended")
    judge.check("stopped" in browser.run("document.getElementById('ending').textContent"), "it says that the run was stopped")
    try:
        judge.check(run.process.wait(30) == 130, f"the run ends as without a viewer, got {run.process.returncode}")
    except subprocess.TimeoutExpired:
        judge.check(False, "the process ends though the page is open")
    time.sleep(1.5)
    judge.check(not browser.complaints(), f"a quiet console after the end, got {browser.complaints()}")
    if shots:
        for width, theme in ((1280, "light"), (400, "dark")):
            browser.show(width, theme)
            browser.settle()
            browser.screenshot(shots / f"live-ended-{width}-{theme}.png")
    browser.call("Runtime.evaluate", expression="document.getElementById('report').click()", userGesture=True)
    judge.check(browser.in_new_tab("blob:", "document.title.includes('BrainCog run report') && document.documentElement.dataset.ready === 'yes'"), "the link opens the report after the process is gone")


def done(browser, judge, binary, out):
    """A run that comes to its own end with its page open."""
    run = Run(binary, SHORT, out)
    try:
        browser.open(run.url, 400, "light")
        judge.check(wait_for(browser, "document.documentElement.dataset.ended === 'yes'", 120), "the page sees the end of a run")
        text = browser.run("document.getElementById('ending').textContent")
        judge.check("done" in text and str(out) in text, f"it says that the run is done and where it lies, got {text!r}")
        judge.check(browser.run("document.getElementById('progress').value") == 1, "the bar is full")
        judge.check(run.process.wait(30) == 0, "the run ends well")
    finally:
        run.end()


def killed(browser, judge, binary, out):
    """A process that is killed leaves a page that says so."""
    run = Run(binary, LONG, out)
    browser.open(run.url, 1280, "dark")
    run.end()
    judge.check(wait_for(browser, "!document.getElementById('ending').hidden"), "the page tells that the process is gone")


def main():
    if not program():
        print("skipped: no chromium")
        return 0
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    shots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    judge = Judge()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        browser = Browser(program(), folder / "profile")
        run = None
        try:
            run = Run(binary, LONG, folder / "long")
            closed_to_others(judge, run)
            while_it_runs(browser, judge, run, shots)
            stopped(browser, judge, run, shots)
            done(browser, judge, binary, folder / "short")
            killed(browser, judge, binary, folder / "killed")
        finally:
            if run:
                run.end()
            browser.close()
    print(f"live page: {judge.held} checks passed, {len(judge.faults)} failed")
    return 1 if judge.faults else 0


if __name__ == "__main__":
    sys.exit(main())
