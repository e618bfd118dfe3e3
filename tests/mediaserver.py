"""Serves stored files by their public address, for the networks of a test whose rows no other process can see."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """Serve ``/media/{token}/{name}`` from the files below ``root`` until the block ends; yields the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.path.split("/")[2] if self.path.startswith("/media/") else ""
            found = sorted(root.glob(f"*/{token}.*")) if token else []
            self.send_response(200 if found else 404)
            body = found[0].read_bytes() if found else b""
            kinds = {".jpg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}
            self.send_header("Content-Type", kinds.get(found[0].suffix if found else "", "application/octet-stream"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="media", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
