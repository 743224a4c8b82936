"""A day of a course in a minute: people arrive in a wave, work, go to lunch, come back, and leave in a wave.

A load shape, to be named beside any locustfile. `-u` says how many people there are, `-t` how long the day is (a
minute where it is left out). The curve says how many come and go in a second, not `-r`.

    locust -f locustfiles/notebook_editing.py,locustfiles/course_day_shape.py --headless -u 10 -t 60s
"""

from locust import LoadTestShape

from jupyter_rtc_locust import COURSE_DAY

DAY_S = 60.0
AT_ONCE = 100.0


class CourseDay(LoadTestShape):
    """As many people as the curve of the day says."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Users and spawn rate; None when the day is over."""
        options = self.runner.environment.parsed_options if self.runner is not None else None
        people = getattr(options, "num_users", None) or 1
        length = float(getattr(options, "run_time", None) or DAY_S)
        over = self.get_run_time() / length
        if over >= 1.0:
            return None
        return max(1, COURSE_DAY.people_at(over, people)), AT_ONCE
