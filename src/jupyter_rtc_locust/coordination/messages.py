"""The names of our messages among Locust's, and who sends them. Bodies are plain dictionaries (msgpack).

worker → master   JOINED          equipment                          what this worker consists of
master → worker   WELCOME         refused                            it may take part; or why not
worker → master   SEAT_WANTED     request, kind                      a user wants to open a document
master → worker   SEAT_GIVEN      request, seat, run | refused       where it sits, and what the run is
worker → master   SEAT_LEFT       run, user, incarnation, never_opened   the user is gone; who opened none is not missed
worker → master   USER_ENDED      run                                a user ended by itself, as its scenario has it
master → worker   CHECKPOINT      run, round, drain_timeout          pause editing, and get quiet
master → worker   RESUME          run, round                         go on editing
master → worker   OFFLINE         run, users, asleep                 these users have no line from now on
master → worker   ONLINE          run, users                         they may come back
master → worker   AWAY            run, users                         these users close their document
master → worker   BACK            run                                they open it anew
worker → master   LEAVING         run                                this worker was told to end, by whomever
master → worker   PAUSE           run                                a person pauses editing
master → worker   GO_ON           run                                the person lets it go on
master → worker   COPIES_WANTED   run, request, path                 what do copies of this document hold now?
worker → master   COPIES          run, request, copies               each state once: its users, its digest, its bytes
worker → master   CLOCK_ASKED     run, asked                         what time is it?
master → worker   CLOCK_TOLD      run, asked, told                   seconds since the start of the run
worker → master   LIVE            run, look                          what it sees of its users, once a second
worker → master   STUMBLED        run, users, failed, what           errors that users met, and how often
worker → master   TRACE_READY     run, user                          this user is ready to replay its part
master → worker   TRACE_BEGINS    run                                everybody is: begin
worker → master   TRACE_ENDED     run, user, trouble                 its part is done, or cannot be
master → worker   RUN_ENDS        run, drain_timeout, budget         stop editing, and get quiet
worker → master   QUIET           run, round                         quiet, or out of patience
master → worker   GATHER          run, round                         everybody is quiet: tell everything
worker → master   EVIDENCE        run, round, part, index, count, piece   one piece of what is told (part 0), or given
master → worker   EVIDENCE_TAKEN  run, round, part, index            so the next one may come
master → worker   CONTENTS_WANTED run, round, part, digests          give what is behind these, as this part
master → worker   SERVED_WANTED   run                                a server fell silent: ask it once more
worker → master   SERVED          run, served                        how each user is served now, by client id
master → worker   RUN_OVER        run                                close all documents
worker → master   ALL_LEFT        run, server                        done; what others may use of what it made

What a round is stands in `rounds.py`. Where there is a secret, bodies travel sealed (`sealing.py`).
"""

JOINED = "rtc-joined"
WELCOME = "rtc-welcome"
SEAT_WANTED = "rtc-seat-wanted"
SEAT_GIVEN = "rtc-seat-given"
SEAT_LEFT = "rtc-seat-left"
USER_ENDED = "rtc-user-ended"
CHECKPOINT = "rtc-checkpoint"
RESUME = "rtc-resume"
OFFLINE = "rtc-offline"
ONLINE = "rtc-online"
AWAY = "rtc-away"
BACK = "rtc-back"
LEAVING = "rtc-leaving"
PAUSE = "rtc-pause"
GO_ON = "rtc-go-on"
COPIES_WANTED = "rtc-copies-wanted"
COPIES = "rtc-copies"
CLOCK_ASKED = "rtc-clock-asked"
CLOCK_TOLD = "rtc-clock-told"
LIVE = "rtc-live"
STUMBLED = "rtc-stumbled"
TRACE_READY = "rtc-trace-ready"
TRACE_BEGINS = "rtc-trace-begins"
TRACE_ENDED = "rtc-trace-ended"
RUN_ENDS = "rtc-run-ends"
QUIET = "rtc-quiet"
GATHER = "rtc-gather"
EVIDENCE = "rtc-evidence"
EVIDENCE_TAKEN = "rtc-evidence-taken"
CONTENTS_WANTED = "rtc-contents-wanted"
SERVED_WANTED = "rtc-served-wanted"
SERVED = "rtc-served"
RUN_OVER = "rtc-run-over"
ALL_LEFT = "rtc-all-left"
