"""A headless chromium for tests, driven over its debugging pipe (Chrome DevTools Protocol): nothing but Python is needed."""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import time

QUIET = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars"

# Colours of a canvas, counted on every third pixel of every third row.
COLOURS = """(id) => {
  const canvas = document.querySelector(`#${id} canvas`);
  if (!canvas) return -1;
  const { width, height } = canvas;
  const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const seen = new Set();
  for (let y = 0; y < height; y += 3) for (let x = 0; x < width; x += 3) {
    const i = 4 * (y * width + x);
    if (data[i + 3]) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  }
  return seen.size;
}"""


class Browser:
    """A headless chromium behind a pair of pipes."""

    def __init__(self, program, profile):
        self.home = ()
        to_browser, self.out = os.pipe()
        self.inp, from_browser = os.pipe()

        def pipes():  # The browser reads from descriptor 3 and writes to 4.
            os.dup2(to_browser, 3)
            os.dup2(from_browser, 4)

        # Out of the way of 3 and 4, which dup2 overwrites in the child.
        to_browser, from_browser = (self.moved(fd) for fd in (to_browser, from_browser))
        command = [program, *QUIET.split(), f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(command, preexec_fn=pipes, pass_fds=(3, 4), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.number, self.events, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    @staticmethod
    def moved(fd):
        import fcntl

        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20)
        os.close(fd)
        return high

    def message(self, seconds=60):
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            if not select.select([self.inp], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"the browser said nothing for {seconds} s")
            piece = os.read(self.inp, 1 << 20)
            if not piece:
                raise EOFError("the browser ended")
            self.buffer += piece
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def run(self, expression):
        """The value of a JavaScript expression (of a promise: what it resolves to)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "exception") + f"\nin {expression}")
        return answer["result"].get("value")

    def in_new_tab(self, address, condition, seconds=20):
        """Whether a tab with such an address has opened in which a condition holds. It is closed: what lies behind it is not drawn."""
        own, end, met = self.session, time.monotonic() + seconds, False
        while not met and time.monotonic() < end:
            self.session = None
            tabs = [t["targetId"] for t in self.call("Target.getTargets")["targetInfos"] if t["url"].startswith(address)]
            for tab in tabs:
                self.session = self.call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
                if met := self.run(condition):
                    self.call("Page.close")
                self.session = None
            time.sleep(0.2)
        self.session = own
        self.call("Page.bringToFront")
        return met

    def settle(self):
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))")

    def show(self, width, theme):
        """How wide the window is, and whether the system is light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def open(self, page, width, theme):
        """Loads a page, from a file or an address, and waits until it is drawn. Requests to where it comes from are its own."""
        url = page.resolve().as_uri() if isinstance(page, pathlib.Path) else page
        self.home = () if isinstance(page, pathlib.Path) else (url,)
        self.events.clear()
        self.show(width, theme)
        self.call("Page.navigate", url=url)
        for _ in range(300):
            if self.run("document.readyState === 'complete' && document.documentElement.dataset.ready") == "yes":
                return self.settle()
            time.sleep(0.1)
        raise TimeoutError(f"{url} did not become ready: {self.complaints()}")

    def complaints(self):
        """Console errors, exceptions, and requests for anything but the page itself and what lies beneath it."""
        out = []
        for e in self.events:
            p = e.get("params", {})
            if e.get("method") == "Runtime.exceptionThrown":
                out.append(p["exceptionDetails"].get("exception", {}).get("description", "exception"))
            elif e.get("method") == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
                out.append(" ".join(str(a.get("description") or a.get("value")) for a in p["args"]))
            elif e.get("method") == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
                out.append(p["entry"]["text"])
            elif e.get("method") == "Network.requestWillBeSent" and not p["request"]["url"].startswith(("file:", "data:", "about:", *self.home)):
                out.append("request for " + p["request"]["url"])
        return out

    def screenshot(self, path):
        height = self.run("document.documentElement.scrollHeight")
        width = self.run("document.documentElement.clientWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, EOFError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Judge:
    """Counts what holds and names what does not."""

    def __init__(self):
        self.held, self.faults = 0, []

    def check(self, holds, what):
        if holds:
            self.held += 1
        else:
            self.faults.append(what)
            print("FAILED:", what)


def judge_layout(browser, judge, where, theme, panels):
    """What holds of every page at every width: a quiet console, the theme, nothing beyond the width, every panel drawn and described."""
    judge.check(not browser.complaints(), f"{where}: a quiet console, got {browser.complaints()}")
    judge.check(browser.run("document.documentElement.dataset.theme") == theme, f"{where}: the theme the system asks for")
    overflow = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    judge.check(overflow <= 0, f"{where}: no horizontal overflow, got {overflow} px")
    wide = browser.run("""[...document.querySelectorAll('main *, header *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
        && !e.closest('.tablebox, pre, .scroll')).map((e) => e.tagName + '#' + e.id + '.' + e.className).slice(0, 5)""")
    judge.check(not wide, f"{where}: every element within the width, not {wide}")
    for panel in panels:
        colours = browser.run(f"({COLOURS})({json.dumps(panel)})")
        judge.check(colours >= 4, f"{where}: panel {panel} is drawn, {colours} colours seen")
    drawn = browser.run("[...document.querySelectorAll('canvas')].every((c) => c.getAttribute('aria-label'))")
    judge.check(drawn, f"{where}: every figure says in words what it shows")


def program():
    """The browser, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
