"""The copies of a text that a trace is rehearsed in: each holds exactly the transactions that it was given.

Made with pycrdt, so that what a copy writes is what a Yjs client would have written that had seen that much and no
more. Each transaction uses one clock beyond those of its text, as an edit does that sets `state.dirty`; what is handed
out holds the text alone. Indices of pycrdt are UTF-8 bytes; those of traces are code points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.documents.kinds import STATE_ROOT
from jupyter_rtc_locust.editing.positions import byte_range
from jupyter_rtc_locust.editing.traces import Patch
from jupyter_rtc_locust.protocol.updates import Update, decode_update, encode_update


class Stretch(NamedTuple):
    """From `start` on, so many bytes are deleted, and then a text is inserted."""

    start: int
    length: int
    inserted: str
    removed: str = ""
    """What is deleted, where it is known."""


class NotThere(ValueError):
    """A copy does not hold what is to be deleted where it is looked for."""


class OutOfText(ValueError):
    """A patch lies beyond the end of the text; says which of the patches, and how long the text was."""

    def __init__(self, patch: Patch, length: int) -> None:
        super().__init__(f"deletes {patch.deleted} and inserts at {patch.position}, in a text of {length} characters")


@dataclass(frozen=True, slots=True)
class Written:
    """What one transaction wrote."""

    whole: bytes
    """With the clock that stands for `state.dirty`: for other copies."""
    text: Update
    """Without it: the structs and deletions of the text."""
    start: int
    """The first clock it uses of its client."""
    end: int
    """The clock behind its last."""

    def text_update(self) -> bytes:
        """The text alone as bytes; the clock behind it is left to whoever applies them."""
        return encode_update(self.text)


class Copy:
    """One client's copy. `base` is the document at the start; `cell` the place of the cell, None for a text file."""

    def __init__(self, client: int, base: bytes, cell: int | None) -> None:
        self.client = client
        self._doc: Doc[Any] = Doc(client_id=client)
        self._stand_ins = self._doc.get(STATE_ROOT, type=Map)
        if base:
            self._doc.apply_update(base)
        if cell is None:
            self._text: Text = self._doc.get("source", type=Text)
        else:
            cells: Array[Any] = self._doc.get("cells", type=Array)
            self._text = cells[cell]["source"]
        self._mirror: str | None = None
        self._clock = 0

    def take(self, updates: Sequence[bytes], content: str | None = None) -> None:
        """Take what others wrote; `content` is the text afterwards, where it is known."""
        if updates:
            with self._doc.transaction():
                for update in updates:
                    self._doc.apply_update(update)
            self._mirror = content

    @property
    def content(self) -> str:
        """The text as it stands."""
        if self._mirror is None:
            self._mirror = str(self._text)
        return self._mirror

    def edit(self, patches: Sequence[Patch]) -> Written | None:
        """Make these patches in one transaction; None where they change nothing.

        Raises:
            OutOfText: one of them does not fit the text; the copy is not to be used any more.
        """
        content = self.content
        stretches = []
        for patch in patches:
            position, deleted, inserted = patch
            if position + deleted > len(content):
                raise OutOfText(patch, len(content))
            if not deleted and not inserted:
                continue
            stretches.append(Stretch(*byte_range(content, position, deleted), inserted))
            content = content[:position] + inserted + content[position + deleted :]
        written = self.replace(stretches)
        self._mirror = content
        return written

    def replace_checked(self, stretches: Sequence[Stretch]) -> Written | None:
        """As `replace`, where it is not sure that the copy holds what the stretches were made for.

        A deletion beyond the text would be a panic of pycrdt, and one within a character would destroy it.

        Raises:
            NotThere: it holds something else; nothing has been written.
        """
        content = self.content.encode()
        for start, length, inserted, removed in stretches:
            within_a_character = start < len(content) and content[start] & 0xC0 == 0x80
            if start > len(content) or within_a_character or content[start : start + length] != removed.encode():
                raise NotThere(f"no {removed!r} at byte {start} of a text of {len(content)} bytes")
            content = content[:start] + inserted.encode() + content[start + length :]
        written = self.replace(stretches)
        self._mirror = content.decode()
        return written

    def replace(self, stretches: Sequence[Stretch]) -> Written | None:
        """Replace these stretches, one after the other, in one transaction; None where there is none."""
        if not stretches:
            return None
        updates: list[bytes] = []
        subscription = self._doc.observe(lambda event: updates.append(event.update))
        with self._doc.transaction():
            for start, length, inserted, _ in stretches:
                if length:
                    del self._text[start : start + length]
                if inserted:
                    self._text.insert(start, inserted)
            # A key of its own, so that it overwrites nothing: what is deleted is of the text then.
            self._stand_ins[f"{self.client}/{self._clock}"] = True
        self._doc.unobserve(subscription)
        self._mirror = None
        return self._text_alone(updates[0])

    def _text_alone(self, whole: bytes) -> Written:
        """What was written, without the entry that stands for `state.dirty`, which is the last clock."""
        update = decode_update(whole)
        own = update.structs[self.client]
        start, end = self._clock, own[-1].end
        text = tuple(struct for struct in own if struct.end < end)
        structs = {self.client: text} if text else {}
        self._clock = end
        return Written(whole, Update(structs, update.deletions), start, end)
