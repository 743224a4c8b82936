"""What a user will do next, before anybody has looked at the document: a pure function of seed, user and edit number.

So the same seed gives the same choices whatever the number of workers, and whatever the order in which the network
delivers other people's edits. Only afterwards is a choice resolved against the document as it stands then (edits.py).

Rules, all from the issue "The main job":
- Kinds are dealt from a shuffled deck that all users of a document draw from together, each the cards of its seat. A
  deck of at most 30 cards has each kind in any 60 consecutive positions (59 hold a whole deck). Where users take turns
  (the rhythm `steady`), these are any 60 consecutive edits of a document; where they do not, each user comes to its
  positions at its own pace, and all before a position have been dealt when the slowest user is there.
- One edit in every five of a document meets others: it goes to a cell that another user edited a moment ago.
- Fractions and text come from a hash, not from a generator with a state, and so do not depend on what was drawn before.

Knows nothing of documents, replicas or time.
"""

import random
import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from jupyter_rtc_locust.editing.kinds import EditKind, edit_kind
from jupyter_rtc_locust.editing.texts import text_for
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS, Weights

WHICH_CELL, WHERE, HOW_MUCH, WHERE_TO, WHICH_VALUE = range(5)
"""What each fraction of a choice decides."""

MEETING_EVERY = 5
"""Of so many consecutive edits of a document, one goes to where another user is at work."""

_MEETINGS_IN_BLOCK = 64
_DIGEST = struct.Struct(">5Q24s")


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of what to do, as data: not yet an edit, because it does not know the document."""

    kind: EditKind
    fractions: tuple[float, ...]
    """Five numbers in [0, 1), in the order of WHICH_CELL, WHERE, HOW_MUCH, WHERE_TO, WHICH_VALUE."""

    text: str
    """What is typed, pasted, printed or named; empty for the kinds that write no text."""

    meets_others: bool
    """Whether the edit goes to a cell that another user edited within the last second, if there is one."""

    number: int
    """The number of the edit among those of its user, from 0. New cells are named after it."""

    @staticmethod
    def of(
        kind: str,
        *,
        text: str | None = None,
        number: int = 0,
        seed: int | str = 0,
        fractions: tuple[float, ...] | None = None,
        meets_others: bool = False,
    ) -> "Choice":
        """
        Make a choice of one's own: `Choice.of("paste", text="x = 1\\n", number=number, seed=self.seed)`.

        What is left out is drawn from `seed` and `number`: pass the number of the edit, or every choice of a user hits
        the same place; and the user's own seed, or all users hit the same place under the same number.

        Raises ValueError for an unknown kind, for fractions that are not five numbers in [0, 1), and for a text with
        carriage returns or lone surrogates, which no healthy server keeps.
        """
        chosen = edit_kind(kind)
        drawn, dice = _draw(f"own|{seed}|{number}")
        if fractions is None:
            fractions = drawn
        elif len(fractions) != len(drawn) or not all(0 <= fraction < 1 for fraction in fractions):
            raise ValueError(f"a choice needs five fractions, each at least 0 and below 1, but got {fractions!r}")
        if text is None:
            text = text_for(chosen, dice)
        elif "\r" in text:
            raise ValueError(f"the text {text[:40]!r} holds a carriage return, which servers turn into \\n: use \\n")
        elif any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError(f"the text {text[:40]!r} holds a lone surrogate, which is no character: leave it out")
        return Choice(chosen, fractions, text, meets_others, number)


def choose(
    seed: int | str,
    user_index: int,
    edit_number: int,
    *,
    seat: int = 0,
    seats: int = 1,
    document: int | str = 0,
    weights: Weights = DEFAULT_WEIGHTS,
) -> Choice:
    """
    Choose what a user does in the edit of this number (from 0). Pure, and about 5 µs.

    `seats` is how many users edit the document, `seat` which of them this one is (from 0): together they say which
    card of the document's deck is this user's. Fractions and text depend on seed, user and edit number alone.

    Raises ValueError for a seat that is not among the seats, or for a negative number.
    """
    if not 0 <= seat < seats or edit_number < 0:
        raise ValueError(
            f"user {user_index} has seat {seat} of {seats} in document {document} at edit {edit_number}: "
            "seats and edits are counted from 0, and a seat is below the number of seats"
        )
    position = edit_number * seats + seat
    kind = kind_at(seed, document, position, weights)
    fractions, dice = _draw(f"user|{seed}|{user_index}|{edit_number}")
    return Choice(kind, fractions, text_for(kind, dice), meets_others_at(seed, document, position), edit_number)


def kind_at(seed: int | str, document: int | str, position: int, weights: Weights = DEFAULT_WEIGHTS) -> EditKind:
    """Return the kind of the edit at this position among all edits of a document."""
    deck_number, card = divmod(position, len(weights.cards))
    return _shuffled_deck(seed, document, deck_number, weights)[card]


def meets_others_at(seed: int | str, document: int | str, position: int) -> bool:
    """
    Tell whether the edit at this position among all edits of a document goes to where others are at work.

    One position in each group of five does, a random one: at a fixed one it would always be the same user's turn where
    the number of seats divides by five.
    """
    group, place = divmod(position, MEETING_EVERY)
    block, entry = divmod(group, _MEETINGS_IN_BLOCK)
    return _meeting_places(seed, document, block)[entry] == place


@lru_cache(maxsize=4096)
def _shuffled_deck(seed: int | str, document: int | str, deck_number: int, weights: Weights) -> tuple[EditKind, ...]:
    # Sorted by random(), the one method whose sequence Python promises to keep from version to version.
    generator = random.Random(_hash(f"deck|{seed}|{document}|{deck_number}"))
    return tuple(sorted(weights.cards, key=lambda _: generator.random()))


@lru_cache(maxsize=1024)
def _meeting_places(seed: int | str, document: int | str, block: int) -> bytes:
    return bytes(byte % MEETING_EVERY for byte in _hash(f"meetings|{seed}|{document}|{block}"))


def _draw(words: str) -> tuple[tuple[float, ...], bytes]:
    """Return five fractions of 53 bits, and dice for a text."""
    *numbers, dice = _DIGEST.unpack(_hash(words))
    return tuple([(number >> 11) * 2.0**-53 for number in numbers]), dice


def _hash(words: str) -> bytes:
    # Not Python's hash(), which differs from process to process.
    return blake2b(words.encode(), digest_size=64).digest()
