"""The names of our messages among Locust's, and who sends them. Bodies are plain dictionaries (msgpack).

worker → master   SEAT_WANTED     request, kind                      a user wants to open a document
master → worker   SEAT_GIVEN      request, seat, run | refused       where it sits, and what the run is
worker → master   SEAT_LEFT       run, user                          the user is gone
master → worker   RUN_ENDS        run, drain_timeout                 stop editing, and get quiet
worker → master   QUIET           run                                quiet, or out of patience
master → worker   GATHER          run                                everybody is quiet: tell everything
worker → master   EVIDENCE        run, index, count, piece           one piece of what is told
master → worker   EVIDENCE_TAKEN  run, index                         so the next one may come
master → worker   RUN_OVER        run                                close all documents
worker → master   ALL_LEFT        run                                done
"""

SEAT_WANTED = "rtc-seat-wanted"
SEAT_GIVEN = "rtc-seat-given"
SEAT_LEFT = "rtc-seat-left"
RUN_ENDS = "rtc-run-ends"
QUIET = "rtc-quiet"
GATHER = "rtc-gather"
EVIDENCE = "rtc-evidence"
EVIDENCE_TAKEN = "rtc-evidence-taken"
RUN_OVER = "rtc-run-over"
ALL_LEFT = "rtc-all-left"
