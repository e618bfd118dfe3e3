"""``manage.py vendor``: fetch what ``vendor.toml`` names by npm, check it, and lay it where it is served from."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SUMS = "vendor.sha256"


class Command(BaseCommand):
    help = "Fetch the vendored files anew by npm, exactly as vendor.toml names them, and write their checksums."

    def handle(self, *args: Any, **options: Any) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise CommandError("npm is needed for this, and only for this.")
        sums: dict[str, str] = {}
        for package in tomllib.loads((settings.BASE_DIR / "vendor.toml").read_text())["package"]:
            for path in _lay(package, npm):
                sums[str(path.relative_to(settings.BASE_DIR))] = hashlib.sha256(path.read_bytes()).hexdigest()
        lines = [f"{digest}  {path}\n" for path, digest in sorted(sums.items())]
        (settings.BASE_DIR / SUMS).write_text("".join(lines))
        self.stdout.write(f"{len(sums)} files, checksums in {SUMS}.")


def _lay(package: dict[str, Any], npm: str) -> list[Path]:
    """Fetch one package, check it, copy its files. Raises ``CommandError``."""
    name = f"{package['name']}@{package['version']}"
    target = settings.BASE_DIR / package["into"] / package["name"] / package["version"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", name], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        (archive,) = Path(folder).glob("*.tgz")
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if package["integrity"] != f"sha512-{found}":
            raise CommandError(f"{name} is not what vendor.toml says: sha512-{found}.")
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
        target.mkdir(parents=True, exist_ok=True)
        laid = [target / Path(file).name for file in package["files"]]
        for file, path in zip(package["files"], laid, strict=True):
            path.write_bytes(_without_map((Path(folder) / "package" / file).read_bytes()))
    return laid


def _without_map(content: bytes) -> bytes:
    """The file without the line that names its source map, which is not served."""
    return b"".join(line for line in content.splitlines(keepends=True) if b"//# sourceMappingURL=" not in line)
