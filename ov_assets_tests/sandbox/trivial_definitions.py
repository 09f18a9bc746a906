"""What `ov up` loads in its tests: an asset that starts processes which don't want to go."""

import subprocess
import time

import dagster as dg


@dg.asset
def stubborn() -> None:
    """A detached grandchild that ignores SIGTERM, as a hanging browser might."""
    subprocess.Popen(["sh", "-c", "trap '' TERM HUP; sleep 600; sleep 600"], start_new_session=True)
    time.sleep(600)


defs = dg.Definitions([stubborn], executor=dg.in_process_executor)
