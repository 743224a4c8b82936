"""Small pictures for outputs and attachments: real PNG files of one pixel, so that a browser shows them."""

import base64
import struct
import zlib


def png_of_colour(red: int, green: int, blue: int) -> str:
    """Return a PNG of one pixel in this colour (0 to 255 each), in base64 as the notebook format keeps it."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    # The leading zero byte says that the one row of pixels is not filtered.
    pixels = zlib.compress(bytes((0, red, green, blue)))
    picture = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return base64.b64encode(picture).decode("ascii")


def png_of(fraction: float) -> str:
    """Return a PNG whose colour is this share, in [0, 1), of all the colours there are."""
    red, green, blue = int(fraction * 2**24).to_bytes(3, "big")
    return png_of_colour(red, green, blue)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
