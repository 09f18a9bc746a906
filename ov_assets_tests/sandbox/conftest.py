import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ov_assets_tests.sandbox.helpers import processes_of


@contextmanager
def home_of_its_own() -> Iterator[Path]:
    """An OV_HOME with a path that is too long for a Unix socket's name."""
    directory = Path(tempfile.mkdtemp(prefix="ov-home-" + "long-" * 16))
    yield directory
    for process in processes_of(directory):
        process.kill()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def home() -> Iterator[Path]:
    with home_of_its_own() as directory:
        yield directory
