"""From failing runs to messages in a real mailbox and a real webhook: once each, for the right things."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner

from ov_assets.alerts.delivery import DeliveryError
from ov_assets.alerts.sensors import HeartbeatError, beat
from ov_assets.cli.alerts import alerts
from ov_assets.completeness import judge
from ov_assets.rds.status import DayStatus
from ov_assets_tests.alerts.runs import PERSON, check, morning, run
from ov_assets_tests.rds.asked import asked

Tick = Callable[[], None]


def test_the_same_failure_twenty_times_is_one_message_and_its_end_is_one_more(
    instance: dg.DagsterInstance, tick: Tick, mailbox: Any, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, mail_url = mailbox
    monkeypatch.setenv("OV_ALERT_URLS", f"{mail_url} {webhook.url}")
    for number in range(20):
        run(instance, f"aire|2025-10-{number % 9 + 10}", fault="OtpRequired")
        if number % 5 == 0:
            tick()
    tick()
    assert len(box.mails) == len(webhook.posts) == 1
    (post,) = webhook.posts
    assert post["title"] == "Air-e: el portal pide un código de un solo uso (OTP)"
    assert "https://dagster.example.com/runs/" in post["message"]
    assert "Qué hacer: " in post["message"]
    assert PERSON not in str(box.mails) + str(webhook.posts)
    assert box.mails[0][0] == post["title"]

    run(instance, "aire|2025-10-10")
    tick()
    tick()
    assert [post["title"].split(":")[0] for post in webhook.posts] == ["Air-e", "Resuelto"]
    assert "visto 20 veces" in webhook.posts[1]["message"]

    run(instance, "aire|2025-10-10", fault="OtpRequired")
    tick()
    assert len(webhook.posts) == len(box.mails) == 3


def test_a_walk_of_the_list_that_fails_is_told_and_its_success_is_its_end(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    run(instance, "aire", fault="PortalDown", asset="portal_listing")
    tick()
    run(instance, "aire", asset="portal_listing")
    tick()
    title = "Air-e: el portal no responde"
    assert [post["title"] for post in webhook.posts] == [title, f"Resuelto: {title}"]


def test_a_page_that_changed_is_as_before_only_when_a_pqr_was_captured(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    for _ in range(2):
        run(instance, "aire|2025-10-10", fault="LayoutChanged")
        run(instance, "aire|2025-10-11", captured=0)  # no PQR to open on that day
        run(instance, "aire", asset="portal_listing", captured=0)
        tick()
    run(instance, "aire|2025-10-10", captured=1)
    tick()
    title = "Air-e: la página del portal cambió"
    assert [post["title"] for post in webhook.posts] == [title, f"Resuelto: {title}"]


def test_a_failure_that_lasts_is_told_again_after_its_silence(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: Any, rds: dict[str, Any]
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    run(instance, "afinia|2025-10-10", error=ValueError(PERSON))
    tick()
    with psycopg.connect(**rds) as connection:
        connection.execute(
            "UPDATE data_general.alertas_ov SET vista_ultimo = now() - interval '8 hours',"
            " avisada_en = now() - interval '7 hours'"
        )
    tick()
    assert len(webhook.posts) == 1, "not seen again since: nothing to tell"
    run(instance, "afinia|2025-10-10", error=ValueError(PERSON))
    tick()
    assert [post["title"] for post in webhook.posts] == ["Afinia 10/10/2025: falla pqr_captures"] * 2
    assert "Código: ValueError" in webhook.posts[0]["message"]
    assert "Visto 2 veces" in webhook.posts[1]["message"]
    assert PERSON not in str(webhook.posts)


def test_a_channel_that_is_down_fails_the_tick_loses_nothing_and_repeats_nothing(
    instance: dg.DagsterInstance, tick: Tick, mailbox: Any, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, mail_url = mailbox
    monkeypatch.setenv("OV_ALERT_URLS", f"{mail_url} {webhook.url}")
    webhook.status = 503
    run(instance, "afinia|2025-10-10", fault="LayoutChanged")
    for _ in range(3):
        with pytest.raises(DeliveryError, match="json://127"):
            tick()
    assert (len(box.mails), len(webhook.posts)) == (1, 0)
    webhook.status = 200
    tick()
    tick()
    assert (len(box.mails), len(webhook.posts)) == (1, 1)


def test_a_run_that_dagster_tries_again_is_no_news(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    run(instance, "aire|2025-10-10", fault="OtpRequired", **{"dagster/will_retry": "true"})
    tick()
    assert webhook.posts == []


@pytest.mark.parametrize("blocking", [False, True])
def test_a_failed_check_is_told_once_whether_it_blocks_or_not(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: Any, blocking: bool
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    check(instance, "afinia|2025-10-10", passed=False, blocking=blocking)
    check(instance, "aire|2025-10-10", passed=True)
    check(instance, "afinia|2025-10-10", passed=False, blocking=blocking)
    tick()
    assert [post["title"] for post in webhook.posts] == ["Afinia 10/10/2025: S3 no coincide con el registro"]
    assert PERSON not in str(webhook.posts)
    check(instance, "afinia|2025-10-10", passed=True)
    tick()
    assert webhook.posts[-1]["title"].startswith("Resuelto: Afinia")


def test_conflicts_and_quarantine_are_told_once_and_closed_when_settled(
    tick: Tick, webhook: Any, monkeypatch: pytest.MonkeyPatch, rds: dict[str, Any]
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    monkeypatch.setenv("OV_QUARANTINE_ALERT_ROWS", "2")
    with psycopg.connect(**rds) as connection:
        connection.execute(
            "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
            " estado_carga) VALUES ('a', 'b', 'k', 'aire', 'conflicto')"
        )
        for line in range(3):
            connection.execute(
                "INSERT INTO data_general.rechazos_ov (empresa, fecha, archivo, archivo_hash, linea, motivo,"
                " detalle) VALUES ('afinia', '2025-10-10', 'x', 'x', %s, 'fecha_invalida', 'fecha')",
                [line],
            )
    tick()
    tick()
    assert sorted(post["title"] for post in webhook.posts) == [
        "Afinia: 3 filas en cuarentena",
        "Air-e: 1 archivo en conflicto en S3",
    ]
    with psycopg.connect(**rds) as connection:
        connection.execute("UPDATE data_general.registros_ov_s3 SET estado_carga = 'pendiente'")
        connection.execute("UPDATE data_general.rechazos_ov SET estado = 'reingresado' WHERE linea = 0")
    tick()
    tick()
    assert len(webhook.posts) == 4
    assert all(post["title"].startswith("Resuelto: ") for post in webhook.posts[2:])


@pytest.mark.usefixtures("schedules")
def test_the_morning_names_each_company_without_a_whole_yesterday_and_a_mended_day_closes_its_alert(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: Any, rds: dict[str, Any]
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    asked(rds, "afinia|2025-10-13")

    assert morning(instance, 14).partition_key == "2025-10-13"
    morning(instance, 14)
    tick()
    titles = [post["title"] for post in webhook.posts]
    assert titles == [
        "Air-e 13/10/2025: el día no está completo",
        "Oficina Virtual 13/10/2025: hay algo que mirar",
    ]
    assert "nadie ha consultado el portal" in webhook.posts[0]["message"]
    digest = webhook.posts[1]["message"]
    assert "Afinia: completo" in digest
    assert "Air-e: INCOMPLETO" in digest

    asked(rds, "aire|2025-10-13")
    tick()
    assert webhook.posts[-1]["title"] == "Resuelto: Air-e 13/10/2025: el día no está completo"


@pytest.mark.usefixtures("schedules")
def test_digests_that_nobody_was_sent_are_not_sent_all_at_once(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (14, 15, 16):
        morning(instance, day)
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    tick()
    digests = [post["title"] for post in webhook.posts if post["title"].startswith("Oficina Virtual")]
    assert digests == ["Oficina Virtual 15/10/2025: hay algo que mirar"]


@pytest.mark.usefixtures("schedules")
def test_a_quiet_morning_says_so(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any, monkeypatch: Any, rds: dict[str, Any]
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    for company in ("afinia", "aire"):
        asked(rds, f"{company}|2025-10-13")
    morning(instance, 14)
    tick()
    tick()
    assert [post["title"] for post in webhook.posts] == ["Oficina Virtual 13/10/2025: todo en orden"]


def test_a_day_is_whole_only_if_the_portal_was_asked_after_it_ended() -> None:
    day = DayStatus("aire", date(2025, 10, 13), 3, 3, 0, 3, 0, 9, 9, 0, {})
    assert judge(day, None) == ("nadie ha consultado el portal",)
    assert len(judge(day, datetime(2025, 10, 14, 4, 59, tzinfo=UTC))) == 1
    assert judge(day, datetime(2025, 10, 14, 5, tzinfo=UTC)) == ()


def test_ov_alerts_test_tries_each_address_and_shows_no_password(
    webhook: Any, mailbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, mail_url = mailbox
    secret = webhook.url.replace("json://", "json://turno:secreto@")
    monkeypatch.setenv("OV_ALERT_URLS", f"{mail_url}, {secret}")
    result = CliRunner().invoke(alerts, ["test"])
    assert result.exit_code == 0, result.output
    assert result.output.count("sent") == len(box.mails) + len(webhook.posts) == 2
    webhook.status = 500
    result = CliRunner().invoke(alerts, ["test"])
    assert result.exit_code == 1
    assert "FAILED json://" in result.output
    assert "secreto" not in result.output


def test_the_heartbeat_is_heard_and_its_silence_is_an_error_without_the_address(webhook: Any) -> None:
    beat(f"http://{webhook.address}/latido/clave")
    assert webhook.gets == ["/latido/clave"]
    webhook.status = 500
    with pytest.raises(HeartbeatError) as caught:
        beat(f"http://{webhook.address}/latido/clave")
    assert "clave" not in str(caught.value)
