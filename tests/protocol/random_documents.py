"""Documents of any content, by two authors, made step by step."""

from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

_WORDS = st.sampled_from(["a", "é", "🙂 v\x02", "w" * 200, ""])
_SIMPLE = st.none() | st.booleans() | st.integers(-(2**40), 2**40).map(float) | st.just(float("nan")) | _WORDS
VALUES = st.recursive(
    _SIMPLE | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=8,
)
STEPS = st.lists(st.tuples(st.sampled_from(["type", "delete", "set", "append", "nest"]), VALUES, _WORDS), max_size=8)


def document(steps):
    """What two authors wrote, one after the other."""
    docs = [Doc(client_id=7), Doc(client_id=2**40 + 1)]
    for number, (what, value, word) in enumerate(steps):
        doc, other = docs[number % 2], docs[1 - number % 2]
        with doc.transaction():
            text, entries, items = doc.get("t", type=Text), doc.get("m", type=Map), doc.get("a", type=Array)
            if what == "type":
                text.insert(0, word)
            elif what == "delete":
                text.clear()
            elif what == "set":
                entries[word] = value
            elif what == "append":
                items.append(value)
            else:
                items.append(Map({word: Array([value])}))
        other.apply_update(doc.get_update())
    return docs[0]
