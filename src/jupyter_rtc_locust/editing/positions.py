"""Places in a text: from a fraction to code points, and from code points to the bytes that pycrdt counts.

pycrdt's Text counts UTF-8 bytes, Python's strings count code points. An index inside a character appends silently at
the end of the text, and a deletion past the end raises pyo3's PanicException, which `except Exception` does not catch
(measured with pycrdt 0.14.13). So every index handed to a Text is made here, from the content the Text holds now.

A grapheme (a flag, a family joined by ZWJ) may be cut in two, as people's backspace does; a code point never.
"""


def place_at(content: str, fraction: float) -> int:
    """Return a place between the code points of `content`, 0 (before the first) to its length (after the last)."""
    return int(fraction * (len(content) + 1))


def line_end_at(content: str, fraction: float) -> int:
    """Return the place before the next newline after `fraction` of the content, or its end if no newline follows."""
    newline = content.find("\n", place_at(content, fraction))
    return len(content) if newline < 0 else newline


def stretch_at(content: str, fraction: float, wanted: int) -> tuple[int, int]:
    """
    Return start and length, in code points, of a stretch of a content that is not empty.

    The stretch starts at a code point and holds `wanted` code points, or what is left of them up to the end, but at
    least one. Raises ValueError for an empty content, which has no such stretch.
    """
    if not content:
        raise ValueError("no stretch can be taken from an empty text: look for a text with content first")
    start = int(fraction * len(content))
    return start, max(1, min(wanted, len(content) - start))


def byte_range(content: str, start: int, length: int) -> tuple[int, int]:
    """
    Return start and length in UTF-8 bytes of a stretch given in code points.

    Raises ValueError for a stretch that is not within the content.
    """
    if start < 0 or length < 0 or start + length > len(content):
        raise ValueError(f"characters {start} to {start + length} are not within a text of {len(content)}")
    if content.isascii():
        return start, length
    return len(content[:start].encode()), len(content[start : start + length].encode())
