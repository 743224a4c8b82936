"""Gathering is tested on users in a room of the tests, as users themselves are."""

from users.conftest import person, room, swarm, told, unseen_errors

__all__ = ["person", "room", "swarm", "told", "unseen_errors"]
