"""Both portals as one process: hanging requests, a clean stop, and what a restart keeps."""

from __future__ import annotations

import contextlib
from pathlib import Path

import httpx
import pytest

from ov_assets.sandbox.portal.api import BASE
from ov_assets.sandbox.portal.app import DNN_NAME
from ov_assets.sandbox.portal.session import seal

from .conftest import ACCOUNTS, DAY, start, stop


@contextlib.contextmanager
def logged_in(url: str, company: str):
    with httpx.Client(base_url=url, timeout=10) as client:
        nonce = client.get("/Login").text.split('name="__OVNonce" value="')[1].split('"')[0]
        data = {"__OVNonce": nonce, f"{DNN_NAME}hidCredenciales": seal(nonce, *ACCOUNTS[company])}
        assert client.post("/Login", data=data).status_code == 302
        yield client


@pytest.mark.browser
def test_restart_hang_and_stop(tmp_path: Path):
    server = start(tmp_path)
    url = server.urls["afinia"]
    added = httpx.post(f"{url}/__control__/pqrs", json={"date": DAY}).json()
    assert added not in httpx.get(f"{server.urls['aire']}/__control__/truth", params={"date": DAY}).json()
    httpx.put(f"{url}/__control__/faults", json={"xhr_hang": {"target": "list", "requests": 2}})
    with logged_in(url, "afinia") as client:
        for _ in range(2):
            with pytest.raises(httpx.ReadTimeout):
                client.get(f"{BASE}/Pqr/Get", timeout=0.4)
        assert client.get(f"{BASE}/Pqr/Get").status_code == 200
        httpx.put(f"{url}/__control__/faults", json={"xhr_hang": "detail"})
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{BASE}/Pqr/Detail", params={"id": added["id"]}, timeout=0.4)
    assert stop(server) == 0

    again = start(tmp_path)
    try:
        truth = httpx.get(f"{again.urls['afinia']}/__control__/truth", params={"date": DAY}).json()
        assert added in truth
        assert httpx.get(f"{again.urls['afinia']}/__control__/faults").json()["xhr_hang"] is None
    finally:
        assert stop(again) == 0
