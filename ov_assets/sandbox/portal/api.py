"""The XHR endpoints behind the page: list, detail, late SGC number, attachment.

The real ones were never recorded. These are invented in the style of the vendor's other modules, and nothing
but our own page may know them.
"""

from __future__ import annotations

import asyncio
from datetime import date

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .book import Pqr, Query
from .session import COOKIE, Session
from .site import Site

BASE = "/DesktopModules/GatewayOficinaVirtual.Pqr/API"
_HANG_SECONDS = 900

LIST_NAMES = {
    "numero_radicado": "cd_Radicado",
    "fecha": "dt_Registro",
    "estado_solicitud": "ds_Estado",
    "tipo_pqr": "ds_TipoPqr",
    "nic": "cd_Nic",
    "nombres_apellidos": "ds_Nombres",
    "telefono": "ds_Telefono",
    "celular": "ds_Celular",
    "correo_electronico": "ds_Correo",
    "documento_identidad": "cd_Documento",
    "canal_respuesta": "ds_CanalRespuesta",
}
DETAIL_NAMES = {
    **LIST_NAMES,
    "lectura": "ds_Lectura",
    "cuerpo_reclamacion": "ds_Cuerpo",
    "finalizar": "ind_Finalizar",
    "adjuntar_archivo": "ds_AdjuntoRespuesta",
    "comentarios": "ds_Comentarios",
}


def routes(site: Site) -> list[Route]:
    """The endpoints of one company."""
    endpoints = Endpoints(site)
    return [
        Route(f"{BASE}/Pqr/Get", endpoints.list),
        Route(f"{BASE}/Pqr/Detail", endpoints.detail),
        Route(f"{BASE}/Pqr/Sgc", endpoints.sgc),
        Route(f"{BASE}/Pqr/Comentarios", endpoints.comments),
        Route(f"{BASE}/Adjunto/Get", endpoints.attachment),
    ]


def failed() -> Response:
    return JSONResponse({"Message": "An error has occurred."}, 500)


def missing() -> Response:
    return JSONResponse({"Message": "No se encontró la solicitud."}, 404)


class Endpoints:
    """The four of them; each asks for the session first, as a reload of an expired page would find out."""

    def __init__(self, site: Site):
        self.site = site

    def _session(self, request: Request) -> Session | None:
        return self.site.sessions.use(request.cookies.get(COOKIE))

    def _denied(self) -> Response:
        if self.site.faults.get("expiry_redirects"):
            return RedirectResponse("/Login?returnurl=%2f")
        return JSONResponse({"Message": "Authorization has been denied for this request."}, 401)

    async def _delay(self, target: str) -> None:
        faults = self.site.faults
        if slow := faults.get("xhr_slow"):
            await asyncio.sleep(slow.ms / 1000)
        hang = faults.get("xhr_hang")
        if hang and hang.target == target and faults.spend("xhr_hang"):
            release = self.site.release
            await asyncio.wait({asyncio.create_task(release.wait())}, timeout=_HANG_SECONDS)

    async def list(self, request: Request) -> Response:
        self.site.stats.list_requests += 1
        if self._session(request) is None:
            return self._denied()
        await self._delay("list")
        faults = self.site.faults
        if faults.spend("list_500"):
            return failed()
        asked = request.query_params
        try:
            query = Query(
                asked.get("estado") or None, _day(asked.get("fechaInicial")), _day(asked.get("fechaFinal"))
            )
            page, size = (
                max(1, int(asked.get("pageIndex", 1))),
                min(100, max(1, int(asked.get("pageSize", 10)))),
            )
        except ValueError:
            return JSONResponse({"Message": "The request is invalid."}, 400)
        stubs, total = self.site.listing(query, page, size)
        items = [self._row(self.site.shown(stub)) for stub in stubs]
        ignored = faults.get("next_ignored")
        faults.off("next_ignored")
        return JSONResponse({"items": items, "total": total, "nm_Ignorar": ignored.clicks if ignored else 0})

    @staticmethod
    def _row(pqr: Pqr) -> dict:
        return {"cd_Pqr": pqr.id, **{name: pqr.campos[key] for key, name in LIST_NAMES.items()}}

    async def detail(self, request: Request) -> Response:
        site, faults = self.site, self.site.faults
        stub = site.book.find_id(request.query_params.get("id", ""))
        radicado = stub.numero_radicado if stub else ""
        site.stats.detail_requests[radicado] += 1
        session = self._session(request)
        if session is None:
            return self._denied()
        await self._delay("detail")
        error, gone = faults.get("detail_500"), faults.get("detail_404")
        if error and error.radicado in {None, radicado} and faults.spend("detail_500"):
            return failed()
        refused = faults.get("detail_401")
        if refused and refused.radicado in {None, radicado}:
            return JSONResponse({"Message": "Authorization has been denied for this request."}, 401)
        if stub is None or (gone and gone.radicado in {None, radicado}):
            return missing()
        shown = self._detail(site.shown(stub))
        previous, session.last_detail = session.last_detail, shown
        stale = faults.get("detail_stale")
        if stale and previous and previous["cd_Radicado"] != radicado:
            return JSONResponse({"item": shown, "previous": previous, "ms_Previous": stale.ms})
        return JSONResponse({"item": shown})

    def _detail(self, pqr: Pqr) -> dict:
        fields = {name: pqr.campos[key] for key, name in DETAIL_NAMES.items()}
        mode = self.site.faults.mode("attachments", pqr.numero_radicado) or "download"
        late = self.site.faults.get("late_comments")
        return {
            "cd_Pqr": pqr.id,
            **fields,
            "ds_Barrio": pqr.barrio,
            # null: not at hand yet, the page asks for it in a second XHR; "" is really blank.
            "cd_ReclamoSgc": None if pqr.sgc_delay_ms else pqr.campos["numero_reclamo_sgc"],
            **({"ds_Comentarios": "", "ms_Comentarios": late.after_ms} if late else {}),
            "adjuntos": [{"nm_Archivo": file.nombre, "ind_Modo": mode} for file in pqr.adjuntos],
        }

    async def sgc(self, request: Request) -> Response:
        stub = self.site.book.find_id(request.query_params.get("id", ""))
        if self._session(request) is None:
            return self._denied()
        if stub is None:
            return missing()
        pqr = self.site.shown(stub)
        await asyncio.sleep(pqr.sgc_delay_ms / 1000)
        return JSONResponse({"cd_ReclamoSgc": pqr.campos["numero_reclamo_sgc"]})

    async def comments(self, request: Request) -> Response:
        stub = self.site.book.find_id(request.query_params.get("id", ""))
        if self._session(request) is None:
            return self._denied()
        if stub is None:
            return missing()
        if late := self.site.faults.get("late_comments"):
            await asyncio.sleep(late.ms / 1000)
        return JSONResponse({"ds_Comentarios": self.site.shown(stub).campos["comentarios"]})

    async def attachment(self, request: Request) -> Response:
        site = self.site
        stub = site.book.find_id(request.query_params.get("id", ""))
        site.stats.attachment_requests[stub.numero_radicado if stub else ""] += 1
        if self._session(request) is None:
            return self._denied()
        if stub is None:
            return missing()
        name = request.query_params.get("archivo", "")
        files = site.shown(stub).adjuntos
        names = [file.nombre for file in files]
        if name not in names:
            return missing()
        file = files[names.index(name)]
        mode = site.faults.mode("attachments", stub.numero_radicado) or "download"
        if mode == "http_403":
            return JSONResponse({"Message": "Forbidden."}, 403)
        if mode == "http_500" or (mode == "second_500" and names.index(name) == 1):
            return failed()
        data = site.content(stub.numero_radicado, file)
        if mode == "empty_at_first" and site.stats.attachment_requests[stub.numero_radicado] == 1:
            data = b""
        elif mode == "wrong_magic":
            data = b"<html><body>Error al generar el archivo</body></html>"
        disposition = "inline" if mode in {"new_tab", "inline_viewer"} else "attachment"
        headers = {
            "Content-Disposition": f'{disposition}; filename="{file.nombre}"',
            "Cache-Control": "no-store",
        }
        return Response(data, media_type=file.content_type, headers=headers)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
