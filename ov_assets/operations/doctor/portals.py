"""One portal: whether it answers, takes the account, and looks as the capture expects it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing

import requests
from playwright.async_api import Error as PlaywrightError

from ov_assets.alerts.advice import PORTAL
from ov_assets.companies import COMPANIES
from ov_assets.days import today
from ov_assets.flow.reserve import reserved
from ov_assets.operations.doctor.diagnosis import Area, Diagnosis, State
from ov_assets.portal.browser.chromium import NoBrowserError
from ov_assets.portal.contract import Finding, missing
from ov_assets.portal.errors import LayoutChanged, LoginRejected, OtpRequired, PortalError
from ov_assets.portal.examination import examine
from ov_assets.portal.site import Site
from ov_assets.rds.connection import DatabaseDownError, connect
from ov_assets.rds.locks import LockBusyError
from ov_assets.resources import Portals
from ov_assets.settings import MissingSettingError, Settings

ANSWERS, BROWSED, ACCOUNT = "responde", "responde al navegador", "credenciales"
ANSWER_TIMEOUT_SECONDS = 15
PAGE_NAMES = {"login": "página de ingreso", "list": "página de la lista", "detail": "página del detalle"}
OF_THE_ACCOUNT = (LoginRejected, OtpRequired)
MEND_LAYOUT = (
    "La página cambió: `ov doctor portal --company … --overlay > paginas.toml` escribe lo que es distinto; "
    "revíselo y ponga el archivo en OV_PORTAL_PAGES."
)


def area_of(company: str) -> Area:
    return Area(f"Portal {COMPANIES[company].name}")


def look(company: str) -> Iterator[Diagnosis]:
    """One login of its own. While a run uses the account only the first line is looked at."""
    area, site = area_of(company), Portals().site(company)
    answer = _answers(area, site)
    yield answer
    if answer.estado is not State.BIEN:
        yield from _unseen(area, "el portal no responde")
        return
    with ExitStack() as held:
        try:
            reserve_account(held, company)
            findings = asyncio.run(examine(site, Portals().limits(site), today()))
        except LockBusyError:
            yield from _unseen(area, "una ejecución está usando la cuenta: repita cuando termine")
        except NoBrowserError:
            yield from _unseen(area, "no hay navegador")
        except PlaywrightError as error:  # its text may hold what the page shows
            yield area.bad(BROWSED, type(error).__name__, "Si «Navegador» está bien, repita `ov doctor`.")
            yield from _unseen(area, "el navegador falló")
        except PortalError as error:
            yield from _stopped(area, error)
        else:
            yield area.good(ACCOUNT, "ingresa")
            yield from _contract(area, findings)


def _answers(area: Area, site: Site) -> Diagnosis:
    """Any answer counts but an error of the server's: an edge may refuse what isn't a browser."""
    try:
        status = requests.get(site.login_url, timeout=ANSWER_TIMEOUT_SECONDS).status_code
    except requests.RequestException as error:
        return area.bad(ANSWERS, f"{site.base_url}: {type(error).__name__}", PORTAL["PortalDown"].hacer)
    if status >= 500:
        return area.bad(ANSWERS, f"{site.base_url}: HTTP {status}", PORTAL["PortalDown"].hacer)
    return area.good(ANSWERS, site.base_url)


def reserve_account(held: ExitStack, company: str) -> None:
    """A second login may end the session of a run. Without the database no run can be at work.

    Raises LockBusyError.
    """
    try:
        connection = held.enter_context(closing(connect(Settings().rds_conninfo())))
    except (DatabaseDownError, MissingSettingError):
        return
    held.enter_context(reserved(connection, company, wait_seconds=0))


def _stopped(area: Area, error: PortalError) -> Iterator[Diagnosis]:
    """The examination didn't come as far as the list."""
    advice = PORTAL.get(type(error).__name__)
    mend = advice.hacer if advice else error.advice
    if isinstance(error, OF_THE_ACCOUNT):
        yield area.bad(ACCOUNT, error.what, mend)
    else:
        yield area.unseen(ACCOUNT, "no se llegó a ingresar")
    login, *others = PAGE_NAMES.values()
    if isinstance(error, LayoutChanged):
        yield area.bad(login, error.what, MEND_LAYOUT)
    elif not isinstance(error, OF_THE_ACCOUNT):
        yield area.bad(BROWSED, error.what, mend)
    for name in others:
        yield area.unseen(name, "no se llegó a ella")


def _contract(area: Area, findings: Sequence[Finding]) -> Iterator[Diagnosis]:
    for page, name in PAGE_NAMES.items():
        of_page = [finding for finding in findings if finding.page == page]
        if not of_page:
            yield area.unseen(name, "no se llegó a ella")
        elif gone := missing(of_page):
            yield area.bad(name, f"falta: {gone}", MEND_LAYOUT)
        else:
            yield area.good(name, f"{len(of_page)} elementos y rótulos, como se esperan")


def _unseen(area: Area, why: str) -> Iterator[Diagnosis]:
    for cosa in (ACCOUNT, *PAGE_NAMES.values()):
        yield area.unseen(cosa, why)
