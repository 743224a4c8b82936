"""How often each kind of edit occurs: a deck of cards, as data.

A deck, and not a chance per edit, because a deck makes a promise: whoever draws from a shuffled deck of n cards until
it is empty, and then from the next one, meets every kind within any 2n - 1 draws. Chance alone would leave the rare
kinds (an attachment, an error) out of short runs, and then nobody would have checked them.

Knows nothing of users, seeds or documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_rtc_locust.editing.kinds import TEXT_KINDS, EditKind, edit_kind


@dataclass(frozen=True, slots=True)
class Weights:
    """A deck before it is shuffled: each kind as often as its weight. Make one with `Weights.of`."""

    cards: tuple[EditKind, ...]
    label: str
    """The deck in words, "paste=1 set_source=3": says the same as the cards, and is quick to hash."""

    def __hash__(self) -> int:
        """Hash the label: hashing thirty members of an enumeration at every edit would cost more than the edit."""
        return hash(self.label)

    @staticmethod
    def of(weights: Mapping[str, int]) -> "Weights":
        """
        Make a deck from how many cards each kind has in it; kinds with 0 cards, or not named, never occur.

        Raises ValueError for an unknown kind, a negative or fractional weight, or a deck without cards.
        """
        counts = {edit_kind(name): count for name, count in weights.items()}
        for kind, count in counts.items():
            if count < 0 or count % 1:
                raise ValueError(f"the weight of {kind} is {count!r}: give a whole number of cards, 0 or more")
        ordered = [(kind, counts[kind]) for kind in EditKind if counts.get(kind)]
        if not ordered:
            raise ValueError(f"these weights hold no card, so no edit could be chosen: {dict(weights)!r}")
        return Weights(
            cards=tuple(kind for kind, count in ordered for _ in range(count)),
            label=" ".join(f"{kind}={count}" for kind, count in ordered),
        )

    @property
    def every_kind_within(self) -> int:
        """The number of consecutive edits of a document in which each kind surely occurs."""
        return 2 * len(self.cards) - 1

    @property
    def suits_text_files(self) -> bool:
        """Whether a text file can take every kind in this deck."""
        return TEXT_KINDS.issuperset(self.cards)


DEFAULT_WEIGHTS = Weights.of(dict.fromkeys(EditKind, 1) | {"insert_letters": 5, "delete_text": 2, "insert_newline": 2})
"""For notebooks: every kind at least once, letters most, as people do. 30 cards, so each kind within any 60 edits."""

TEXT_WEIGHTS = Weights.of(dict.fromkeys(TEXT_KINDS, 1) | {"insert_letters": 5, "delete_text": 3, "insert_newline": 2})
"""For text files: the same without cells."""

TEXT_INSERT_DELETE = Weights.of(dict.fromkeys(TEXT_KINDS - {EditKind.SET_SOURCE}, 1) | {"delete_text": 6})
"""A scenario of jupyter-rtc-test: random text comes and goes, within cells or in a text file."""

CELL_SOURCE_SET = Weights.of({"set_source": 1})
"""A scenario of jupyter-rtc-test: everybody replaces the whole source of a cell, the harshest thing to merge."""

CELLS_INSERT_DELETE = Weights.of({"insert_cell": 1, "delete_cell": 1})
"""A scenario of jupyter-rtc-test: cells come and go."""
