"""What the flow reads from and writes to, but doesn't make: nodes of the graph without compute."""

import dagster as dg

from ov_assets.assets.common import GROUP, OWNERS
from ov_assets.companies import COMPANIES

portals = [
    dg.AssetSpec(
        f"oficina_virtual_{company.slug}",
        description=f"La Oficina Virtual de {company.name}: el portal donde están las PQR.",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"web"},
    )
    for company in COMPANIES.values()
]

registros_ov_s3 = dg.AssetSpec(
    "registros_ov_s3",
    description=(
        "El registro de lo que hay en S3: `data_general.registros_ov_s3`, una fila por objeto. "
        "Otros sistemas también lo consultan; aquí lo escriben `s3_pending` y `s3_objects`."
    ),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres", "table"},
)
