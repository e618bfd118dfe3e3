"""What we serve of others' is what they published, and nobody else's host is named in what we serve."""

import hashlib
import re
import tomllib

from django.conf import settings

from chat33.dashboard.management.commands.vendor import SUMS

ROOT = settings.BASE_DIR
VENDOR = tomllib.loads((ROOT / "vendor.toml").read_text())["package"]


def test_every_vendored_file_is_as_it_came() -> None:
    lines = (line.partition("  ") for line in (ROOT / SUMS).read_text().splitlines())
    sums = {path: digest for digest, _, path in lines}
    found = {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in {package["into"] for package in VENDOR}
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }

    assert found == sums


def test_every_vendored_package_keeps_its_licence() -> None:
    for package in VENDOR:
        folder = ROOT / package["into"] / package["name"] / package["version"]
        assert [path for path in folder.iterdir() if path.name.startswith("LICENSE")], package["name"]


def test_our_own_assets_and_templates_name_no_other_host() -> None:
    ours = [
        *(ROOT / "templates").rglob("*.html"),
        *ROOT.glob("*/static/**/*.[cj]s*"),
        *ROOT.glob("chat33/*/static/**/*.[cj]s*"),
    ]
    loads = re.compile(r"""(?:src|href|action|url\(|import|fetch\()\s*[=(]?\s*["']?(https?:)?//""")

    assert [str(path) for path in ours if "/vendor/" not in str(path) and loads.search(path.read_text())] == []


def test_no_template_is_longer_than_a_person_reads() -> None:
    long = [path for path in (ROOT / "templates").rglob("*.html") if len(path.read_text().splitlines()) > 250]

    assert long == []


def test_no_template_writes_script_or_style_inline() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=\"|javascript:")
    ours = [
        path for path in (ROOT / "templates").rglob("*.html") if not {"admin", "operators", "unfold"} & set(path.parts)
    ]

    assert [str(path) for path in ours if inline.search(path.read_text())] == []
