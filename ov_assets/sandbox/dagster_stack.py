"""Dagster as `ov up` runs it: one code server, the webserver and the daemon, under a supervisor of their own.

Webserver and daemon share the code server: one copy of the code in memory, the same version for both, and
"Reload" in the UI reaches the two of them. Run workers are the code server's children.

    python -m ov_assets.sandbox.dagster_stack OPTIONS-AS-JSON
"""

import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import ov_assets
from ov_assets.sandbox import environment, processes, users
from ov_assets.sandbox.locks import user_lock
from ov_assets.sandbox.ports import free_port, is_served
from ov_assets.sandbox.service import Service, ServiceError
from ov_assets.settings import Settings

CODE_SERVER, WEBSERVER, DAEMON = SERVICES = "code_server", "webserver", "daemon"
HEALTH = """{
  workspaceOrError { ... on Workspace { locationEntries {
    loadStatus locationOrLoadError { __typename ... on PythonError { message className } }
  } } }
  instance { daemonHealth { allDaemonStatuses { required healthy lastHeartbeatTime } } }
}"""
# The code server isn't up yet: what the webserver then says is no error of ours.
UNREACHABLE = "DagsterUserCodeUnreachableError"


def directory_of(home: Path) -> Path:
    """Where the supervisor of Dagster's processes keeps its locks and its state."""
    return home.absolute() / "up"


@dataclass(frozen=True)
class Options:
    home: str  # OV_HOME
    module: str
    webserver_port: int
    code_server_port: int
    own_storage: bool
    holds: list[str]  # services of the sandbox that must outlive Dagster

    @property
    def directory(self) -> Path:
        return directory_of(Path(self.home))

    @property
    def workspace(self) -> Path:
        return self.directory / "workspace.yaml"


class DagsterService(Service):
    def __init__(self, options: Options) -> None:
        name = type(self).name.replace(" ", "-")
        super().__init__(options.directory, Path(options.home) / "logs" / f"{name}.log")
        self.options = options

    def spawn_module(self, module: str, *arguments: str) -> None:
        self.spawn([sys.executable, "-m", module, *arguments])


class CodeServer(DagsterService):
    name = "code server"

    def launch(self) -> None:
        port = str(self.options.code_server_port)
        code = ["--module-name", self.options.module, "--location-name", "ov_assets"]
        self.spawn_module("dagster", "code-server", "start", *code, "--host", "127.0.0.1", "--port", port)

    def address(self) -> dict[str, str] | None:
        port = self.options.code_server_port
        return {"port": str(port)} if is_served(port) else None

    def ask_to_stop(self) -> None:
        """Run workers too: they write down that they were interrupted, and it waits for them."""
        if self.process is not None and self.process.poll() is None:
            processes.signal_tree(self.process.pid, signal.SIGTERM)


class Webserver(DagsterService):
    name = "webserver"

    def launch(self) -> None:
        port = str(self.options.webserver_port)
        place = ["--host", "127.0.0.1", "--port", port, "--workspace", str(self.options.workspace)]
        self.spawn_module("dagster_webserver", *place)

    def address(self) -> dict[str, str] | None:
        """Ready when the code location is loaded."""
        health = graphql(self.options.webserver_port, HEALTH)
        if health is None:
            return None
        for location in health["workspaceOrError"].get("locationEntries", []):
            loaded = location["locationOrLoadError"] or {"__typename": None}
            if loaded["__typename"] == "RepositoryLocation":
                return {"url": f"http://127.0.0.1:{self.options.webserver_port}"}
            if loaded["__typename"] == "PythonError" and loaded["className"] != UNREACHABLE:
                raise ServiceError(f"{self.options.module} can't be loaded: {loaded['message'].strip()}")
        return None


class Daemon(DagsterService):
    name = "daemon"

    started_clock = 0.0

    def launch(self) -> None:
        self.started_clock = time.time()
        ours = ["--code-server", str(self.options.code_server_port)]
        if self.options.own_storage:
            ours.append("--close-runs")
        workspace = ["--workspace", str(self.options.workspace)]
        self.spawn_module("ov_assets.sandbox.dagster_daemon", *ours, "run", *workspace)

    def address(self) -> dict[str, str] | None:
        """Ready when each of its parts has reported since it was started."""
        health = graphql(self.options.webserver_port, HEALTH)
        if health is None:
            return None
        parts = [p for p in health["instance"]["daemonHealth"]["allDaemonStatuses"] if p["required"]]
        fresh = [p["healthy"] and (p["lastHeartbeatTime"] or 0) > self.started_clock for p in parts]
        return {"parts": str(len(parts))} if parts and all(fresh) else None


def graphql(port: int, query: str) -> dict[str, Any] | None:
    """The answer's data; None while nobody answers. No proxy of the environment is asked."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(
            "POST", "/graphql", json.dumps({"query": query}), {"Content-Type": "application/json"}
        )
        data: dict[str, Any] | None = json.load(connection.getresponse()).get("data")
    except (OSError, HTTPException, json.JSONDecodeError):
        return None
    else:
        return data
    finally:
        connection.close()


@contextmanager
def running_dagster(
    settings: Settings,
    variables: Mapping[str, str],
    *,
    port: int | None = None,
    module: str = "ov_assets.definitions",
) -> Iterator[str]:
    """Have Dagster run for as long as the context lasts, on the `variables` of `sandbox.running`.

    Yields the webserver's URL.
    """
    options = Options(
        home=str(settings.ov_home.absolute()),
        module=module,
        webserver_port=port or free_port(3000),
        code_server_port=free_port(),
        own_storage="postgres" in environment.services_needed(settings, [environment.DAGSTER]),
        holds=environment.services_needed(settings),
    )
    options.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    options.workspace.write_text(
        "load_from:\n"
        f"  - grpc_server: {{host: 127.0.0.1, port: {options.code_server_port}, location_name: ov_assets}}\n"
    )
    command = [sys.executable, "-m", "ov_assets.sandbox.dagster_stack", json.dumps(asdict(options))]
    log = Path(options.home) / "logs" / "dagster-supervisor.log"
    url = f"http://127.0.0.1:{options.webserver_port}"
    env = {**variables, "DAGSTER_HOME": str(prepare_home(settings)), "DAGSTER_WEBSERVER_URL": url}
    try:
        with users.using(options.directory, SERVICES, command, log, env):
            yield url
    finally:
        users.wait_until_gone(options.directory)


def variables_of_running(settings: Settings) -> dict[str, str]:
    """DAGSTER_WEBSERVER_URL of the `ov up` on this OV_HOME; empty without one, or if it is set already."""
    state = users.read_state(directory_of(settings.ov_home)) or {"ready": {}}
    if "dagster_webserver_url" in settings.model_fields_set or WEBSERVER not in state["ready"]:
        return {}
    return {"DAGSTER_WEBSERVER_URL": state["ready"][WEBSERVER]["url"]}


def prepare_home(settings: Settings) -> Path:
    """`$OV_HOME/dagster` with `deploy/dagster.yaml` in it."""
    home = settings.ov_home.absolute() / "dagster"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(Path(ov_assets.__file__).parents[1] / "deploy" / "dagster.yaml", home / "dagster.yaml")
    return home


def main() -> None:
    from ov_assets.sandbox.supervisor import Supervisor

    options = Options(**json.loads(sys.argv[1]))
    # The database must not go away under a run worker that is writing down why it stops.
    held = [user_lock(Path(options.home) / "sandbox", service) for service in options.holds]
    for lock in held:
        lock.take_shared(users.STOP_SECONDS)
    services = {CODE_SERVER: CodeServer(options), WEBSERVER: Webserver(options), DAEMON: Daemon(options)}
    Supervisor(options.directory, services).run()


if __name__ == "__main__":
    main()
