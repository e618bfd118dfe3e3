"""Files that arrive in pieces: each piece is kept whole or not at all, and joined when the last one is there."""

from collections.abc import AsyncIterator, Sequence

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Document

_BLOCK = 262_144


async def receive(sandbox: Sandbox, piece: str, chunks: AsyncIterator[bytes], *, size: int) -> bool:
    """Keep a piece of exactly ``size`` bytes under the name ``piece``; False, and nothing kept, when it is another."""
    partial = sandbox.files / f"{piece}.partial"
    received = 0
    try:
        with partial.open("wb") as out:
            async for chunk in chunks:
                received += len(chunk)
                if received > size:
                    break
                out.write(chunk)
        if received != size:
            return False
        partial.replace(sandbox.files / piece)
        return True
    finally:
        partial.unlink(missing_ok=True)


async def join(sandbox: Sandbox, pieces: Sequence[str], content_type: str) -> Document:
    """One kept file of all pieces in order; the pieces are gone then."""
    document = await sandbox.keep(_blocks(sandbox, pieces), content_type, limit=2**40)
    assert document is not None
    for piece in pieces:
        (sandbox.files / piece).unlink(missing_ok=True)
    return document


async def _blocks(sandbox: Sandbox, pieces: Sequence[str]) -> AsyncIterator[bytes]:
    for piece in pieces:
        with (sandbox.files / piece).open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
