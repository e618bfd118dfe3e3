"""What a file really is, told from its first bytes and never from its name or from what its sender called it."""

UNKNOWN = "application/octet-stream"

# Signatures at the start of a file (WHATWG MIME Sniffing Standard, section 6; ISO/IEC 14496-12, section 4.3).
_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"FLV\x01", "video/x-flv"),
)


def sniff(head: bytes) -> str:
    """The content type of a file that starts with these bytes (16 are enough); ``UNKNOWN`` if it is none of these."""
    for start, content_type in _STARTS:
        if head.startswith(start):
            return content_type
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    return UNKNOWN
