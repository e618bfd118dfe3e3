"""Modules of JavaScript under names that change with their content: each is loaded once, whoever asks for it."""

import re
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from pytest_django.fixtures import Settings

from chat33.dashboard.storage import OURS, StaticFiles


def test_what_our_modules_import_is_called_by_its_lasting_name(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path
    storage = StaticFiles(location=str(tmp_path), base_url="/static/")
    found = {
        path: (source, path)
        for finder in get_finders()
        for path, source in finder.list([])
        if path.endswith(".js") and path.split("/")[0] in OURS
    }
    for path, (source, name) in found.items():
        with source.open(name) as file:
            storage.save(path, file)

    list(storage.post_process(found))

    imported = [
        target
        for made in tmp_path.rglob("*.????????????.js")
        for target in re.findall(r"""^import.*from\s*["']([^"']+)""", made.read_text(), re.MULTILINE)
    ]
    assert imported
    assert [target for target in imported if not re.search(r"\.[0-9a-f]{12}\.js$", target)] == []
