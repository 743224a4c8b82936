"""Edits as data: seeded choices, dealt from a deck, resolved against a document's present state."""
