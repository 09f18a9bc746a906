-- What a claim was called -> the radicados that may be meant. Two identifiers, never mixed up: a number that is
-- the radicado of one PQR and the SGC of another gives both, and then it is not a proof.
SELECT numero_radicado AS numero, numero_radicado
FROM {tabla}
WHERE numero_radicado = ANY(%(numeros)s::text[])
UNION
SELECT numero_reclamo_sgc, numero_radicado
FROM {tabla}
WHERE numero_reclamo_sgc = ANY(%(numeros)s::text[])
