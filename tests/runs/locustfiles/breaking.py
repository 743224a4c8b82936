"""Lines break without a word, one user's after the other's; what is typed meanwhile must arrive."""

from __future__ import annotations

from jupyter_rtc_locust import Choice, NotebookUser

EVERY = 8


class Unlucky(NotebookUser):
    """Loses its line before every eighth edit, which is thus made offline."""

    def choose_edit(self, number: int) -> Choice | None:
        """Only one of a document's users at a time: a server without files forgets a document that nobody has open."""
        here = self.collaborator
        assert here is not None
        if number % EVERY == 2 * (here.seat.place % (EVERY // 2)) + 1:
            here.drop_connection()
        return super().choose_edit(number)
