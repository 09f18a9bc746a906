UPDATE data_general.listado_ov AS l
SET huella_capturada = c.huella
FROM unnest(%(radicados)s::text[], %(huellas)s::text[]) AS c (numero_radicado, huella)
WHERE l.empresa = %(empresa)s
    AND l.numero_radicado = c.numero_radicado
    AND l.huella_capturada IS DISTINCT FROM c.huella
    -- What an older capture saw, as that of the day under which the PQR stood before, takes nothing back.
    AND (c.huella = l.huella OR l.huella_capturada IS DISTINCT FROM l.huella)
