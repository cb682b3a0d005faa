"""A headless Chromium that loads pages from a folder and tells what it sees."""

import json
import shutil
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
)  # fmt: skip

# What a reader who cannot see, or has no mouse, needs of a page; a list of what is wrong.
CHECKS = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")

# Words of a picture that cover each other, or a legend inside of its plot; opens all parts first.
OVERLAPS = """
document.querySelectorAll("details").forEach(d => d.open = true);
const bad = [], box = e => e.getBoundingClientRect();
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
for (const f of document.querySelectorAll("figure")) {
  const selector = ".y, .x span, .legend li, .axis, figcaption, .lane span";
  const words = [...f.querySelectorAll(selector)].map(e => [e.textContent, box(e)]);
  words.forEach((a, i) => words.slice(i + 1).forEach(b => {
    if (meet(a[1], b[1])) bad.push(a[0] + " covers " + b[0]); }));
  const plot = box(f.querySelector(".plot svg"));
  f.querySelectorAll(".legend li").forEach(e => { if (meet(box(e), plot)) bad.push("legend"); });
}
return bad.slice(0, 5)"""


def installed() -> bool:
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    """One window; `open` waits until a page is whole."""

    def __init__(self, profile: Path) -> None:
        options = Options()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = Service(shutil.which("chromedriver") or "")
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(60)

    def open(self, page: Path, width: int, *, dark: bool = False) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get(page.as_uri())

    def command(self, name: str, values: dict[str, Any]) -> Any:
        return self.driver.execute_cdp_cmd(name, values)

    def read(self, script: str, *values: Any) -> Any:
        return self.driver.execute_script(script, *values)

    def texts(self, selector: str) -> list[str]:
        found = self.read(
            "return JSON.stringify([...document.querySelectorAll(arguments[0])]"
            ".map(e => e.textContent.trim()))",
            selector,
        )
        return list(json.loads(found))

    def errors(self) -> list[str]:
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def close(self) -> None:
        self.driver.quit()
