"""A real SMTP server and a real webhook on loopback, and sensors as the daemon evaluates them."""

import email.policy
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from apprise.plugins.email import NotifyEmail

from ov_assets.alerts.sensors import alert_delivery_sensor, alerts_sensor
from ov_assets.resources import Database, ObjectStore
from ov_assets.timezone import BOGOTA


class Mailbox:
    """What an SMTP server took, as (subject, text)."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        self.times: list[datetime] = []

    @property
    def messages(self) -> list[tuple[datetime, str]]:
        """When which subject came."""
        return list(zip(self.times, (subject for subject, _ in self.mails), strict=True))

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=email.policy.default)
        body = mail.get_body(("plain", "html"))
        self.times.append(datetime.now(BOGOTA))
        self.mails.append((str(mail["subject"]), body.get_content() if body else ""))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mailbox, str]]:
    """A mail server, and the apprise URL that writes to it; it takes mails as fast as they come."""
    monkeypatch.setattr(NotifyEmail, "request_rate_per_sec", 0)
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]  # the controller calls itself, so it has to know its port
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"mailto://127.0.0.1:{port}?from=ov@example.com&to=turno@example.com&mode=insecure"
    controller.stop()


class Webhook:
    """What was posted, and the status that it answers with."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.gets: list[str] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.status == 200:
                    outer.posts.append(data)
                self.send_response(outer.status)
                self.end_headers()

            def do_GET(self) -> None:
                outer.gets.append(self.path)
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"json://{self.address}/gancho"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    yield hook
    hook.close()


@pytest.fixture
def rds(monkeypatch: pytest.MonkeyPatch, database: dict[str, Any]) -> dict[str, Any]:
    """The RDS settings of the test's own database."""
    names = {"HOST": "host", "PORT": "port", "DATABASE": "dbname", "USERNAME": "user", "PASSWORD": "password"}
    for name, key in names.items():
        monkeypatch.setenv(f"RDS_{name}", str(database[key]))
    monkeypatch.setenv("RDS_SSL_MODE", database["sslmode"])
    monkeypatch.setenv("S3_BUCKET_NAME", "b")
    monkeypatch.setenv("DAGSTER_WEBSERVER_URL", "https://dagster.example.com")
    return database


@pytest.fixture
def schedules() -> None:
    """For a test that evaluates a schedule, which opens Dagster's instance by itself."""


@pytest.fixture
def instance(request: pytest.FixtureRequest) -> Iterator[dg.DagsterInstance]:
    """In memory; in files, where each run costs ten times as much, for `schedules` alone."""
    if "schedules" in request.fixturenames:
        yield request.getfixturevalue("instance_in_files")
    else:
        with dg.DagsterInstance.ephemeral() as made:
            yield made


@pytest.fixture
def tick(rds: dict[str, Any], instance: dg.DagsterInstance) -> Callable[[], None]:
    """One evaluation of both sensors, the cursor kept between two of them as the daemon keeps it."""
    kept: dict[str, str | None] = {"cursor": None}

    def once() -> None:
        found = {"database": Database(), "store": ObjectStore()}
        with dg.build_sensor_context(
            instance=instance, cursor=kept["cursor"], resources=found, sensor_name="alerts_sensor"
        ) as context:
            result = alerts_sensor(context)
        assert isinstance(result, dg.SensorResult)
        kept["cursor"] = result.cursor
        with dg.build_sensor_context(instance=instance, resources=found) as context:
            alert_delivery_sensor(context)

    return once
