"""Look at every area at once, each on its own: a red of one never hides another."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ov_assets.companies import COMPANIES
from ov_assets.operations.doctor import browser, bucket, clock, dagster_daemon, database, disk, portals
from ov_assets.operations.doctor.diagnosis import Area, Diagnosis
from ov_assets.portal.pages_file import PagesFileError
from ov_assets.rds.connection import RdsError
from ov_assets.s3.errors import S3Error
from ov_assets.settings import MissingSettingError

Look = Callable[[], Iterator[Diagnosis]]
AT_ONCE = 4  # three of the areas start a browser each

AREAS: tuple[tuple[Area, Look], ...] = (
    *((portals.area_of(slug), partial(portals.look, slug)) for slug in COMPANIES),
    (browser.AREA, browser.look),
    (database.AREA, database.look),
    (bucket.AREA, bucket.look),
    (disk.AREA, disk.look),
    (clock.AREA, clock.look),
    (dagster_daemon.AREA, dagster_daemon.look),
)


def examine(areas: Sequence[tuple[Area, Look]] = AREAS) -> list[Diagnosis]:
    """Every diagnosis, area by area in their order. Raises nothing of what the areas meet."""
    found: list[list[Diagnosis]] = [[] for _ in areas]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Appended one by one: what an area has seen before it breaks is kept.
        looks = [
            pool.submit(lambda look, into: into.extend(look()), look, into)
            for (_, look), into in zip(areas, found, strict=True)
        ]
    for (area, _), look, into in zip(areas, looks, found, strict=True):
        if error := look.exception():
            into.append(_broken(area, error))
    return [diagnosis for into in found for diagnosis in into]


def _broken(area: Area, error: BaseException) -> Diagnosis:
    if isinstance(error, MissingSettingError):
        return area.bad("configuración", str(error), "Ponga esa variable: .env.example las explica todas.")
    if isinstance(error, PagesFileError):
        return area.bad("configuración", str(error), "Corrija ese archivo, o quite OV_PORTAL_PAGES.")
    # The text of a stranger's error may hold anything.
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = str(error) if isinstance(error, RdsError | S3Error) else type(error).__name__
    return area.bad(
        "la revisión misma",
        f"{said} ({Path(place.filename).name}:{place.lineno})",
        "Es una falla de `ov doctor`: avise a quien mantiene ov_assets.",
    )
