from jupyter_rtc_locust.editing import RecentEdits


def test_nobody_has_edited_at_first():
    assert RecentEdits().latest_of_others(0, 10.0) is None


def test_the_cell_of_the_latest_other_user_is_found_for_one_second():
    recent = RecentEdits()
    recent.note(1, "early", 10.0)
    recent.note(2, "late", 10.5)
    assert recent.latest_of_others(0, 10.6) == "late"
    assert recent.latest_of_others(2, 10.6) == "early"
    assert recent.latest_of_others(2, 11.1) is None
    assert recent.latest_of_others(0, 11.6) is None


def test_ones_own_edits_are_not_those_of_others():
    recent = RecentEdits()
    recent.note(1, "mine", 10.0)
    assert recent.latest_of_others(1, 10.1) is None


def test_only_the_latest_edit_of_a_user_counts_and_it_comes_first():
    recent = RecentEdits()
    recent.note(1, "first", 10.0)
    recent.note(2, "second", 10.1, 4)
    recent.note(1, "third", 10.2, 7)
    assert [(cell.cell_id, cell.index) for cell in recent.others(0, 10.3)] == [("third", 7), ("second", 4)]


def test_an_edit_without_a_cell_leaves_the_last_one_standing():
    recent = RecentEdits()
    recent.note(1, "cell", 10.0)
    recent.note(1, None, 10.5)
    assert recent.latest_of_others(0, 10.6) == "cell"
