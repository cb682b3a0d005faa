"""The picture of README's first screen: the head of a demo's report, as a browser shows it.

`./safe docs --picture build/demo/report.html` makes it anew. The file also tells what it shows: the
verdict, the words under the figures and the title of the chart, so that a test finds a picture that
the page no longer looks like.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from targets.errors import BuildError

FILE = Path(__file__).resolve().parents[1] / "img" / "report.png"
CHART = "Score and alarms on the device"
WIDTH, _TALLEST, _COLOURS = 1000, 2000, 64
_MARGIN = 16
_SECONDS = 120
_KEY = "safe-page"
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-sync")
_VERDICT = re.compile(r'class="verdict[^"]*">([^<]+)<')
_LABEL = re.compile(r"<dt>([^<]+)</dt>")
_PART = re.compile(rf'<section id="(part-\d+)"[^>]*><h2[^>]*>{CHART}</h2>')
_ONLY = "<style>nav,section:not(#{part}){{display:none}}</style></head>"


def kind(page: str) -> dict[str, object]:
    """Return what a picture of a page shows, without the figures themselves."""
    labels = (re.sub(r"\d[\d,.]* ?", "", label) for label in _LABEL.findall(page))
    return {
        "verdict": "".join(_VERDICT.findall(page)),
        "labels": [re.sub(r"s\b", "", label) for label in labels],
        "chart": CHART if _PART.search(page) else None,
    }


def kept(picture: Path) -> dict[str, object]:
    """Return the kind of page that a picture was made of."""
    with Image.open(picture) as image:
        found: dict[str, object] = json.loads(image.info[_KEY])
    return found


def _shot(page: str, work: Path) -> Image.Image:
    """Return the page as Chromium shows it, cut below its last line. Raises BuildError."""
    (work / "page.html").write_text(page, encoding="utf-8")
    out = work / "shot.png"
    browser = shutil.which("chromium")
    if browser is None:
        raise BuildError("chromium is missing: ./safe setup test")
    command = [browser, *_FLAGS, f"--user-data-dir={work / 'profile'}", f"--screenshot={out}"]
    command += [f"--window-size={WIDTH},{_TALLEST}", (work / "page.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if not out.is_file():
        last = (done.stderr.strip() or "no word").splitlines()[-1]
        raise BuildError(f"chromium made no picture: {last}")
    with Image.open(out) as opened:
        image = opened.convert("RGB")
    blank = Image.new("RGB", image.size, image.getpixel((0, image.height - 1)))
    box = ImageChops.difference(image, blank).getbbox() or (0, 0, *image.size)
    return image.crop((0, 0, image.width, min(image.height, box[3] + _MARGIN)))


def make(report: Path, out: Path = FILE) -> None:
    """Write the picture of a report's page. Raises BuildError."""
    try:
        page = report.read_text(encoding="utf-8")
    except OSError as error:
        raise BuildError(f"{report}: {error.strerror}: ./safe demo writes one") from error
    part = _PART.search(page)
    if part is None:
        raise BuildError(f'{report}: is no report of a demo: it has no "{CHART}"')
    shown = page.replace("</head>", _ONLY.format(part=part[1]), 1)
    with tempfile.TemporaryDirectory() as folder:
        image = _shot(shown, Path(folder))
    about = PngInfo()
    about.add_text(_KEY, json.dumps(kind(page)))
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(out, optimize=True, pnginfo=about)
