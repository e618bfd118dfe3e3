"""The hot doors as a small ASGI app beside Django: it answers when the event is committed, many of them by one commit."""
