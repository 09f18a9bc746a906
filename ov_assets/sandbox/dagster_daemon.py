"""`dagster-daemon`, after closing the books on runs whose worker died with an earlier `ov up`.

    python -m ov_assets.sandbox.dagster_daemon --code-server PORT [--close-runs] run -w WORKSPACE

Dagster's default launcher can't see that a worker is gone: its run would stay "started" until
`max_runtime_seconds`, and keep its company's place in the queue. When this process starts there is no worker
alive, so each run that a code server had launched and that hasn't ended never will. It is marked as failed,
and Dagster's run retries take it up again.
"""

import argparse
import sys

import dagster as dg

from ov_assets.sandbox.ports import is_served
from ov_assets.sandbox.processes import wait_for

# What the default run launcher puts on each run it starts; a run of `ov run` hasn't got it.
LAUNCHED = ".dagster/grpc_info"
AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
REASON = "Its worker ended with the `ov up` that it ran under."


def close_runs(instance: dg.DagsterInstance) -> list[str]:
    closed = []
    for run in instance.get_runs(dg.RunsFilter(statuses=AT_WORK)):
        if LAUNCHED not in run.tags:
            continue
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, REASON)
        else:
            instance.report_run_failed(run, REASON)
        closed.append(run.run_id)
    return closed


def main() -> None:
    from dagster._daemon.cli import main as dagster_daemon

    parser = argparse.ArgumentParser()
    parser.add_argument("--code-server", type=int, required=True)
    parser.add_argument("--close-runs", action="store_true")
    ours, dagsters = parser.parse_known_args()
    if ours.close_runs:
        with dg.DagsterInstance.get() as instance:
            for run_id in close_runs(instance):
                print(f"Run {run_id} was left unfinished by an earlier `ov up`; closed.", flush=True)
    # The daemon tries a retry or a queued run once; without a code server it would fail it for good.
    wait_for(lambda: is_served(ours.code_server), 60)
    sys.argv[1:] = dagsters
    dagster_daemon()


if __name__ == "__main__":
    main()
