"""Every command line of the documents, and what runs it. A command in none of these lists fails the quick tests.

A *scenario* is run by test_commands_of_documents.py: its commands in one shell, one after the other, exactly as they
stand in the document but for `SUBSTITUTIONS`. `ELSEWHERE` names what runs the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from canaries.all_canaries import CANARIES

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = (REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").glob("*.md")))
REPRODUCTIONS = tuple(
    path
    for path in sorted((REPOSITORY / "docs" / "reproductions").glob("*.py"))
    if path.name not in ("small_tab.py", "bare_tab.py")
)

SUBSTITUTIONS = {
    "-t 30s": "-t 6s",
    "-t 2m": "-t 6s",
    "http://127.0.0.1:8888": "$HOST_OF_THE_TESTS",
    "the-token-of-your-server": "$TOKEN_OF_THE_TESTS",
    "--web-port 8090": "--web-port $PORT_OF_THE_TESTS",
    "make web": "make -C $REPOSITORY -o .venv/.installed -o .venv/.demo web "
    "ARGS=\"--web-port $PORT_OF_THE_TESTS --rtc-results '$PWD/results'\"",
    "make test": "make -C $REPOSITORY -o .venv/.installed -o .venv-jupyter-collaboration-4/.installed "
    "-o .venv-jupyterhub/.installed -o tests/servers/node_modules/.installed test",
    "git clone ADDRESS": "git clone -q $REPOSITORY",
    ".venv/bin/": "$PROGRAMS/",
}
"""What stands in a document, and what is run instead: shorter, with a server and ports of the tests, with the programs
of this environment, and without installing anything. Other ports of Locust's come from its environment variables."""


@dataclass(frozen=True)
class Scenario:
    """Commands of one document that belong together."""

    document: str
    commands: tuple[str, ...]
    passes: bool = True
    """Whether results/result.json then says pass."""
    exit_codes: tuple[int, ...] = (0,)


WORDS_TAKEN_BACK = "a restart"
CHANGED_OUTSIDE = "a file changed from outside"
SAVE_NOT_DONE = "saves by hand"

_LOCUST = "locust -f locustfiles/notebook_editing.py"
_USERS = f"{_LOCUST} --headless -u 10 -r 5 -t 30s"
_PROMISE = '--promise "update echo p95 < 300ms"'
_EXPORT = "export JUPYTER_TOKEN=the-token-of-your-server"

SCENARIOS = {
    "a demo on one's own server": Scenario(
        "README.md",
        (
            _EXPORT,
            ".venv/bin/jupyter rtc-locust demo --host http://127.0.0.1:8888 -u 40 -t 2m --rtc-documents 1",
        ),
    ),
    "a clone": Scenario("README.md", ("git clone ADDRESS jupyter-rtc-locust && cd jupyter-rtc-locust",), passes=False),
    "a secret": Scenario("docs/deploy.md", ("export JUPYTER_TOKEN=$(openssl rand -hex 24)",), passes=False),
    "a virtual environment": Scenario("docs/install.md", ("python3 -m venv .venv",), passes=False),
    "an activated environment": Scenario(
        "docs/install.md", (". .venv/bin/activate", "jupyter rtc-locust --version"), passes=False
    ),
    "ten lines": Scenario("docs/use.md", ("locust -f students.py --headless -u 10 -r 5 -t 30s",)),
    "a locustfile to start from": Scenario(
        "docs/use.md", ("jupyter rtc-locust init", "locust -f locustfile.py --headless -u 10 -r 5 -t 30s")
    ),
    "a day of a course": Scenario(
        "docs/profiles.md",
        (f"{_LOCUST},locustfiles/course_day_shape.py --headless -u 10 -t 30s --rtc-edit-rate 2",),
    ),
    "only watching": Scenario("docs/use.md", (f"{_USERS} --rtc-edit-rate 0",)),
    "people in tabs": Scenario(
        "docs/use.md", ("locust -f locustfiles/people_in_tabs.py --headless -u 10 -r 5 -t 30s",)
    ),
    "people whose cells run in kernels": Scenario(
        "docs/use.md",
        ("locust -f locustfiles/people_in_tabs.py --headless -u 10 -r 5 -t 30s --rtc-kernels real",),
    ),
    "a text file": Scenario("docs/use.md", ("locust -f locustfiles/text_file_editing.py --headless -u 6 -r 5 -t 30s",)),
    "a replay": Scenario(
        "docs/replay.md",
        ("locust -f locustfiles/replay_trace.py --headless --rtc-trace locustfiles/small_trace.json",),
    ),
    "one's own server": Scenario("docs/use.md", (_EXPORT, f"{_USERS} --host http://127.0.0.1:8888")),
    "a file of tokens": Scenario(
        "docs/use.md", (f"{_USERS} --host http://127.0.0.1:8888 --rtc-token-file tokens.txt",)
    ),
    "a folder of templates": Scenario("docs/use.md", (f"{_USERS} --rtc-documents 2 --rtc-template notebooks",)),
    "a notebook that exists": Scenario(
        "docs/use.md", (_EXPORT, f"{_USERS} --host http://127.0.0.1:8888 --rtc-notebook shared.ipynb")
    ),
    "the web UI": Scenario("docs/ui.md", ("jupyter rtc-locust web --web-port 8090",)),
    "make web": Scenario(
        # Ctrl-C meets make as well, which says so in its own way.
        "docs/ui.md",
        ("make web",),
        exit_codes=(-2, 2, 130),
    ),
    "continuous integration": Scenario(
        "docs/use.md",
        (
            f"{_LOCUST} --headless --only-summary -u 10 -r 5 -t 30s --rtc-documents 2 --rtc-seed 7",
            "python -c \"import json; print(json.load(open('results/result.json'))['verdict'])\"",
        ),
    ),
    "a run looked at later": Scenario(
        "docs/use.md",
        (
            f"{_USERS} --rtc-evidence always",
            "jupyter rtc-locust show results",
            "jupyter rtc-locust check results",
        ),
    ),
    "a class in groups": Scenario(
        "docs/profiles.md",
        ("locust -f locustfiles/lab_class.py --headless -u 12 -t 30s",),
    ),
    "figures for Prometheus": Scenario(
        "docs/metrics.md",
        ("locust -f locustfiles/lab_class.py --autostart --autoquit 2 --web-host 127.0.0.1 -u 12 -t 30s",),
    ),
    "a plan": Scenario(
        "docs/use.md",
        (
            f"{_USERS} --rtc-documents 2 --rtc-plan-out plan.jsonl",
            f"{_LOCUST} --headless --rtc-plan plan.jsonl",
        ),
    ),
    "one virtual machine": Scenario(
        "docs/deploy.md", (_EXPORT, f"{_USERS} --host http://127.0.0.1:8888 --processes 2")
    ),
    "two processes": Scenario("docs/use.md", (f"{_USERS} --rtc-documents 2 --processes 2",)),
    "master and workers": Scenario(
        "docs/use.md",
        (
            f"{_LOCUST} --master --headless --expect-workers 2 -u 10 -r 5 -t 30s --rtc-documents 2",
            f"{_LOCUST} --worker --master-host 127.0.0.1",
        ),
    ),
    "figures": Scenario("docs/use.md", (f"{_USERS} --csv figures --html report.html",)),
    WORDS_TAKEN_BACK: Scenario(
        "docs/issues.md",
        ("locust -f locustfiles/restart.py --headless -u 4 -r 4 -t 25s",),
        passes=False,
        exit_codes=(3,),
    ),
    CHANGED_OUTSIDE: Scenario(
        "docs/issues.md",
        ("locust -f locustfiles/outside_edits.py --headless Typing",),
        passes=False,
        exit_codes=(3,),
    ),
    "a file changed from outside in a pause": Scenario(
        "docs/issues.md", ("locust -f locustfiles/outside_edits.py --headless Resting",)
    ),
    SAVE_NOT_DONE: Scenario(
        "docs/issues.md",
        ("locust -f locustfiles/saving_by_hand.py --headless -u 12 -r 12 -t 48s --rtc-documents 6 --rtc-edit-rate 20",),
        passes=False,
        exit_codes=(3,),
    ),
    "some tests": Scenario("docs/tests.md", ("make test TESTS='tests/demo -k token'",), passes=False),
}

ENGINE = (
    "docker compose --profile demo up --build --exit-code-from demo",
    "docker compose --profile web up --build",
    "docker compose --profile web cp master:/home/locust/results .",
    "docker compose --profile ci up --build --detach",
    'code=$(docker wait "$(docker compose --profile ci ps --all --quiet ci)")',
    "docker compose --profile ci cp ci:/home/locust/results .",
    "docker compose --profile ci down",
    "MASTER_HOST=10.0.0.5 WORKERS=4 docker compose --profile workers up --build",
    "docker compose --profile jupyterhub up --build --exit-code-from course",
    "docker compose --profile jupyterhub cp course:/home/locust/results .",
)
_OF_THE_RUN = "kubectl --namespace rtc-locust"
_SECRET = (
    f"{_OF_THE_RUN} create secret generic rtc-locust-token "
    "--from-file=%s=/dev/stdin --from-file=LOCUST_RTC_SECRET=<(openssl rand -hex 32 | tr -d '\\n')"
)
_SECRET_OF_THE_HUB = (
    "kubectl --namespace jupyterhub get secret hub --output=jsonpath='{.data.hub\\.services\\.load\\.apiToken}'"
)
SECRETS_MADE = {
    f"printenv JUPYTER_TOKEN | tr -d '\\n' | {_SECRET % 'JUPYTER_TOKEN'}": "JUPYTER_TOKEN",
    f"{_SECRET_OF_THE_HUB} | base64 --decode | {_SECRET % 'JUPYTER_TOKEN'}": "JUPYTER_TOKEN",
    f"printenv JUPYTERHUB_PASSWORD | tr -d '\\n' | {_SECRET % 'JUPYTERHUB_PASSWORD'}": "JUPYTERHUB_PASSWORD",
}
"""What makes the Secret of a run, and the entry in which it puts what the run logs in with."""
CLUSTER = (
    "kubectl apply --filename deploy/kubernetes/base/namespace.yaml",
    *SECRETS_MADE,
    f"{_OF_THE_RUN} create secret generic rtc-locust-logins --from-file=logins.txt",
    (
        f"{_OF_THE_RUN} create secret generic rtc-locust-registry --type=kubernetes.io/dockerconfigjson "
        "--from-file=.dockerconfigjson=$HOME/.docker/config.json"
    ),
    "kubectl --namespace jupyter apply --filename deploy/kubernetes/server/network-policy.yaml",
    f"{_OF_THE_RUN} port-forward job/rtc-locust-master 8089",
    "kubectl apply --kustomize deploy/kubernetes/overlays/jupyterhub",
    "kubectl apply --kustomize deploy/kubernetes/overlays/minikube",
    f"{_OF_THE_RUN} logs --follow --pod-running-timeout=5m job/rtc-locust-master",
    (
        f"{_OF_THE_RUN} get pods --selector=app.kubernetes.io/component=master "
        "--output=jsonpath='{.items[*].status.containerStatuses[0].state.terminated.exitCode}'"
    ),
    "kubectl apply --kustomize deploy/kubernetes/results",
    f"{_OF_THE_RUN} delete --ignore-not-found pod/rtc-locust-results",
    f"{_OF_THE_RUN} wait --timeout=5m --for=condition=Ready pod/rtc-locust-results",
    f"{_OF_THE_RUN} cp rtc-locust-results:/home/locust/results/run results",
    f"{_OF_THE_RUN} delete pod/rtc-locust-results job/rtc-locust-master job/rtc-locust-worker",
)

ELSEWHERE = {
    "make demo": ".ci/run",
    "make lint": ".ci/run",
    "make test": ".ci/run",
    "make bench": "tests/test_whole_benchmarks.py::"
    "test_the_quick_benchmarks_print_every_line_of_the_table_and_write_it_as_json",
    "make bench ARGS='--only oracle final_check'": (
        "tests/test_whole_benchmarks.py::test_the_end_of_a_run_and_the_oracle_are_measured_with_all_else"
    ),
    "make bench ARGS='--only deciding'": "tests/test_whole_benchmarks.py::"
    "test_a_verdict_on_a_large_run_is_measured_where_it_is_asked_for",
    "make bench ARGS='--repeat 3'": "tests/test_benchmarks.py::"
    "test_several_runs_are_one_table_whose_spread_is_that_of_the_runs",
    "make saturation": "tests/test_whole_benchmarks.py::test_a_curve_to_saturation_is_measured_saved_and_drawn",
    "make performance": "tests/test_benchmarks.py::"
    "test_the_table_of_the_page_is_renewed_and_the_rest_of_the_page_stays",
    "jupyter rtc-locust report results": (
        "tests/reporting/test_report_making.py::test_the_command_makes_all_of_them_and_says_so"
    ),
    "make screenshots": "tests/browser/test_browser.py::test_the_pictures_of_the_documents_are_taken_and_small",
    "jupyter rtc-locust plan-capacity": "tests/scale/test_scale.py::test_the_table_of_the_document_is_the_commands",
    "jupyter rtc-locust plan-capacity --users 300 --room 30 --server-edit-ms 0.2 --server-message-us 20": (
        "tests/scale/test_scale.py::test_every_example_of_the_document_prints_a_table"
    ),
    "make rooms": "tests/test_whole_benchmarks.py::test_idle_rooms_are_counted_beside_their_model",
    "make packets": "tests/test_whole_benchmarks.py::test_echo_times_are_told_beside_those_of_packets",
    "make rhythm": "tests/test_benchmarks.py::test_simulated_people_are_compared_with_recordings",
    "locust -f locustfiles/lab_class.py --headless": "tests/runs/test_profiles.py::test_a_profile_ends_in_its_verdict",
    "locust -f locustfiles/lecture.py --headless": "tests/runs/test_profiles.py::test_a_profile_ends_in_its_verdict",
    "make profiles": "tests/runs/test_profiles.py::test_a_profile_ends_in_its_verdict",
    "make fidelity": "tests/test_whole_benchmarks.py::test_a_simulated_tab_leaves_as_the_recorded_one_did",
    "make faults": "tests/runs/test_planted_faults.py::test_a_planted_fault_strikes_and_is_found",
    "make faults ARGS='--only drop-to-one --seeds 1'": "tests/runs/test_planted_faults.py::"
    "test_a_planted_fault_strikes_and_is_found",
    **dict.fromkeys(
        ("make soak", "make soak ARGS='--runs 20 --seed 5 --only pycrdt'", "make soak ARGS='--seed 5 --run 12'"),
        "tests/soak/test_soak.py::test_a_soak_passes_and_is_not_made_again",
    ),
    **dict.fromkeys(
        (
            "make hubs",
            "export JUPYTER_TOKEN=the-token-of-your-hub",
            "locust -f locustfiles/course_day.py --headless --rtc-hub http://127.0.0.1:8000",
        ),
        "tests/runs/test_hubs.py::test_thirty_people_of_a_course_arrive_work_in_groups_and_leave",
    ),
    "make soak ARGS='--list --runs 20 --seed 5'": "tests/soak/test_soak.py::"
    "test_the_list_names_every_run_and_makes_none",
    **dict.fromkeys(
        ("make fuzz", "make fuzz ARGS='--seed 5 --frames 20000'"),
        "tests/fuzz/test_fuzz.py::test_of_some_thousand_hostile_inputs_none_escapes",
    ),
    "make fuzz ARGS='--seed 5 --input \"update reader\" 12'": "tests/fuzz/test_fuzz.py::"
    "test_one_input_can_be_shown_and_given_again",
    **dict.fromkeys(
        ("make hour", "make hour ARGS='--minutes 10 --users 50'"),
        "tests/endurance/test_endurance.py::test_a_short_run_is_told_with_the_growth_of_its_documents",
    ),
    **dict.fromkeys(
        ("make thousand", "make thousand ARGS='--server jupyter --users 50 100 150 200 250'"),
        "tests/thousand/test_thousand.py::test_a_small_one_is_told_with_the_health_of_each_worker",
    ),
    **dict.fromkeys(
        ("make endings", "make endings ARGS='--only \"a worker\"'"),
        "tests/runs/test_endings.py::test_this_ending_has_its_one_verdict",
    ),
    **dict.fromkeys(
        ("make canaries", *(canary.command for canary in CANARIES)),
        "tests/runs/test_canaries.py::test_the_canary_is_found",
    ),
    **dict.fromkeys(
        (
            f"jupyter rtc-locust capacity --host http://127.0.0.1:8888 --profile lab_class {_PROMISE}",
            f"locust -f locustfiles/lab_class.py,locustfiles/capacity_shape.py -u 200 --rtc{_PROMISE[1:]}",
        ),
        "tests/runs/test_capacity.py::test_the_capacity_is_found_between_two_steps",
    ),
    "make capacity": "tests/test_benchmarks.py::"
    "test_capacities_that_were_measured_are_put_into_the_page_with_a_picture_each",
    "make comparison ARGS=--real": "tests/comparison/test_real_runs.py::"
    "test_real_comparisons_are_told_one_by_one_and_summed_up",
    "make comparison": "tests/comparison/test_false_alarms.py::test_the_table_has_a_row_for_each_world",
    'jupyter rtc-locust ab --runs 8 --a "jupyter-collaboration==5.0.3" --b "jupyter-collaboration==5.0.4" -t 60s': (
        "tests/versions/test_command.py::test_two_versions_are_installed_run_in_turn_and_compared"
    ),
    "jupyter rtc-locust compare runs/a runs/b --markdown comparison.md --html comparison.html": (
        "tests/comparison/test_command.py::test_two_folders_are_compared_and_the_files_that_were_asked_for_written"
    ),
    "make endings ARGS='--list'": "tests/runs/test_endings.py::test_the_list_names_every_ending_and_plays_none",
    "make faults ARGS=--list": "tests/faults/test_planted_faults.py::test_the_list_names_every_case",
    # The same arguments stand in the Makefile, which `.ci/run` calls; test_documents_are_true.py compares them.
    ".venv/bin/python -m pip install -c constraints/locked.txt -e '.[demo]'": ".ci/run",
    # There is no engine and no cluster where the tests run: what they would do is run without, and their programs know
    # the commands.
    **dict.fromkeys(ENGINE, "tests/deploy/test_documented_commands.py::test_compose_knows_the_command"),
    **dict.fromkeys(CLUSTER, "tests/deploy/test_documented_commands.py::test_kubectl_knows_the_command"),
    "docker build --tag jupyter-rtc-locust:0.1.0 .": "tests/deploy/test_containers.py::"
    "test_every_step_runs_as_it_is_written_and_our_wheel_is_what_is_installed",
    "docker run --rm --read-only --tmpfs /tmp --volume rtc-locust-results:/home/locust/results "
    "jupyter-rtc-locust:0.1.0": "tests/deploy/test_containers.py::"
    "test_with_every_package_downloaded_the_locked_versions_stand_there_and_the_demo_passes",
    "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318": (
        "tests/reporting/test_telemetry.py::test_timings_arrive_by_name_each_in_a_bucket_of_its_own_size"
    ),
    f"{_USERS} --otel": (
        "tests/reporting/test_telemetry.py::test_timings_arrive_by_name_each_in_a_bucket_of_its_own_size"
    ),
    # test_the_reproductions in test_commands_of_documents.py runs every script.
    **{
        f"python docs/reproductions/{path.name}": "tests/runs/test_commands_of_documents.py::test_the_problem_is_shown"
        for path in REPRODUCTIONS
    },
}


def blocks(document: Path, language: str) -> Iterator[str]:
    """The content of every fenced block of a language, in order."""
    for match in re.finditer(rf"^```{language}\n(.*?)^```$", document.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        yield match[1]


def commands(document: Path) -> Iterator[str]:
    """Every command line: a line after `$ ` in a block `console`, any line of a block `bash` or `sh`."""
    for block in blocks(document, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                yield line[2:].strip()
    for language in ("bash", "sh", "shell"):
        for block in blocks(document, language):
            yield from (line.strip() for line in block.splitlines() if line.strip() and not line.startswith("#"))


def substituted(command: str) -> str:
    """The command as it is run."""
    for written, run in SUBSTITUTIONS.items():
        command = command.replace(written, run)
    return command
