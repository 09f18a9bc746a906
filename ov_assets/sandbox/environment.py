"""The environment variables that the sandbox stands in for, group by group.

A group that is set in the environment replaces its part: the part isn't started, nothing is exported for it.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ov_assets.companies import COMPANIES
from ov_assets.sandbox import users
from ov_assets.settings import MissingSettingError, PortalAccount, Settings

RDS, S3, PORTALS, DAGSTER = "rds", "s3", "portals", "dagster"
GROUPS = (RDS, S3, PORTALS, DAGSTER)
SERVICE_OF = {RDS: "postgres", S3: "seaweedfs", PORTALS: "portals", DAGSTER: "postgres"}


def directory_of(settings: Settings) -> Path:
    return settings.ov_home.absolute() / "sandbox"


def logs_of(settings: Settings) -> Path:
    return settings.ov_home.absolute() / "logs"


def services_needed(settings: Settings, groups: Sequence[str] = GROUPS) -> list[str]:
    """The services that stand in for those of `groups` that the environment doesn't set."""
    return sorted({SERVICE_OF[group] for group in groups if not is_replaced(settings, group)})


def is_replaced(settings: Settings, group: str) -> bool:
    if group == PORTALS:
        return not simulated_companies()
    return {
        RDS: settings.rds_host,
        S3: settings.s3_bucket_name,
        DAGSTER: settings.dagster_pg_host,
    }[group] is not None


def simulated_companies() -> list[str]:
    """The companies whose portal isn't named in the environment. A named one needs its account too."""
    simulated = []
    for slug in COMPANIES:
        account = PortalAccount.of(slug)
        if account.url is None:
            simulated.append(slug)
            continue
        for field in ("username", "password"):
            if getattr(account, field) is None:
                raise MissingSettingError(
                    f"OV_{slug.upper()}_{field.upper()}", f"OV_{slug.upper()}_URL names a portal"
                )
    return simulated


@contextmanager
def running(
    settings: Settings, groups: Sequence[str] = GROUPS, *, migrate: bool = True
) -> Iterator[dict[str, str]]:
    """Have the sandbox's parts of `groups` run for as long as the context lasts; yields their variables.

    migrate: bring the sandbox's own business database up to date. A real RDS is its operator's to migrate.
    """
    directory, log = directory_of(settings), logs_of(settings) / "supervisor.log"
    needed = services_needed(settings, groups)
    command = [sys.executable, "-m", "ov_assets.sandbox.supervisor", str(directory), str(log.parent)]
    with users.using(directory, needed, command, log) if needed else _nothing() as addresses:
        if migrate and RDS in groups and not is_replaced(settings, RDS):
            from ov_assets.rds.migrate import upgrade

            upgrade(conninfo(addresses["postgres"], "ov"))
        yield variables(settings, groups, addresses)


def variables_of_running(settings: Settings) -> dict[str, str] | None:
    """Those of a sandbox that somebody else has started; None if a part that is needed isn't running."""
    needed = services_needed(settings)
    state = users.read_state(directory_of(settings)) or {"ready": {}}
    if any(service not in state["ready"] for service in needed):
        return None
    return variables(settings, GROUPS, state["ready"])


def variables(
    settings: Settings, groups: Sequence[str], addresses: dict[str, dict[str, str]]
) -> dict[str, str]:
    # Absolute: the servers have working directories of their own.
    found = {"OV_HOME": str(settings.ov_home.absolute()), "OV_DATA_DIR": str(settings.data_dir)}
    for group in groups:
        if not is_replaced(settings, group):
            found |= VARIABLES[group](addresses[SERVICE_OF[group]])
    return found


def wait_until_stopped(settings: Settings) -> None:
    """Until the sandbox is gone, or it is clear that somebody else goes on using it."""
    directory = directory_of(settings)
    time.sleep(1.0)  # many times what the supervisor needs to notice that nobody is left
    if users.read_state(directory) is None:
        users.wait_until_gone(directory)


def conninfo(postgres: dict[str, str], role: str) -> dict[str, str | int]:
    """Keyword arguments of `psycopg.connect`. Each role owns the database of its own name."""
    return {
        "host": postgres["host"],
        "port": int(postgres["port"]),
        "dbname": role,
        "user": role,
        "password": postgres[f"{role}_password"],
        "sslmode": "disable",
    }


def _rds(postgres: dict[str, str]) -> dict[str, str]:
    return {
        "RDS_HOST": postgres["host"],
        "RDS_PORT": postgres["port"],
        "RDS_DATABASE": "ov",
        "RDS_USERNAME": "ov",
        "RDS_PASSWORD": postgres["ov_password"],
        "RDS_SSL_MODE": "disable",
    }


def _dagster(postgres: dict[str, str]) -> dict[str, str]:
    return {
        "DAGSTER_PG_HOST": postgres["host"],
        "DAGSTER_PG_PORT": postgres["port"],
        "DAGSTER_PG_DB": "dagster",
        "DAGSTER_PG_USERNAME": "dagster",
        "DAGSTER_PG_PASSWORD": postgres["dagster_password"],
    }


def _s3(seaweedfs: dict[str, str]) -> dict[str, str]:
    return {
        "S3_BUCKET_NAME": seaweedfs["bucket"],
        "S3_ENDPOINT_URL": seaweedfs["endpoint"],
        "AWS_REGION": seaweedfs["region"],
        "AWS_ACCESS_KEY_ID": seaweedfs["access_key"],
        "AWS_SECRET_ACCESS_KEY": seaweedfs["secret_key"],
    }


def _portals(portals: dict[str, str]) -> dict[str, str]:
    return {
        f"OV_{slug.upper()}_{field.upper()}": portals[f"{slug}_{field}"]
        for slug in simulated_companies()
        for field in ("url", "username", "password")
    }


VARIABLES = {RDS: _rds, S3: _s3, PORTALS: _portals, DAGSTER: _dagster}


@contextmanager
def _nothing() -> Iterator[dict[str, dict[str, str]]]:
    yield {}
