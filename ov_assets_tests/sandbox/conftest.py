import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ov_assets_tests.sandbox.helpers import processes_of


@pytest.fixture
def home() -> Iterator[Path]:
    """An OV_HOME of a test's own, with a path that is too long for a Unix socket's name."""
    directory = Path(tempfile.mkdtemp(prefix="ov-home-" + "long-" * 16))
    yield directory
    for process in processes_of(directory):
        process.kill()
    shutil.rmtree(directory, ignore_errors=True)
