"""Where two pieces of content differ, in words a person can act on.

"Are they equal" is answered by `canonical.same`; this module answers "where, and what stands there instead". Lists are
lined up before they are compared, so that one missing cell is reported as one missing cell, and not as a change of
every cell behind it. It only ever shortens what it shows, never what it looks at.

Knows nothing about notebooks apart from one courtesy: entries of a list that carry an `id` are recognised by it.
"""

import difflib
import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jupyter_rtc_locust.documents.canonical import canonical_text, content_digest, same

ABSENT = "nothing"
"""What a `Difference` shows on the side where nothing stands."""

_SHOWN_CHARACTERS = 80
_SURROUNDING_CHARACTERS = 20
# Lining up is quadratic at worst; beyond this the entries of a list are compared in the order in which they stand.
_LONGEST_ALIGNED_LIST = 2000
_LONGEST_DIFF_INPUT_LINES = 2000
_LONGEST_DIFF_LINE = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One place where two contents differ.

    `path` reads like `cells[3].source` and is empty for the content as a whole; an index counts in the expected
    content, and in the found one for what was not expected. `expected` and `found` are short enough to print, with
    "nothing" where nothing stands. In texts they show the surroundings of the first character that differs, which is
    `position` (in characters, from 0); elsewhere `position` is None.
    """

    path: str
    expected: str
    found: str
    position: int | None = None


def differences(expected: Any, found: Any, limit: int = 20) -> list[Difference]:
    """
    Return the first `limit` places where two pieces of plain data differ; an empty list where `same` calls them equal.
    """
    return list(islice(_walk("", expected, found), limit))


def sentence(difference: Difference, expected: str = "expected", found: str = "found") -> str:
    """Return the difference as one sentence; `expected` and `found` say who holds the one and the other.

    `cells[3].source differs from character 5 on: "abcd" (users 0, 1), "abc" (user 2).`
    """
    place = difference.path or "the content"
    if difference.found == ABSENT:
        return f"{place} is missing: {difference.expected} ({expected}), {ABSENT} ({found})."
    if difference.expected == ABSENT:
        return f"{place} is too much: {ABSENT} ({expected}), {difference.found} ({found})."
    start = "" if difference.position is None else f" from character {difference.position} on"
    return f"{place} differs{start}: {difference.expected} ({expected}), {difference.found} ({found})."


def readable_difference(expected: Any, found: Any, most_lines: int = 200) -> str:
    """
    Return a unified diff of both contents as indented JSON, texts of several lines as lists of lines.

    The diff has at most `most_lines` lines, each cut at 300 characters; a last line says so when more would follow. The
    result is empty where nothing differs.
    """
    if same(expected, found):
        return ""
    old, new = _readable_lines(expected), _readable_lines(found)
    start = _common_start(old, new, 3)
    window = slice(start, start + _LONGEST_DIFF_INPUT_LINES)
    lines = list(
        islice(difflib.unified_diff(old[window], new[window], "expected", "found", lineterm=""), most_lines + 1)
    )
    cut = len(lines) > most_lines or max(len(old), len(new)) > window.stop
    lines = [line[:_LONGEST_DIFF_LINE] for line in lines[:most_lines]]
    if start:
        lines.insert(2, f"(line numbers count from line {start + 1})")
    if cut:
        lines.append("(more follows)")
    return "\n".join(lines)


def _walk(path: str, expected: Any, found: Any) -> Iterator[Difference]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        yield from _walk_mappings(path, expected, found)
    elif isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        yield from _walk_lists(path, expected, found)
    elif isinstance(expected, str) and isinstance(found, str):
        if not same(expected, found):
            yield _text_difference(path, expected, found)
    elif not same(expected, found):
        yield Difference(path, _short(expected), _short(found))


def _walk_mappings(path: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    for key in sorted(expected.keys() | found.keys()):
        step = _step(path, key)
        if key not in found:
            yield Difference(step, _short(expected[key]), ABSENT)
        elif key not in expected:
            yield Difference(step, ABSENT, _short(found[key]))
        else:
            yield from _walk(step, expected[key], found[key])


def _walk_lists(
    path: str, expected: list[Any] | tuple[Any, ...], found: list[Any] | tuple[Any, ...]
) -> Iterator[Difference]:
    for old, new in _pairs(expected, found):
        if new is None:
            assert old is not None
            yield Difference(f"{path}[{old}]", _short(expected[old]), ABSENT)
        elif old is None:
            yield Difference(f"{path}[{new}]", ABSENT, _short(found[new]))
        else:
            yield from _walk(f"{path}[{old}]", expected[old], found[new])


def _pairs(
    expected: list[Any] | tuple[Any, ...], found: list[Any] | tuple[Any, ...]
) -> Iterator[tuple[int | None, int | None]]:
    """Pair the indices of entries that belong together; None stands for an entry that has no counterpart."""
    if max(len(expected), len(found)) > _LONGEST_ALIGNED_LIST:
        blocks = [(0, len(expected), 0, len(found))]
    else:
        old_keys = [_recognised_by(item) for item in expected]
        new_keys = [_recognised_by(item) for item in found]
        matcher = difflib.SequenceMatcher(None, old_keys, new_keys, autojunk=False)
        blocks = [block[1:] for block in matcher.get_opcodes()]
    for old_start, old_stop, new_start, new_stop in blocks:
        common = min(old_stop - old_start, new_stop - new_start)
        for offset in range(common):
            old, new = old_start + offset, new_start + offset
            if _are_two_things(expected[old], found[new]):
                yield old, None
                yield None, new
            else:
                yield old, new
        for old in range(old_start + common, old_stop):
            yield old, None
        for new in range(new_start + common, new_stop):
            yield None, new


def _are_two_things(old: Any, new: Any) -> bool:
    """Whether two entries at one place have ids of their own, and more that differs than these."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return False
    ids = old.get("id"), new.get("id")
    if ids[0] == ids[1] or not all(isinstance(one, str) for one in ids):
        return False
    return not same({**old, "id": None}, {**new, "id": None})


def _recognised_by(item: Any) -> Hashable:
    identifier = item.get("id") if isinstance(item, Mapping) else None
    return ("id", identifier) if isinstance(identifier, str) else content_digest(item)


def _text_difference(path: str, expected: str, found: str) -> Difference:
    position = _common_start(expected, found, 0)
    return Difference(path, _surroundings(expected, position), _surroundings(found, position), position)


def _common_start(old: str | list[str], new: str | list[str], context: int) -> int:
    """Return how many leading items both have in common, less `context` of them."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return max(0, low - context)


def _surroundings(text: str, position: int) -> str:
    start = max(0, position - _SURROUNDING_CHARACTERS)
    stop = position + _SHOWN_CHARACTERS
    before, after = "…" if start else "", "…" if stop < len(text) else ""
    return f'"{before}{_printable(text[start:stop])}{after}"'


def _short(value: Any) -> str:
    if isinstance(value, str):
        return _surroundings(value, 0)
    text = _printable(_canonical_or_type(value))
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _canonical_or_type(value: Any) -> str:
    """Return the value as JSON with its letters readable, where it is JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):
        return canonical_text(value)


def _printable(text: str) -> str:
    """Escape what a terminal or a report could not show, such as newlines, controls and lone surrogates."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _step(path: str, key: str) -> str:
    if key.isidentifier():
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _readable_lines(content: Any) -> list[str]:
    # Split at line feeds only: what else Python takes for the end of a line is a character like others here.
    shown = content if isinstance(content, str) else _indented_json(content)
    return [_printable(line) for line in shown.split("\n")]


def _indented_json(content: Any) -> str:
    return json.dumps(_laid_out(content), ensure_ascii=False, sort_keys=True, indent=1, default=canonical_text)


def _laid_out(value: Any) -> Any:
    """Return the value with long texts as lists of lines, and numbers that are equal written alike."""
    if isinstance(value, Mapping):
        return {key: _laid_out(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_laid_out(item) for item in value]
    if isinstance(value, str) and "\n" in value:
        return [line + "\n" for line in value.split("\n")[:-1]] + [value.split("\n")[-1]]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
