"""Round trips on real updates: made by pycrdt, and encoded anew as a server does: applied, and asked for again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Map, Text

from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.state_vectors import encode_state_vector
from jupyter_rtc_locust.timing.round_trips import Arrivals, RoundTrips

ADA, BOB, EVE = 0, 1, 2
quick = settings(deadline=None, max_examples=60)


class Person:
    """A replica that tells the update of each edit."""

    def __init__(self, client_id):
        self.doc = Doc(client_id=client_id)
        self.text = self.doc.get("source", type=Text)
        self.state = self.doc.get("state", type=Map)
        self._written = []
        self._subscription = self.doc.observe(lambda event: self._written.append(event.update))

    def type(self, words, *, dirty=True):
        with self.doc.transaction():
            self.text += words
            if dirty:
                self.state["dirty"] = True
        return self._written.pop()

    def delete(self, *, dirty):
        with self.doc.transaction():
            del self.text[0:1]
            if dirty:
                self.state["dirty"] = True
        return self._written.pop()

    def take(self, *updates):
        for update in updates:
            self.doc.apply_update(update)
        self._written.clear()


def encoded_anew(*updates, since=None, others=()):
    """What a server sends that holds these updates, and whatever `others` hold, beyond a state vector."""
    server = Doc()
    for update in (*others, *updates):
        server.apply_update(update)
    return server.get_update(encode_state_vector(since or {}))


class Trips(RoundTrips):
    """Round trips with their samples in lists, and a short way to author."""

    __slots__ = ("deliveries", "echoes")

    def __init__(self):
        self.echoes, self.deliveries = [], []
        super().__init__(self.echoes.append, self.deliveries.append)

    def write(self, user, client_id, update, due=0.0):
        number = sum(edit.user == user for edit in self.authored())
        return self.author(user, client_id, number, "typed", None, due, update)


@pytest.fixture
def trips():
    return Trips()


@pytest.fixture
def ada():
    return Person(1001)


@pytest.fixture
def bob():
    return Person(1002)


# -- echoes -----------------------------------------------------------------------------------------------------------


def test_an_echo_is_known_by_its_bytes_and_timed_from_when_the_edit_was_due(trips, ada):
    update = ada.type("a")
    edit = trips.write(ADA, 1001, update, due=10.0)
    assert trips.arrive(ADA, update, 10.25) is True
    assert trips.echoes == [250.0]
    assert trips.deliveries == []
    assert (edit.acknowledged, edit.timed) == (10.25, True)
    assert trips.oldest_pending(ADA, 1001) is None


def test_bytes_that_are_equal_but_another_object_are_the_same_echo(trips, ada):
    update = ada.type("a")
    trips.write(ADA, 1001, update)
    assert trips.arrive(ADA, bytes(bytearray(update)), 1.0) is True


def test_an_echo_that_comes_twice_is_one_sample_and_still_ones_own(trips, ada):
    update = ada.type("a")
    edit = trips.write(ADA, 1001, update)
    assert [trips.arrive(ADA, update, now) for now in (1.0, 2.0)] == [True, True]
    assert trips.echoes == [1000.0]
    assert edit.acknowledged == 1.0


def test_an_echo_in_another_encoding_is_known_by_client_and_clocks_and_has_to_be_applied(trips, ada, bob):
    other = bob.type("b")
    ada.take(other)
    update = ada.type("a")
    trips.write(ADA, 1001, update, due=1.0)
    anew = encoded_anew(update, others=[other])
    assert anew != update
    assert trips.arrive(ADA, anew, 1.5) is False
    assert trips.echoes == [500.0]


def test_several_edits_in_one_update_of_the_server_are_several_echoes(trips, ada):
    updates = [ada.type(word) for word in "abc"]
    for due, update in enumerate(updates):
        trips.write(ADA, 1001, update, due=float(due))
    trips.arrive(ADA, encoded_anew(*updates), 3.0)
    assert trips.echoes == [3000.0, 2000.0, 1000.0]
    assert trips.oldest_pending(ADA, 1001) is None


def test_two_people_who_set_dirty_at_once_get_their_echoes_though_one_update_was_encoded_anew(trips, ada, bob):
    """What a Yrs server does with the loser of two writes to one key of a map."""
    by_ada, by_bob = ada.type("a"), bob.type("b")
    trips.write(ADA, 1001, by_ada)
    trips.write(BOB, 1002, by_bob)
    server = Doc()
    sent = []
    subscription = server.observe(lambda event: sent.append(event.update))
    for update in (by_ada, by_bob):
        server.apply_update(update)
    server.unobserve(subscription)
    assert {by_ada, by_bob} != set(sent)
    for update in sent:
        trips.arrive(ADA, update, 1.0)
        trips.arrive(BOB, update, 1.0)
    assert len(trips.echoes) == 2
    assert len(trips.deliveries) == 2
    assert all(edit.timed for edit in trips.authored())


def test_an_update_that_holds_only_part_of_an_edit_is_not_its_echo(trips, ada):
    update = ada.type("abcdefgh")
    edit = trips.write(ADA, 1001, update)
    trips.arrive(ADA, encoded_anew(update, since={1001: 3}), 1.0)
    assert edit.acknowledged is None
    assert trips.echoes == []


def test_an_update_of_others_between_ones_own_acknowledges_nothing(trips, ada, bob):
    first, foreign = ada.type("a"), bob.type("b")
    edit = trips.write(ADA, 1001, first)
    assert trips.arrive(ADA, foreign, 1.0) is False
    assert edit.acknowledged is None


def test_an_edit_that_only_deletes_has_no_clock_and_is_not_acknowledged_with_the_one_before_it(trips, ada, bob):
    typed, deleted = ada.type("ab"), ada.delete(dirty=False)
    before, pure = trips.write(ADA, 1001, typed), trips.write(ADA, 1001, deleted)
    trips.arrive(ADA, encoded_anew(typed, others=[bob.type("b")]), 1.0)
    assert before.acknowledged == 1.0
    assert pure.acknowledged is None
    assert trips.arrive(ADA, deleted, 2.0) is True
    assert pure.acknowledged == 2.0


# -- deliveries -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_timed_at_each_other_user_and_is_no_acknowledgement(trips, ada):
    update = ada.type("a")
    edit = trips.write(ADA, 1001, update, due=1.0)
    assert trips.arrive(BOB, update, 1.25) is False
    assert trips.arrive(EVE, update, 1.5) is False
    assert trips.deliveries == [250.0, 500.0]
    assert trips.echoes == []
    assert edit.acknowledged is None


def test_a_delivery_in_another_encoding_is_timed_too(trips, ada, bob):
    other = bob.type("b")
    ada.take(other)
    update = ada.type("a")
    trips.write(ADA, 1001, update, due=1.0)
    anew = encoded_anew(update, others=[other])
    assert trips.arrive(BOB, anew, 1.5) is False
    assert trips.arrive(ADA, anew, 2.0) is False
    assert (trips.deliveries, trips.echoes) == ([500.0], [1000.0])


def test_what_another_process_authored_is_no_sample(trips, ada):
    assert trips.arrive(BOB, ada.type("a"), 1.0) is False
    assert (trips.deliveries, trips.echoes) == ([], [])


# -- settling ---------------------------------------------------------------------------------------------------------


def test_a_state_vector_settles_what_it_covers_without_a_sample(trips, ada):
    edits = [trips.write(ADA, 1001, ada.type(word, dirty=False)) for word in ("abc", "de", "f")]
    assert trips.settle(ADA, {1001: 5}, 9.0) == 2
    assert [edit.acknowledged for edit in edits] == [9.0, 9.0, None]
    assert not any(edit.timed for edit in edits)
    assert trips.echoes == []
    assert trips.oldest_pending(ADA, 1001) is edits[2]


def test_an_edit_that_is_covered_in_part_is_not_settled(trips, ada):
    trips.write(ADA, 1001, ada.type("abc", dirty=False))
    assert trips.settle(ADA, {1001: 2}, 9.0) == 0


def test_a_state_vector_settles_nothing_of_other_users_or_of_clients_it_does_not_name(trips, ada, bob):
    trips.write(ADA, 1001, ada.type("a"))
    trips.write(BOB, 1002, bob.type("b"))
    assert trips.settle(ADA, {1002: 100, 7: 100}, 9.0) == 0
    assert trips.settle(EVE, {1001: 100}, 9.0) == 0


def test_an_echo_that_comes_after_the_settling_is_no_late_sample(trips, ada):
    update = ada.type("a")
    edit = trips.write(ADA, 1001, update)
    trips.settle(ADA, {1001: 100}, 1.0)
    assert trips.arrive(ADA, update, 2.0) is True
    assert trips.echoes == []
    assert (edit.acknowledged, edit.timed) == (1.0, False)


def test_edits_of_a_users_former_incarnation_are_settled_by_their_own_client_id(trips, ada):
    again = Person(2001)
    trips.write(ADA, 1001, ada.type("a"))
    trips.write(ADA, 2001, again.type("b"))
    assert trips.settle(ADA, {1001: 100}, 1.0) == 1
    assert trips.oldest_pending(ADA, 2001).client_id == 2001


def test_a_state_vector_says_nothing_about_an_edit_that_only_deletes(trips, ada):
    """Deletions have no clock: a state vector covers none of them, however far it reaches."""
    trips.write(ADA, 1001, ada.type("ab"))
    pure = trips.write(ADA, 1001, ada.delete(dirty=False))
    trips.settle(ADA, {1001: 100}, 1.0)
    assert pure.acknowledged is None


def test_an_edit_that_deletes_and_marks_the_document_is_settled_by_the_clock_of_its_mark(trips, ada):
    trips.write(ADA, 1001, ada.type("ab", dirty=False))
    edit = trips.write(ADA, 1001, ada.delete(dirty=True))
    trips.settle(ADA, {1001: 2}, 1.0)
    assert edit.acknowledged is None
    trips.settle(ADA, {1001: 3}, 2.0)
    assert edit.acknowledged == 2.0


# -- bookkeeping ------------------------------------------------------------------------------------------------------


def test_the_oldest_edit_without_an_echo_is_the_one_made_first(trips, ada):
    updates = [ada.type(word) for word in "abc"]
    edits = [trips.write(ADA, 1001, update, due=float(due)) for due, update in enumerate(updates)]
    assert trips.oldest_pending(BOB, 1002) is None
    assert trips.oldest_pending(ADA, 1001) is edits[0]
    trips.arrive(ADA, updates[1], 1.0)
    assert trips.oldest_pending(ADA, 1001) is edits[0]
    trips.arrive(ADA, updates[0], 1.0)
    assert trips.oldest_pending(ADA, 1001) is edits[2]


def test_the_latest_due_of_the_acknowledged_edits_is_kept_for_each_user(trips, ada, bob):
    updates = [ada.type(word) for word in "abc"]
    for due, update in enumerate(updates):
        trips.write(ADA, 1001, update, due=float(due))
    trips.write(BOB, 1002, bob.type("x"), due=7.0)
    assert trips.last_acknowledged_due == {}
    trips.arrive(ADA, updates[2], 3.0)
    trips.arrive(ADA, updates[0], 4.0)
    assert trips.last_acknowledged_due == {ADA: 2.0}


def test_what_was_received_is_kept_once_with_the_moment_of_its_first_arrival(trips, bob):
    update = bob.type("b")
    for user, now in ((ADA, 3.0), (EVE, 4.0), (ADA, 5.0)):
        trips.arrive(user, update, now)
    (foreign,) = trips.foreign()
    assert (foreign.received, foreign.update, foreign.readable, foreign.originals) == (3.0, update, True, [])


def test_an_update_in_another_encoding_is_kept_with_the_edits_it_holds(trips, ada):
    updates = [ada.type(word) for word in "ab"]
    edits = [trips.write(ADA, 1001, update) for update in updates]
    anew = encoded_anew(*updates)
    trips.arrive(ADA, anew, 1.0)
    (foreign,) = trips.foreign()
    assert foreign.update == anew
    assert foreign.originals == edits


def test_authored_and_foreign_updates_are_told_in_the_order_in_which_they_were_met(trips, ada, bob):
    of_ada, of_bob = [ada.type(word) for word in "abc"], [bob.type(word) for word in "xyz"]
    for mine, theirs in zip(of_ada, of_bob, strict=True):
        trips.write(ADA, 1001, mine)
        trips.arrive(ADA, theirs, 1.0)
    assert [edit.update for edit in trips.authored()] == of_ada
    assert [entry.update for entry in trips.foreign()] == of_bob


@given(update=st.binary(max_size=40))
@settings(deadline=None, max_examples=150)
def test_bytes_that_are_no_update_are_kept_as_unreadable_and_acknowledge_nothing(update):
    trips, ada = Trips(), Person(1001)
    edit = trips.write(ADA, 1001, ada.type("a"))
    assert trips.arrive(ADA, update, 1.0) is False
    (foreign,) = trips.foreign()
    assert foreign.update == update
    assert edit.acknowledged is None
    assert trips.echoes == []


def test_an_update_cut_short_is_marked_as_unreadable(trips, ada):
    trips.arrive(BOB, ada.type("a long word")[:-3], 1.0)
    assert [foreign.readable for foreign in trips.foreign()] == [False]


# -- the whole ------------------------------------------------------------------------------------------------------


@st.composite
def stories(draw):
    """Who writes what in which order, and in which groups a server passes it on, merged or byte for byte."""
    writers = draw(st.lists(st.sampled_from([ADA, BOB, EVE]), min_size=1, max_size=14))
    borders = sorted(draw(st.lists(st.integers(0, len(writers)), max_size=6)))
    groups = [
        range(start, end) for start, end in zip([0, *borders], [*borders, len(writers)], strict=True) if start < end
    ]
    return writers, [(group, draw(st.booleans())) for group in groups]


@given(story=stories())
@quick
def test_however_a_server_groups_and_encodes_each_edit_is_one_echo_and_one_delivery_to_each_other_user(story):
    writers, groups = story
    trips, people = Trips(), {user: Person(1001 + user) for user in (ADA, BOB, EVE)}
    updates = []
    for number, user in enumerate(writers):
        updates.append(people[user].type(f"{number} ", dirty=number % 2 == 0))
        trips.write(user, 1001 + user, updates[-1], due=float(number))
        for other in people.values():
            if other is not people[user]:
                other.take(updates[-1])
    now = float(len(writers))
    for group, merged in groups:
        held = [updates[index] for index in group]
        for update in [merge_updates(held)] if merged else held:
            for user in people:
                trips.arrive(user, update, now)
    assert sorted(trips.echoes) == sorted((now - number) * 1000.0 for number in range(len(writers)))
    assert sorted(trips.deliveries) == sorted(2 * trips.echoes)
    assert all(edit.timed for edit in trips.authored())
    assert not any(trips.oldest_pending(user, 1001 + user) for user in people)
    assert len({edit.update for edit in trips.authored()}) == len(writers)


# -- the order of the server ------------------------------------------------------------------------------------------


def test_the_order_of_first_arrivals_is_the_servers_however_its_messages_are_spread_over_lines(trips, ada, bob):
    first, second, strange = ada.type("a"), bob.type("b"), Person(7).type("c")
    one, two = trips.write(ADA, 1001, first, due=1.0), trips.write(BOB, 1002, second, due=1.0)
    # So the server took them in; the line of who wrote the second is read first.
    for update in (first, strange, second):
        trips.arrive(BOB, update, 2.0)
    for update in (first, strange, second):
        trips.arrive(ADA, update, 2.1)
    (foreign,) = trips.foreign()
    assert one.arrived < foreign.received < two.arrived
    assert two.acknowledged < one.acknowledged
    assert two.arrived == pytest.approx(2.0, abs=1e-4)


def test_what_came_in_another_encoding_has_arrived(trips, ada, bob):
    update = ada.type("a")
    edit = trips.write(ADA, 1001, update)
    trips.arrive(BOB, encoded_anew(update, bob.type("b")), 3.0)
    assert edit.arrived == 3.0


def test_what_a_state_vector_settled_arrived_at_nobody(trips, ada):
    edit = trips.write(ADA, 1001, ada.type("a"))
    assert trips.settle(ADA, {1001: 10}, 4.0) == 1
    assert edit.arrived is None


def test_a_deletion_that_is_never_echoed_is_settled_by_the_echo_of_a_later_edit(trips, ada):
    typed = ada.type("ab")
    trips.write(ADA, 1001, typed)
    deletion, mark = ada.delete(dirty=False), ada.type("", dirty=True)
    trips.write(ADA, 1001, deletion)
    trips.write(ADA, 1001, mark)

    trips.arrive(ADA, typed, 1.0)
    assert [edit.number for edit in trips.waiting(ADA, 1001)] == [1, 2], "an earlier echo says nothing of it"
    trips.arrive(ADA, mark, 2.0)

    assert list(trips.waiting(ADA, 1001)) == []
    assert len(trips.echoes) == 2, "it gave no sample"


def test_a_later_deletion_goes_on_waiting_for_its_echo(trips, ada):
    typed = ada.type("ab")
    trips.write(ADA, 1001, typed)
    deletion = ada.delete(dirty=False)
    trips.write(ADA, 1001, deletion)

    trips.arrive(ADA, typed, 1.0)
    assert [edit.number for edit in trips.waiting(ADA, 1001)] == [1]
    trips.arrive(ADA, deletion, 2.0)

    assert list(trips.waiting(ADA, 1001)) == []
    assert len(trips.echoes) == 2


def test_nobodys_deletion_is_settled_by_the_echo_of_somebody_else(trips, ada, bob):
    typed = ada.type("ab")
    bob.take(typed)
    deletion, words = ada.delete(dirty=False), bob.type("c")
    trips.write(ADA, 1001, deletion)
    trips.write(BOB, 1002, words)

    trips.arrive(BOB, words, 1.0)

    assert [edit.number for edit in trips.waiting(ADA, 1001)] == [0]


@quick
@given(
    st.lists(st.sampled_from([ADA, BOB, None]), min_size=1, max_size=6),
    st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), max_size=4),
)
def test_what_comes_together_is_noted_as_if_it_came_one_by_one(authors, reads):
    """`None`: somebody of another process."""
    person, updates = Person(7), []
    together, one_by_one = Trips(), Trips()
    for number, author in enumerate(authors):
        updates.append(person.type("word"))
        if author is not None:
            for trips in (together, one_by_one):
                trips.write(author, 7, updates[-1], due=float(number))
    for moment, indices in enumerate(reads):
        read, now = [updates[index % len(updates)] for index in indices], 10.0 + moment
        arrivals = Arrivals([together.look_up(update, now) for update in read])
        for user in (ADA, EVE, BOB):
            left, indexes = together.arrive_together(arrivals, user, now, 7)
            assert left == [update for update in read if not one_by_one.arrive(user, update, now, 7)]
            assert list(indexes) == [one_by_one.known[update].index for update in left]
    assert (together.echoes, together.deliveries) == (one_by_one.echoes, one_by_one.deliveries)
    assert [edit.arrived for edit in together.authored()] == [edit.arrived for edit in one_by_one.authored()]
    assert [one.received for one in together.foreign()] == [one.received for one in one_by_one.foreign()]
    assert list(together.known) == list(one_by_one.known)
