"""One process that owns the servers of one directory: starts those that are wanted, stops the others.

A service is wanted while anybody holds a shared lock on `users/<service>.lock`. The kernel drops a lock
with its holder, so a user that was killed with -9 is noticed like one that left politely. While a service
is being stopped the supervisor holds that lock exclusively: a user who comes just then waits for it, finds
no supervisor, and starts a new one.

What the services publish stands in the state file (`sandbox/sandbox.json`).

    python -m ov_assets.sandbox.supervisor DIRECTORY LOGS
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ov_assets.companies import COMPANIES
from ov_assets.sandbox import credentials, leash, processes
from ov_assets.sandbox.locks import supervisor_lock, user_lock
from ov_assets.sandbox.portals import Portals
from ov_assets.sandbox.postgres import Postgres
from ov_assets.sandbox.seaweedfs import SeaweedFS
from ov_assets.sandbox.service import Service, ServiceError
from ov_assets.sandbox.users import state_file

POLL_SECONDS = 0.2
MARK = "OV_SUPERVISED_BY"  # in the environment of all that a supervisor starts: its directory
STARTS = 3  # a port may be taken between its choice and its use


class Supervisor:
    def __init__(self, directory: Path, services: Mapping[str, Service]) -> None:
        self.directory = directory
        self.services = services
        self.users = {name: user_lock(directory, name) for name in services}
        self.starts: dict[str, int] = {}  # service → how often it was started
        self.ready: dict[str, dict[str, str]] = {}  # service → its address
        self.failed: dict[str, str] = {}  # service → what happened
        self.told_to_stop = False

    def run(self) -> None:
        """Until nobody wants anything, or a signal comes. Returns at once if another one is at work."""
        lock = supervisor_lock(self.directory)
        # Users probe the lock for a moment, so one failed try means nothing.
        if not processes.wait_for(lock.try_exclusive, 1.0):
            return
        # First of all: who sees us at work takes it for ours, and the servers in it died with another one.
        state_file(self.directory).unlink(missing_ok=True)
        leash.adopt_orphans()
        processes.end_marked(MARK, str(self.directory))
        os.environ[MARK] = str(self.directory)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._tell_to_stop)
        try:
            self.publish()
            while not self.told_to_stop and not self.tick():
                time.sleep(POLL_SECONDS)
        finally:
            state_file(self.directory).unlink(missing_ok=True)
            processes.stop(list(self.services.values()))
            processes.end_descendants()

    def tick(self) -> bool:
        """Look at every service once; True when none is wanted any more."""
        processes.reap_orphans(known={s.process.pid for s in self.services.values() if s.process is not None})
        unwanted = [name for name, lock in self.users.items() if lock.try_exclusive()]
        if len(unwanted) == len(self.services):
            return True  # the locks stay ours until we are gone
        self.stop([name for name in unwanted if name in self.starts])
        for name in unwanted:
            self.failed.pop(name, None)
            self.users[name].release()
        for name, service in self.services.items():
            if name not in unwanted and name not in self.failed:
                self.look_at(name, service)
        return False

    def look_at(self, name: str, service: Service) -> None:
        """Bring one wanted service a step further."""
        try:
            if name in self.ready:
                service.check()
            elif service.process is None:
                self.starts[name] = self.starts.get(name, 0) + 1
                service.start()
            else:
                service.check_start()
                if address := service.address():
                    self.ready[name] = address
                    self.say(f"{service.name} is ready after {time.monotonic() - service.started_at:.1f} s")
                    self.publish()
        except (ServiceError, OSError, subprocess.SubprocessError) as error:
            self.say(str(error))
            again = name not in self.ready and service.stopped() and self.starts[name] < STARTS
            service.kill()
            if not again:
                self.forget([name])
                self.failed[name] = str(error)
                self.publish()

    def stop(self, names: list[str]) -> None:
        if names:
            processes.stop([self.services[name] for name in names])
            self.forget(names)
            self.publish()

    def forget(self, names: list[str]) -> None:
        for name in names:
            self.starts.pop(name, None)
            self.ready.pop(name, None)

    def publish(self) -> None:
        state = {"pid": os.getpid(), "ready": self.ready, "failed": self.failed}
        credentials.write_private(state_file(self.directory), json.dumps(state, indent=2))

    def say(self, message: str) -> None:
        print(time.strftime("%Y-%m-%d %H:%M:%S"), message, flush=True)

    def _tell_to_stop(self, *_: object) -> None:
        self.told_to_stop = True


def sandbox_services(directory: Path, logs: Path) -> dict[str, Service]:
    """In the order in which they are started: the slowest to get ready first."""
    drawn = credentials.of_sandbox(directory, list(COMPANIES))
    return {
        "seaweedfs": SeaweedFS(directory / "seaweedfs", logs / "seaweedfs.log", drawn),
        "portals": Portals(directory / "portals", logs / "portals.log", drawn),
        "postgres": Postgres(directory / "postgres", logs / "postgres.log", drawn),
    }


def main() -> None:
    directory, logs = Path(sys.argv[1]), Path(sys.argv[2])
    Supervisor(directory, sandbox_services(directory, logs)).run()


if __name__ == "__main__":
    main()
