"""Where static files are kept outside of development."""

from typing import ClassVar

from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = (
    "contacts",
    "dashboard",
    "developers",
    "integrations",
    "posts",
    "tracking",
)  # folders whose modules import one another
_IMPORT = (r"""(?P<matched>from\s*["'](?P<url>\.{1,2}/[^"']+)["'])""", 'from "%(url)s"')


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise tells no types
    """Compressed, under names that change with their content. What one of our modules imports is called by that name too,
    else a page would load it a second time, listeners and all.
    """

    patterns: ClassVar = (
        *CompressedManifestStaticFilesStorage.patterns,
        *((f"{folder}/*.js", (_IMPORT,)) for folder in OURS),
    )
