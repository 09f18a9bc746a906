"""Memory of a long capture: flat after the first part, browser and Python together.

OV_TEST_MEMORY_PQRS makes it longer: 300 for the figure in the docs; without it the test is left out.
"""

import os
from pathlib import Path
from statistics import mean
from typing import Any

import psutil
import pytest

from ov_assets.portal.browser.chromium import tree_bytes
from ov_assets_tests.portal.tools import add_pqrs, capture, differences, quick

PQRS = int(os.environ.get("OV_TEST_MEMORY_PQRS", "0"))
MIB = 1024 * 1024
WEIGH_EVERY = 10
GROWTH_MAX = 1.25


@pytest.mark.skipif(not PQRS, reason="OV_TEST_MEMORY_PQRS is not set: this takes minutes")
@pytest.mark.timeout(1_800)
def test_memory_is_flat_after_the_first_third(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, PQRS, attachments=1)
    weights: list[float] = []

    def weigh(done: int, total: int) -> None:
        if done % WEIGH_EVERY == 0:
            weights.append((tree_bytes() + psutil.Process().memory_info().rss) / MIB)

    report = capture(portal, tmp_path, quick(tabs=4, recycle_after_details=100), on_progress=weigh)
    print(
        f"{len(report.fresh)} PQR, {report.browsers} browsers, {report.seconds:.0f} s, MiB:",
        *map(round, weights),
    )
    assert differences(portal, tmp_path) == (set(), [])
    third = len(weights) // 3
    assert mean(weights[-third:]) < GROWTH_MAX * mean(weights[:third])
