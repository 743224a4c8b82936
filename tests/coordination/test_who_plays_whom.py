"""Who plays whom is a function of run, seed and index; no identity is played twice, whatever workers do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.servers.base import Document

quick = settings(deadline=None, max_examples=150)
workers = st.integers(0, 4)
spreads = st.sampled_from(["workers", "documents"])


@st.composite
def days(draw):
    """What workers do in a run: some come late, some end, and Locust moves users from one to another."""
    step = st.one_of(
        st.tuples(st.just("a user comes"), workers, workers),
        st.tuples(st.just("a user comes"), workers, workers),
        st.tuples(st.just("a user is respawned"), st.integers(0, 30), workers),
        st.tuples(st.just("a worker ends"), workers, workers),
        st.tuples(st.just("a worker is killed"), workers, workers),
        st.tuples(st.just("users are moved"), workers, workers),
        st.tuples(st.just("words come late"), st.integers(0, 30), workers),
    )
    return draw(st.lists(step, min_size=5, max_size=50))


class Run:
    """Seats, and who has which, by the account of the workers themselves."""

    def __init__(self, run_id, seed, documents, users, spread):
        kinds = [("notebook", "text")[number % 2] for number in range(documents)]
        self.seats = Seats(
            run_id, seed, [Document(f"d{n}", kind) for n, kind in enumerate(kinds)], users, spread=spread
        )
        self.kinds = sorted(set(kinds))
        self.played = {}
        """By user, the seat that somebody has now, and the worker."""
        self.handed_out = []
        self.left = []

    def comes(self, worker, number=0):
        seat = self.seats.take(f"worker {worker}", self.kinds[number % len(self.kinds)])
        assert seat.user not in self.played, "it is played already"
        self.played[seat.user] = seat, worker
        self.handed_out.append(seat)

    def goes(self, user):
        seat, _ = self.played.pop(user)
        self.left.append((user, seat.incarnation))
        self.seats.leave(*self.left[-1])

    def lives(self, day):
        for step, one, other in day:
            users = sorted(self.played)
            of_one = [user for user in users if self.played[user][1] == one]
            if step == "a user comes":
                self.comes(one, other)
            elif step == "a user is respawned" and users:
                user = users[one % len(users)]
                _, worker = self.played[user]
                self.goes(user)
                self.comes(worker, other)
            elif step == "a worker ends":
                for user in of_one:
                    self.goes(user)
            elif step == "a worker is killed":
                for user in of_one:
                    self.played[user] = self.played[user][0], "nobody"  # nobody says so, and nobody plays them again
            elif step == "users are moved":
                for _ in of_one:
                    self.comes(other)
                for user in of_one:
                    self.goes(user)
            elif step == "words come late" and self.left:
                self.seats.leave(*self.left[one % len(self.left)])
            assert self.seats.held().keys() == self.played.keys()


@given(
    story=days(),
    other_story=days(),
    run_id=st.text(max_size=8),
    seed=st.integers(0, 2**63 - 1),
    documents=st.integers(1, 6),
    users=st.integers(1, 20),
    spread=spreads,
    other_spread=spreads,
)
@quick
def test_who_a_seat_is_follows_from_run_seed_and_index_whatever_workers_come_end_or_are_moved(
    story, other_story, run_id, seed, documents, users, spread, other_spread
):
    known = {}
    for day, how in ((story, spread), (other_story, other_spread)):
        run = Run(run_id, seed, documents, users, how)
        run.lives(day)
        for seat in run.handed_out:
            assert known.setdefault((seat.user, seat.incarnation), seat) == seat


@given(story=days(), documents=st.integers(1, 6), users=st.integers(1, 20), spread=spreads)
@quick
def test_no_identity_is_played_twice_whatever_workers_come_end_or_are_moved(story, documents, users, spread):
    run = Run("run", 1, documents, users, spread)
    run.lives(story)
    clients = [seat.client_id for seat in run.handed_out]
    assert len(set(clients)) == len(clients)
    assert run.seats.authors == {seat.client_id: seat.user for seat in run.handed_out}
    for user in {seat.user for seat in run.handed_out}:
        incarnations = [seat.incarnation for seat in run.handed_out if seat.user == user]
        assert incarnations == list(range(len(incarnations)))


def test_what_a_worker_says_of_a_seat_that_another_has_by_now_changes_nothing():
    seats = Seats("run", 1, [Document("d", "notebook")], 2)
    seats.take("one", "notebook")
    seats.leave(0, 0)
    assert seats.take("two", "notebook").incarnation == 1
    seats.leave(0, 0)
    assert seats.held() == {0: "two"}
    seats.leave(0, 1)
    assert seats.held() == {}
