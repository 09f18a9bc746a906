"""`kill -9` in the middle of a capture, again and again: nothing lost, nothing half, little asked twice.

OV_TEST_KILLS and OV_TEST_KILL_PQRS make it longer: 20 and 120 for the figure in the docs.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from ov_assets_tests.portal.tools import COMPANY, EMPTY_DAY, add_pqrs, differences, sign_in, stats

KILLS = int(os.environ.get("OV_TEST_KILLS", "4"))
PQRS = int(os.environ.get("OV_TEST_KILL_PQRS", "16"))
TABS = 2
GONE_WITHIN_S = 15.0
LONGEST_RUN_S = 300


def start(portal: Any, folder: Path) -> subprocess.Popen[str]:
    given = {
        "company": COMPANY,
        "day": EMPTY_DAY.isoformat(),
        "tabs": TABS,
        "url": portal.url(COMPANY),
        "username": portal.username(COMPANY),
        "password": portal.password(COMPANY),
        "home": str(folder / "home"),
        "data_dir": str(folder / "data"),
    }
    command = [sys.executable, "-m", "ov_assets_tests.faults.capture_once", json.dumps(given)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=GONE_WITHIN_S)
    assert not alive, f"survivors of a killed capture: {[process.name() for process in alive]}"


@pytest.mark.kill
@pytest.mark.timeout(1_800)
def test_kill_9_loses_nothing_and_asks_little_twice(portal: Any, tmp_path: Path) -> None:
    radicados = add_pqrs(portal, PQRS, attachments=1)
    sign_in(portal, tmp_path / "home")
    rng = random.Random(7)
    kills = 0
    while True:
        capture = start(portal, tmp_path)
        assert capture.stdout is not None
        if kills < KILLS:
            # After a few PQR of this run, at a moment of its own within the next one.
            wanted = rng.randint(1, max(1, PQRS // (KILLS + 2)))
            for line in capture.stdout:
                if line.startswith("end") or int(line) >= wanted:
                    break
            time.sleep(rng.random() * 0.4)
            family = psutil.Process(capture.pid).children(recursive=True) if capture.poll() is None else []
            capture.kill()
            capture.wait()
            assert_gone(family)
            kills += 1
            continue
        out, _ = capture.communicate(timeout=LONGEST_RUN_S)
        assert capture.returncode == 0
        assert out.split("\n")[-2] == f"end {PQRS} 0"
        break
    assert kills == KILLS
    assert differences(portal, tmp_path / "data") == (set(), [])
    opened = stats(portal)["detail_requests"]
    assert set(opened) == set(radicados)
    # At most TABS details are under way when a kill comes: so many are opened once more, and no others.
    assert sum(opened.values()) <= PQRS + KILLS * TABS
    assert max(opened.values()) <= KILLS + 1
    assert stats(portal)["logins_ok"] <= 1 + KILLS
    print(
        f"kills {kills}, PQR {PQRS}, opened {sum(opened.values())}, most {max(opened.values())},"
        f" logins {stats(portal)['logins_ok']}"
    )
