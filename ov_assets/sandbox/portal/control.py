"""The control API, under `/__control__/` of each portal: faults, truth, changes, clock, counters.

It isn't part of the portal that it controls: no fault ever touches it, and it needs no login. It exists on
the loopback interface only, as the sandbox does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from .book import BOGOTA, Query
from .faults import UnknownFault
from .fields import KEYS
from .overlay import parse_fecha
from .site import Site, Stats
from .world import ESTADOS, FINALIZADO, FIRST_DAY, Stub

PREFIX = "/__control__"
EDITABLE = frozenset(KEYS) - {"numero_radicado", "documento_prueba", "estado_solicitud"}
"""What a change may set as text; the state has its own parameter, and the files follow from their number."""

Handler = Callable[[Request], Awaitable[Response]]


class Refused(ValueError):
    """A control call that makes no sense; answered with 400 and the reason."""


def mount(site: Site) -> Mount:
    """The control API of one company."""
    control = Control(site)
    table: dict[tuple[str, str], Handler] = {
        ("/health", "GET"): control.health,
        ("/faults", "GET"): control.get_faults,
        ("/faults", "PUT"): control.put_faults,
        ("/faults", "DELETE"): control.delete_faults,
        ("/truth", "GET"): control.truth,
        ("/pqrs", "POST"): control.add,
        ("/pqrs/{radicado}", "GET"): control.show,
        ("/pqrs/{radicado}", "PATCH"): control.edit,
        ("/pqrs/{radicado}", "DELETE"): control.delete,
        ("/clock", "GET"): control.get_clock,
        ("/clock", "PUT"): control.put_clock,
        ("/reset", "POST"): control.reset,
        ("/stats", "GET"): control.get_stats,
        ("/stats", "DELETE"): control.delete_stats,
    }
    return Mount(
        PREFIX,
        routes=[Route(path, _answering(handler), methods=[verb]) for (path, verb), handler in table.items()],
    )


def _answering(handler: Handler) -> Handler:
    """Turn a refusal into a 400 that says why."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except (Refused, UnknownFault, ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer


class Control:
    """The calls; each answers with the state that it leaves behind."""

    def __init__(self, site: Site):
        self.site = site

    async def health(self, request: Request) -> Response:
        return JSONResponse({"ok": True, "company": self.site.company, "now": self._now()})

    async def get_faults(self, request: Request) -> Response:
        return JSONResponse(self.site.faults.as_json())

    async def put_faults(self, request: Request) -> Response:
        values = await request.json()
        self.site.faults.update(values)
        if self.site.faults.get("expire_now"):
            self.site.sessions.close_all()
            self.site.faults.off("expire_now")
        if "xhr_hang" in values:
            self.site.let_go()
        return await self.get_faults(request)

    async def delete_faults(self, request: Request) -> Response:
        self.site.faults.reset()
        self.site.let_go()
        return await self.get_faults(request)

    async def truth(self, request: Request) -> Response:
        """Every PQR of a date (and state), as the portal shows it now, in the order of the list."""
        day = date.fromisoformat(request.query_params["date"]) if "date" in request.query_params else None
        if day is None:
            raise Refused("date=YYYY-MM-DD is missing")
        query = Query(request.query_params.get("estado") or None, day, day)
        stubs = self.site.book.slice(query, 0, self.site.book.count(query))
        return JSONResponse([self._truth(stub) for stub in stubs])

    async def show(self, request: Request) -> Response:
        stub = self._find(request)
        return JSONResponse(self._truth(stub)) if stub else _unknown()

    async def add(self, request: Request) -> Response:
        """`{"date", "time", "estado", "campos", "attachments"}`; only the date is a must."""
        body = await request.json()
        _known(body, {"date", "time", "estado", "campos", "attachments"})
        if "date" not in body:
            raise Refused("date is missing")
        now = self.site.book.now()
        fecha = parse_fecha(f"{body['date']} {body.get('time', '00:00')}")
        if "time" not in body:
            fecha = now if fecha.date() == now.date() else fecha.replace(hour=12)
        if not FIRST_DAY <= fecha.date() <= now.date():
            raise Refused(f"date must lie between {FIRST_DAY} and today on the portal, {now.date()}")
        estado, campos = self._change_of(body)
        stub = self.site.add(fecha, estado or FINALIZADO, campos, body.get("attachments"))
        return JSONResponse(self._truth(self._as_it_is(stub)), 201)

    async def edit(self, request: Request) -> Response:
        """`{"estado", "campos", "attachments"}`, each optional."""
        body = await request.json()
        _known(body, {"estado", "campos", "attachments"})
        stub = self._find(request)
        if stub is None:
            return _unknown()
        estado, campos = self._change_of(body)
        self.site.change(stub, campos, estado, body.get("attachments"))
        return JSONResponse(self._truth(self._as_it_is(stub)))

    async def delete(self, request: Request) -> Response:
        stub = self._find(request)
        if stub is None:
            return _unknown()
        self.site.overlay.editable(stub.key).deleted = True
        self.site.overlay.save()
        return Response(status_code=204)

    async def get_clock(self, request: Request) -> Response:
        return JSONResponse({"now": self._now(), "stopped": self.site.overlay.changes.clock is not None})

    async def put_clock(self, request: Request) -> Response:
        """Stop the clock at a Bogotá time, or let it run again (null); an offset in the text is converted."""
        now = (await request.json())["now"]
        if now is not None:
            moment = datetime.fromisoformat(now)
            now = (moment.astimezone(BOGOTA).replace(tzinfo=None) if moment.tzinfo else moment).isoformat()
        self.site.overlay.changes.clock = now
        self.site.overlay.save()
        return await self.get_clock(request)

    async def reset(self, request: Request) -> Response:
        self.site.reset()
        return await self.health(request)

    async def get_stats(self, request: Request) -> Response:
        return JSONResponse(vars(self.site.stats))

    async def delete_stats(self, request: Request) -> Response:
        self.site.stats = Stats()
        return await self.get_stats(request)

    def _now(self) -> str:
        return self.site.book.now().isoformat(timespec="seconds")

    def _find(self, request: Request) -> Stub | None:
        return self.site.book.find(request.path_params["radicado"])

    @staticmethod
    def _change_of(body: dict) -> tuple[str | None, dict[str, str]]:
        campos = body.get("campos", {})
        if unknown := set(campos) - EDITABLE:
            raise Refused(f"not a field that can be set: {', '.join(sorted(unknown))}")
        if any(not isinstance(value, str) for value in campos.values()):
            raise Refused("fields are text")
        if "fecha" in campos:
            parse_fecha(campos["fecha"])
        estado = body.get("estado")
        if estado is not None and estado not in ESTADOS:
            raise Refused(f"estado is one of {', '.join(ESTADOS)}")
        return estado, campos

    def _as_it_is(self, stub: Stub) -> Stub:
        now = self.site.book.stub(stub.key)
        assert now is not None
        return now

    def _truth(self, stub: Stub) -> dict:
        pqr = self.site.shown(stub)
        files = [(file, self.site.content(pqr.numero_radicado, file)) for file in pqr.adjuntos]
        return {
            "numero_radicado": pqr.numero_radicado,
            "id": pqr.id,
            "campos": pqr.campos,
            "adjuntos": [
                {
                    "nombre": file.nombre,
                    "tamano": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "content_type": file.content_type,
                }
                for file, data in files
            ],
            "finalizado_en": pqr.finalizado_en.isoformat() if pqr.finalizado_en else None,
        }


def _known(body: dict, names: set[str]) -> None:
    if unknown := set(body) - names:
        raise Refused(f"unknown: {', '.join(sorted(unknown))}")


def _unknown() -> Response:
    return JSONResponse({"error": "no such PQR"}, 404)
