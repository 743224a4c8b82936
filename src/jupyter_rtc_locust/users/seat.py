"""What a user is told before it opens its document: who it is, and where it sits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_rtc_locust.servers.base import Document


@dataclass(frozen=True, slots=True)
class Seat:
    """One user's place: which document, and which identity in it."""

    user: int
    """Index of the user in the run, from 0."""
    incarnation: int
    client_id: int
    document: Document
    document_index: int
    place: int
    """Place among the users of the document, from 0."""
    places: int
    """How many users of the document the run was asked for."""
    of_person: int | None = None
    """The index of the first of a person's tabs, where this is another one."""

    @property
    def person(self) -> int:
        """Whose tab it is: the name, the token, and the presence are this person's."""
        return self.user if self.of_person is None else self.of_person

    def as_message(self) -> dict[str, Any]:
        """For Locust's messages (msgpack)."""
        return {
            "user": self.user,
            "incarnation": self.incarnation,
            "client_id": self.client_id,
            "path": self.document.path,
            "kind": self.document.kind,
            "ours": self.document.ours,
            "document_index": self.document_index,
            "place": self.place,
            "places": self.places,
            "of_person": self.of_person,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Seat:
        """The other way."""
        fields = {
            name: message[name]
            for name in ("user", "incarnation", "client_id", "document_index", "place", "places", "of_person")
        }
        return cls(document=Document(message["path"], message["kind"], message["ours"]), **fields)
