"""A portal that asks for a code, from the login page to the message, and back."""

from collections.abc import Callable
from datetime import date
from typing import Any

import dagster as dg
import pytest

from ov_assets.days import CompanyDay
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, materialize


@pytest.mark.usefixtures("flow")
def test_a_portal_that_asks_for_a_code_is_told_once_and_so_is_its_end(
    portal: Any,
    instance: dg.DagsterInstance,
    tick: Callable[[], None],
    webhook: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OV_ALERT_URLS", webhook.url)
    portal.control("aire").put("faults", json={"otp": {"code": "A1B2C"}}).raise_for_status()
    partition = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
    for _ in range(2):
        assert not materialize(partition, "pqr_captures", instance=instance).success
        tick()
    portal.control("aire").delete("faults").raise_for_status()
    assert materialize(partition, "pqr_captures", instance=instance).success
    tick()
    title = "Air-e: el portal pide un código de un solo uso (OTP)"
    assert [post["title"] for post in webhook.posts] == [title, f"Resuelto: {title}"]
