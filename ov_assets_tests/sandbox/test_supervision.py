"""Who starts the sandbox, who ends it, and what happens when somebody is killed with -9."""

from pathlib import Path

import boto3
import psutil
import psycopg
import pytest

from ov_assets.sandbox import environment
from ov_assets.settings import MissingSettingError, Settings
from ov_assets_tests.sandbox.helpers import User, eventually, nobody_left, ov, processes_of, state, user


def connect(variables: dict[str, str]) -> psycopg.Connection:
    return psycopg.connect(
        host=variables["RDS_HOST"],
        port=int(variables["RDS_PORT"]),
        dbname=variables["RDS_DATABASE"],
        user=variables["RDS_USERNAME"],
        password=variables["RDS_PASSWORD"],
    )


def s3(variables: dict[str, str]) -> boto3.session.Session:
    return boto3.client(
        "s3",
        endpoint_url=variables["S3_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def listeners(home: Path) -> set[str]:
    """Addresses on which anything of this sandbox listens."""
    tree = psutil.Process(state(home)["pid"]).children(recursive=True)
    connections = [connection for process in tree for connection in process.net_connections("inet")]
    return {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}


def test_state_is_kept_and_another_sandbox_does_not_see_it(home: Path, sandbox: dict[str, str]) -> None:
    with user(home, "rds", "s3") as variables:
        assert listeners(home) == {"127.0.0.1"}
        assert variables["RDS_PORT"] != sandbox["RDS_PORT"]
        assert variables["S3_ENDPOINT_URL"] != sandbox["S3_ENDPOINT_URL"]
        with connect(variables) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        s3(variables).put_object(Bucket=variables["S3_BUCKET_NAME"], Key="kept", Body=b"bytes")
    assert processes_of(home) == []

    with user(home, "rds", "s3") as again:
        assert again == variables  # ports and passwords too
        with connect(again) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        kept = s3(again).get_object(Bucket=again["S3_BUCKET_NAME"], Key="kept")
        assert kept["Body"].read() == b"bytes"


def test_two_users_who_start_at_once_share_one_supervisor(home: Path) -> None:
    first, second = User(home, "rds"), User(home, "rds")
    variables = first.variables()
    assert second.variables() == variables
    first.leave()
    with connect(variables) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    second.leave()
    nobody_left(home, 5)


@pytest.mark.kill
def test_a_killed_user_is_noticed(home: Path) -> None:
    one = User(home, "rds", "s3")
    one.variables()
    one.kill()
    nobody_left(home, 10)


@pytest.mark.kill
def test_a_user_who_comes_while_all_is_being_stopped_gets_a_new_sandbox(home: Path) -> None:
    leaving = User(home, "rds")
    leaving.variables()
    old = state(home)["pid"]
    leaving.kill()
    eventually(lambda: not (home / "sandbox" / "sandbox.json").exists(), 5, "the supervisor stops")
    with user(home, "rds") as variables, connect(variables) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert state(home)["pid"] != old


@pytest.mark.kill
def test_a_killed_supervisor_leaves_nobody_and_blocks_nothing(home: Path) -> None:
    one = User(home, "rds", "s3", "portals")
    one.variables()
    psutil.Process(state(home)["pid"]).kill()
    eventually(lambda: [p.pid for p in processes_of(home)] == [one.process.pid], 10, "all servers end")
    one.kill()
    # As PostgreSQL leaves it when it is killed itself, with a number that somebody else has by now.
    (home / "sandbox" / "postgres" / "data" / "postmaster.pid").write_text(f"1\n{home}\n0\n5432\n\n\n\n")
    with user(home, "rds", "s3") as variables, connect(variables) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.kill
def test_a_dead_service_is_named_with_its_log(home: Path) -> None:
    with user(home, "s3"):
        weed = next(p for p in processes_of(home) if p.name() == "weed")
        weed.kill()
        eventually(lambda: state(home)["failed"], 5, "the supervisor notices")
        said = state(home)["failed"]["seaweedfs"]
    assert "SeaweedFS ended with status -9" in said
    assert str(home / "logs" / "seaweedfs.log") in said


def test_services_come_and_go_with_their_users(home: Path) -> None:
    with user(home, "s3"):
        assert set(state(home)["ready"]) == {"seaweedfs"}
        with user(home, "rds"):
            assert set(state(home)["ready"]) == {"seaweedfs", "postgres"}
        eventually(lambda: set(state(home)["ready"]) == {"seaweedfs"}, 5, "PostgreSQL stops again")


def test_what_the_environment_names_is_not_started(home: Path) -> None:
    real = {"RDS_HOST": "db.example.org", "DAGSTER_PG_HOST": "db.example.org"}
    with user(home, "rds", "dagster", "s3", extra=real) as variables:
        assert set(state(home)["ready"]) == {"seaweedfs"}
        assert not [name for name in variables if name.startswith(("RDS_", "DAGSTER_"))]


def test_each_group_replaces_its_part(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("S3_BUCKET_NAME", "real")
    monkeypatch.setenv("OV_AIRE_URL", "https://portal.example.org")
    monkeypatch.setenv("OV_AIRE_USERNAME", "operator")
    monkeypatch.setenv("OV_AIRE_PASSWORD", "secret")
    settings = Settings(ov_home=home)
    assert environment.services_needed(settings) == ["portals", "postgres"]
    assert environment.simulated_companies() == ["afinia"]


def test_a_portal_without_its_account_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("OV_AFINIA_URL", "https://portal.example.org")
    with pytest.raises(MissingSettingError, match="OV_AFINIA_USERNAME"):
        environment.services_needed(Settings(ov_home=home))
    done = ov(home, "env")
    assert done.returncode == 2
    assert "OV_AFINIA_USERNAME" in done.stderr


def test_env_without_a_sandbox_says_what_to_do(home: Path) -> None:
    done = ov(home, "env")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().endswith("start it with `ov up`")
