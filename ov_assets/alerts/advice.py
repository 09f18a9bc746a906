"""What each failure is called, and what an operator does about it. docs/operacion.md has it at length."""

from typing import NamedTuple


class Advice(NamedTuple):
    """titulo: ends the sentence "Afinia: …". hacer: what to do. pasajera: it usually mends itself."""

    titulo: str
    hacer: str
    pasajera: bool = False


# Faults of a whole portal: one alert a company, however many days fail of it.
PORTAL: dict[str, Advice] = {
    "PortalDown": Advice(
        "el portal no responde",
        "Ábralo en un navegador. Si está caído, espere: la siguiente ejecución lo intenta sola.",
        pasajera=True,
    ),
    "PortalMoved": Advice(
        "la dirección del portal lleva a otro sitio",
        "Si es la dirección nueva, póngala en OV_AFINIA_URL u OV_AIRE_URL. Allí no se escribió nada.",
    ),
    "AccessBlocked": Advice(
        "el portal bloquea esta dirección",
        "Ejecute desde una red permitida o pida al dueño del portal que permita esta dirección.",
    ),
    "OtpRequired": Advice(
        "el portal pide un código de un solo uso (OTP)",
        "Pida que lo desactiven para la cuenta del operador. Hasta entonces no entra nada de esta empresa.",
    ),
    "LoginRejected": Advice(
        "el portal rechaza el usuario o la contraseña",
        "Pruébelos en un navegador y actualícelos. No se reintenta, para no bloquear la cuenta.",
    ),
    "LoginUnanswered": Advice(
        "el portal no responde al ingreso",
        "Pruebe el usuario en un navegador. La clave sale a lo sumo dos veces por hora.",
        pasajera=True,
    ),
    "SessionExpired": Advice(
        "el portal cierra la sesión en medio del trabajo",
        "Mire si alguien más usa la misma cuenta. La siguiente ejecución lo intenta sola.",
        pasajera=True,
    ),
    "LayoutChanged": Advice(
        "la página del portal cambió",
        "`ov doctor portal` escribe qué cambió: docs/operacion.md, «Cuando cambia la página del portal».",
    ),
    "FilterNotApplied": Advice(
        "el portal no aplica el filtro de la lista",
        "La lista no se recorrió. La siguiente ejecución lo intenta sola; si se repite, revise el portal.",
        pasajera=True,
    ),
    "DayRefused": Advice(
        "el filtro del portal no acepta el día de hoy",
        "Lo de hoy se leerá mañana. Mire en un navegador hasta qué fecha deja buscar el portal.",
        pasajera=True,
    ),
    "ListUnstable": Advice(
        "la lista del portal cambia mientras se lee",
        "Lo visto quedó capturado. La siguiente ejecución lee la lista otra vez.",
        pasajera=True,
    ),
}

# Faults of what all runs share: one alert, however many runs fail of it.
SHARED: dict[str, Advice] = {
    "DatabaseDownError": Advice(
        "la base de datos (RDS) no responde",
        "Revise que RDS esté encendido y que RDS_HOST, RDS_PORT y la red sean los correctos.",
        pasajera=True,
    ),
    "S3AccessDeniedError": Advice(
        "S3 niega el acceso",
        "Revise las credenciales de AWS y los permisos sobre el bucket.",
    ),
    "S3DownError": Advice(
        "S3 no responde",
        "Revise la red y el estado de AWS. El sensor vuelve a pedir la carga sola.",
        pasajera=True,
    ),
    "S3BucketMissingError": Advice("el bucket de S3 no existe", "Revise S3_BUCKET_NAME y AWS_REGION."),
    "S3RegionError": Advice(
        "el bucket de S3 está en otra región", "Corrija AWS_REGION; el error dice cuál es, si S3 la dijo."
    ),
}

# Faults of what a step of one company is configured with: one alert a company and step, whatever the day.
SETTINGS: dict[str, Advice] = {
    "MissingSettingError": Advice("falta una variable de configuración", "Abra la ejecución: dice cuál."),
}

STEPS: dict[str, str] = {
    "portal_listing": "Abra la ejecución y lea el error. La lista se recorre otra vez en el próximo horario.",
    "pqr_captures": "Abra la ejecución y lea el error; luego materialice la partición otra vez.",
    "company_csv": "Materialice `pqr_captures` de la partición y luego `company_csv`.",
    "rds_table": "Abra la ejecución. Si hay muchos rechazos, mire `rechazos_ov`; si no, repita la partición.",
    "s3_pending": "Materialice `rds_table` de la partición; luego el resto sigue solo.",
    "reconcile_bucket": "Abra la ejecución y lea el error. Si son demasiados cambios de golpe, nada cambió: "
    "mire el bucket; si es cierto, ejecute `ov s3 reconcile --apply --max-changes N`.",
    "s3_objects": "Revise el acceso a S3. El sensor vuelve a pedir la carga sola.",
}
OTHER_STEP = "Abra la ejecución, lea el error y repita la partición."

CHECKS: dict[str, Advice] = {
    "every_listed_pqr_captured": Advice(
        "hay PQR listadas sin capturar",
        "Abra el control en Dagster: nombra cada radicado y su causa. Las demás PQR ya siguieron, y la que "
        "falta, o el adjunto que falta, se vuelve a pedir sola; si insiste, mírela en el portal.",
    ),
    "csv_contract": Advice(
        "el CSV no cumple su contrato", "Materialice `pqr_captures` y `company_csv` de la partición."
    ),
    "rds_equals_csv": Advice(
        "la tabla no coincide con el CSV", "Materialice `rds_table` de la partición y abra el control."
    ),
    "s3_equals_registry": Advice(
        "S3 no coincide con el registro",
        "Abra el reporte del día: dice qué archivo falta y por qué. Lo que se puede subir se reintenta solo.",
    ),
    "fields_as_full_as_before": Advice(
        "un campo viene más vacío que de costumbre",
        "Compare la cobertura del reporte con una PQR en el portal: la página puede haber cambiado.",
    ),
    "volume_like_its_weekday": Advice(
        "el número de PQR es inusual",
        "Compare con la lista del portal. Si es real, no hay nada que hacer.",
    ),
    "backlog_is_young": Advice(
        "hay trabajo pendiente desde hace más de 24 horas",
        "Mire `ov status` y los sensores en Dagster (Automation): ¿están encendidos, fallan?",
    ),
}
OTHER_CHECK = Advice("un control no pasa", "Abra el control en Dagster: dice qué encontró.")
