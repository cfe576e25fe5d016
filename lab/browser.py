"""A headless Chromium for the tests of pages: the host's own, else Debian's, unpacked into the lab's folder.

Nothing is installed on the host.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tarfile
from pathlib import Path

from lab import debian, paths, stages
from lab.stages import Stage, digest

ON_HOST = ("chromium", "chromium-headless-shell", "google-chrome")
PACKAGES = ("chromium-headless-shell", "fonts-dejavu-core")
ROOT = paths.LAB / "browser"

_SHELL = "usr/lib/chromium/chromium-headless-shell"
_FILES = re.compile(r"usr/(lib/chromium/.+|lib/[^/]+-linux-gnu/([^/]+\.so[^/]*|nss/.+\.so)|share/fonts/.+|share/icu/.+)")
# Never a C library: the host's fits its kernel and its other programs. What draws on graphic cards is large and not used here.
_LEFT_OUT = re.compile(r"libc6|libc-|libgcc-s1|gcc-|libllvm|libz3|libgl1-mesa")


def program() -> Path:
    """The program, which is fetched where the host has none."""
    for name in ON_HOST:
        found = shutil.which(name)
        if found:
            return Path(found)
    stage = _stage()
    if not stage.is_done():
        stage.run()
    return paths.program("chromium")


def is_wanted(package: str) -> bool:
    """Whether a package of the closure is unpacked."""
    return _LEFT_OUT.match(package) is None


def is_file_wanted(name: str) -> bool:
    """Whether a file of a package is unpacked."""
    return _FILES.fullmatch(name) is not None


def wrapper(root: Path, libraries: Path, fonts: Path) -> str:
    """A script that starts the unpacked program with its own libraries and fonts."""
    return (
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH={shlex.quote(str(libraries))}:{shlex.quote(str(libraries / 'nss'))}\n"
        f"export FONTCONFIG_FILE={shlex.quote(str(fonts))}\n"
        f'exec {shlex.quote(str(root / _SHELL))} "$@"\n'
    )


def font_settings(root: Path) -> str:
    """Settings that name the unpacked fonts."""
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"<dir>{root / 'usr' / 'share' / 'fonts'}</dir>\n<cachedir>{root / 'cache'}</cachedir>\n</fontconfig>\n"
    )


def _stage() -> Stage:
    # The wrapper names absolute paths.
    inputs = digest(Path(__file__), str(paths.LAB))
    return Stage("browser", "unpack Chromium", inputs, (paths.program("chromium"), ROOT / _SHELL), _unpack)


def _unpack() -> None:
    wanted = [deb for deb in debian.fetch(PACKAGES) if is_wanted(debian.package_name(deb))]
    with stages.workspace("browser") as folder:
        root, merged = folder / "root", folder / "merged.tar"
        root.mkdir()
        with tarfile.open(merged, "w") as tar:
            debian.merge(wanted, tar, is_file_wanted)
        stages.run(["tar", "-xf", merged, "-C", root], purpose="unpack Chromium")
        stages.replace_folder(root, ROOT)
    (libraries,) = (ROOT / "usr" / "lib").glob("*-linux-gnu")
    fonts = ROOT / "fonts.conf"
    stages.replace_text(fonts, font_settings(ROOT))
    stages.replace_text(paths.program("chromium"), wrapper(ROOT, libraries, fonts), mode=0o755)
