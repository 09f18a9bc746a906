"""Each alert ends once, by what really ends it, and whoever heard of it hears of its end."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import dagster as dg
import psycopg
import pytest
import time_machine

from ov_assets.alerts.delivery import DeliveryError
from ov_assets.alerts.watch import Cursor
from ov_assets.settings import MissingSettingError
from ov_assets.timezone import BOGOTA
from ov_assets_tests.alerts.runs import ended, morning, run
from ov_assets_tests.rds.asked import asked

Tick = Callable[[], None]


def titles(webhook: Any) -> list[str]:
    return [post["title"] for post in webhook.posts]


@pytest.fixture(autouse=True)
def told_to_the_webhook(webhook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)


def test_what_one_company_lacks_the_other_one_does_not_end(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any
) -> None:
    lacks = MissingSettingError("OV_AIRE_PASSWORD", "the portal of aire is needed")
    for day in (10, 11):
        run(instance, f"aire|2025-10-{day}", error=lacks)
        run(instance, f"afinia|2025-10-{day}")
        run(instance, f"afinia|2025-10-{day}", asset="s3_objects")
        run(instance, f"aire|2025-10-{day}", asset="s3_objects")
        tick()
    title = "Air-e: falta una variable de configuración"
    assert titles(webhook) == [title]
    assert "Paso: pqr_captures" in webhook.posts[0]["message"]
    run(instance, "aire|2025-10-12")
    tick()
    assert titles(webhook) == [title, f"Resuelto: {title}"]


def test_a_run_that_is_news_of_a_failure_is_not_its_end_too(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any
) -> None:
    @dg.asset
    def s3_objects() -> None: ...

    @dg.asset(deps=[s3_objects])
    def verification_report() -> None:
        raise dg.Failure(metadata={"falla": "DatabaseDownError"}, allow_retries=False)

    for _ in range(2):
        dg.materialize([s3_objects, verification_report], instance=instance, raise_on_error=False)
        tick()
    assert titles(webhook) == ["Oficina Virtual: la base de datos (RDS) no responde"]


def test_with_a_dead_channel_the_other_one_is_reminded_once_and_hears_the_end(
    instance: dg.DagsterInstance,
    tick: Tick,
    mailbox: Any,
    webhook: Any,
    monkeypatch: pytest.MonkeyPatch,
    rds: dict[str, Any],
) -> None:
    box, mail_url = mailbox
    monkeypatch.setenv("OV_ALERT_URLS", f"{mail_url} {webhook.url}")
    webhook.status = 503

    def heard() -> list[str]:
        with pytest.raises(DeliveryError):
            tick()
        return [subject for subject, _ in box.mails]

    title, partition = "Afinia 10/10/2025: falla pqr_captures", "afinia|2025-10-10"
    for _ in range(2):
        run(instance, partition, error=ValueError())
        assert heard() == [title]
    with psycopg.connect(**rds) as connection:
        connection.execute("UPDATE data_general.alertas_ov SET avisada_en = now() - interval '7 hours'")
    for _ in range(2):
        run(instance, partition, error=ValueError())
        assert heard() == [title, title]
    run(instance, partition)
    assert heard() == heard() == [title, title, f"Resuelto: {title}"]
    webhook.status = 200
    tick()
    assert titles(webhook) == [f"Resuelto: {title}"]


def summary(instance: dg.DagsterInstance, day: int, *, unusual: dict[str, str], dies: bool = False) -> None:
    """The daily summary of a day of October and the check of its volume."""

    @dg.asset
    def daily_summary() -> None:
        if dies:
            raise ValueError

    @dg.asset_check(asset="daily_summary")
    def volume_like_its_weekday() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            passed=not unusual,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"empresas": unusual, "fecha": f"2025-10-{day}"},
        )

    dg.materialize(
        [daily_summary] if dies else [daily_summary, volume_like_its_weekday],
        instance=instance,
        raise_on_error=False,
        tags={"dagster/partition": f"2025-10-{day}"},
    )


@pytest.fixture
def whole_days(rds: dict[str, Any]) -> None:
    """Days without a PQR, whose portals were asked: nothing lacks."""
    for partition in (f"{company}|2025-10-{day}" for company in ("afinia", "aire") for day in (12, 13)):
        asked(rds, partition)


@pytest.mark.usefixtures("whole_days")
@pytest.mark.usefixtures("schedules")
def test_a_hint_and_a_summary_of_a_morning_that_is_past_are_over_without_a_word(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any
) -> None:
    summary(instance, 12, unusual={"aire": "3 PQR: muy pocas"})
    summary(instance, 12, unusual={}, dies=True)
    tick()
    morning(instance, 13)
    tick()
    news = [
        "Air-e 12/10/2025: el número de PQR es inusual",
        "Oficina Virtual 12/10/2025: falla daily_summary",
    ]
    assert titles(webhook) == [*news, "Oficina Virtual 12/10/2025: hay algo que mirar"]
    assert all(title in webhook.posts[2]["message"] for title in news)
    morning(instance, 14)
    tick()
    assert titles(webhook)[3:] == ["Oficina Virtual 13/10/2025: todo en orden"]


@pytest.mark.usefixtures("whole_days")
@pytest.mark.usefixtures("schedules")
def test_what_is_still_to_be_mended_stays_in_the_digest(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any
) -> None:
    run(instance, "2025-10-12", fault="DatabaseDownError", asset="daily_summary")
    run(instance, "aire|2025-10-12", error=ValueError(), asset="rds_table")
    tick()
    morning(instance, 14)
    tick()
    digest = webhook.posts[-1]
    assert digest["title"] == "Oficina Virtual 13/10/2025: hay algo que mirar"
    assert all(title in digest["message"] for title in titles(webhook)[:2])


@pytest.mark.usefixtures("schedules")
def test_a_digest_that_one_channel_has_is_stale_by_the_next_one_without_a_word(
    instance: dg.DagsterInstance, tick: Tick, mailbox: Any, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, mail_url = mailbox
    monkeypatch.setenv("OV_ALERT_URLS", f"{mail_url} {webhook.url}")
    webhook.status = 503
    for day in (14, 15):
        morning(instance, day)
        with pytest.raises(DeliveryError):
            tick()
    assert not [subject for subject, _ in box.mails if subject.startswith("Resuelto: Oficina")]


def test_a_chain_that_is_through_ends_what_was_interrupted_of_its_partition(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any
) -> None:
    for job in ("__ASSET_JOB", "ov_s3_job"):
        ended(instance, job, "aire|2025-10-10", good=False)
    ended(instance, "ov_chain_job", "aire|2025-10-11", good=True)
    ended(instance, "ov_chain_job", "afinia|2025-10-10", good=True)
    tick()
    title = "Air-e 10/10/2025: falla la ejecución"
    assert titles(webhook) == [title] * 2
    ended(instance, "ov_chain_job", "aire|2025-10-10", good=True)
    tick()
    assert titles(webhook)[2:] == [f"Resuelto: {title}"] * 2


def test_a_run_that_dies_is_told_although_a_hint_of_it_failed_before(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any
) -> None:
    ended(instance, "ov_chain_job", "aire|2025-10-10", good=False, failed_hint="fields_as_full_as_before")
    tick()
    assert set(titles(webhook)) == {
        "Air-e 10/10/2025: falla la ejecución",
        "Air-e 10/10/2025: un campo viene más vacío que de costumbre",
    }


def test_the_first_failure_ever_is_not_lost_in_a_long_outage_of_the_sensor(
    instance: dg.DagsterInstance, tick: Tick, webhook: Any
) -> None:
    for hour, failure in ((4, False), (5, True), (9, False)):
        with time_machine.travel(datetime(2025, 10, 14, hour, tzinfo=BOGOTA), tick=True):
            if failure:
                run(instance, "aire|2025-10-13", fault="OtpRequired")
            else:
                tick()
    assert titles(webhook) == ["Air-e: el portal pide un código de un solo uso (OTP)"]


def test_a_cursor_without_a_moment_is_read_too() -> None:
    cursor = Cursor.of('{"PIPELINE_FAILURE": 7}')
    assert cursor.seen == {"PIPELINE_FAILURE": 7}
    assert Cursor.of(cursor.to_json()) == cursor
