"""Captures of the simulated portal, and the comparison of what they leave with what the portal holds."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx

from ov_assets.companies import COMPANIES
from ov_assets.portal.browser.kept_session import KeptSession
from ov_assets.portal.capture import capture_day
from ov_assets.portal.errors import PortalError
from ov_assets.portal.pages_file import Pages, read_pages
from ov_assets.portal.report import CaptureReport
from ov_assets.portal.site import Keep, Limits, Site
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Clase
from ov_assets.pqr.record import FIELDS, normalise
from ov_assets.sandbox.portal.app import DNN_NAME
from ov_assets.sandbox.portal.session import seal
from ov_assets.timezone import BOGOTA

EMPTY_DAY = date(2025, 12, 25)
COMPANY = "aire"  # no popup by itself, so its logins are quick


def site_of(
    portal: Any, company: str = COMPANY, password: str | None = None, pages: Pages | None = None
) -> Site:
    return Site(
        COMPANIES[company],
        portal.url(company),
        portal.username(company),
        password or portal.password(company),
        pages or read_pages(company),
    )


def quick(keep: Path | None = None, **changes: Any) -> Limits:
    """Limits with which a fault shows soon, and works on a busy machine nonetheless."""
    given: dict[str, Any] = {
        "tabs": 2,
        "answer_timeout_s": 12.0,
        "attachment_timeout_s": 6.0,
        "late_field_grace_s": 2.0,
        "keep": Keep(keep) if keep else None,
    }
    return Limits(**given | changes)


def sign_in(portal: Any, home: Path, company: str = COMPANY) -> None:
    """A session as an earlier run would have kept it, had without a browser.

    For all that isn't about the log-in itself: typed at the pace that the page wants, that takes seconds.
    """
    site = site_of(portal, company)
    with httpx.Client(base_url=site.base_url, trust_env=False) as client:
        nonce = client.get("/Login").text.split('name="__OVNonce" value="')[1].split('"')[0]
        sealed = seal(nonce, site.username, site.password)
        answer = client.post("/Login", data={"__OVNonce": nonce, f"{DNN_NAME}hidCredenciales": sealed})
        assert answer.status_code == 302
        cookies = [
            {"name": name, "value": value, "domain": client.base_url.host, "path": "/", "expires": -1}
            | {"httpOnly": True, "secure": False, "sameSite": "Lax"}
            for name, value in client.cookies.items()
        ]
    KeptSession(site, Keep(home)).save({"cookies": cookies, "origins": []})


def faults(portal: Any, company: str = COMPANY, **switches: Any) -> None:
    portal.control(company).put("faults", json=switches).raise_for_status()


def stats(portal: Any, company: str = COMPANY) -> dict[str, Any]:
    found: dict[str, Any] = portal.control(company).get("stats").json()
    return found


def add_pqrs(
    portal: Any, count: int, company: str = COMPANY, day: date = EMPTY_DAY, **body: Any
) -> list[str]:
    """Finalised PQRs, each at a minute of its own; the radicados."""
    radicados = []
    for index in range(count):
        document = {"date": day.isoformat(), "time": f"{index // 60:02d}:{index % 60:02d}", **body}
        answer = portal.control(company).post("pqrs", json=document)
        answer.raise_for_status()
        radicados.append(str(answer.json()["numero_radicado"]))
    return radicados


def truth(portal: Any, company: str = COMPANY, day: date = EMPTY_DAY) -> dict[str, dict[str, Any]]:
    answer = portal.control(company).get("truth", params={"date": day.isoformat(), "estado": "Finalizado"})
    answer.raise_for_status()
    return {pqr["numero_radicado"]: pqr for pqr in answer.json()}


@contextmanager
def any_fault() -> Iterator[list[PortalError]]:
    """The fault that stops a capture, if one does."""
    found: list[PortalError] = []
    try:
        yield found
    except PortalError as error:
        found.append(error)


def capture(
    portal: Any,
    data_dir: Path,
    limits: Limits | None = None,
    company: str = COMPANY,
    day: date = EMPTY_DAY,
    password: str | None = None,
    report: CaptureReport | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    pages: Pages | None = None,
) -> CaptureReport:
    return capture_day(
        site_of(portal, company, password, pages),
        day,
        CaptureStore(data_dir, company, day),
        limits or quick(),
        now=lambda: datetime.now(BOGOTA),
        on_progress=on_progress,
        report=report,
    )


def differences(
    portal: Any, data_dir: Path, company: str = COMPANY, day: date = EMPTY_DAY
) -> tuple[set[str], list[str]]:
    """The radicados that are missing on disk, and what is wrong with those that are there."""
    store, expected = CaptureStore(data_dir, company, day), truth(portal, company, day)
    manifests = store.manifests()
    wrong = [f"{radicado}: not in the portal" for radicado in manifests.keys() - expected.keys()]
    for radicado in manifests.keys() & expected.keys():
        manifest, pqr = manifests[radicado], expected[radicado]
        for file in manifest.archivos:
            path = store.path_of(manifest, file)
            if hashlib.sha256(path.read_bytes()).hexdigest() != file.hash_archivo:
                wrong.append(f"{radicado}: {file.ruta} isn't what the manifest says")
        record = store.read_pqr(manifest)
        for name in FIELDS:
            if getattr(record, name) != normalise(pqr["campos"][name]):
                wrong.append(f"{radicado}: {name}")
        attached = sorted(f.hash_archivo for f in manifest.archivos if f.clase is Clase.ADJUNTO)
        lacked = {file.nombre for file in manifest.adjuntos_faltantes}
        if attached != sorted(file["sha256"] for file in pqr["adjuntos"] if file["nombre"] not in lacked):
            wrong.append(f"{radicado}: attachments")
        if sum(file.clase is Clase.PDF for file in manifest.archivos) != 1:
            wrong.append(f"{radicado}: PDF")
    return expected.keys() - manifests.keys(), wrong
