"""The sandbox's memory: JSON documents by kind and id, in memory for speed and written through to one SQLite file."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Store:
    """Documents that survive a restart. Used from one event loop alone."""

    def __init__(self, path: Path | None) -> None:
        self._file = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS document (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id))"
        )
        self._kinds: dict[str, dict[str, Document]] = {}
        for kind, key, body in self._file.execute("SELECT kind, id, body FROM document ORDER BY rowid"):
            self._kinds.setdefault(kind, {})[key] = json.loads(body)

    def put(self, kind: str, key: str, document: Document) -> Document:
        """Store a document whole, in place of an older one."""
        self._kinds.setdefault(kind, {})[key] = document
        self._file.execute(
            "INSERT INTO document VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(document)),
        )
        return document

    def update(self, kind: str, key: str, **changes: Any) -> Document:
        """Change some fields of a document that is there."""
        return self.put(kind, key, {**self._kinds[kind][key], **changes})

    def get(self, kind: str, key: str) -> Document | None:
        """One document."""
        return self._kinds.get(kind, {}).get(key)

    def drop(self, kind: str, key: str) -> None:
        """Forget one document."""
        self._kinds.get(kind, {}).pop(key, None)
        self._file.execute("DELETE FROM document WHERE kind = ? AND id = ?", (kind, key))

    def find(self, kind: str, **equal: Any) -> Iterator[Document]:
        """The documents of a kind with these values, oldest first."""
        for document in list(self._kinds.get(kind, {}).values()):
            if all(document.get(name) == value for name, value in equal.items()):
                yield document

    def close(self) -> None:
        """Close the file."""
        self._file.close()
