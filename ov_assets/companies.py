"""The companies whose Oficina Virtual is brought in. A new company is one row here and one migration."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Company:
    """What differs between two tenants of the same portal product.

    slug: partition key, path segment and prefix of the company's settings (`OV_AFINIA_…`).
    table: its table in the schema `data_general`.
    """

    slug: str
    name: str
    table: str


AFINIA = Company("afinia", "Afinia", "ov_afinia")
AIRE = Company("aire", "Air-e", "ov_aire")

COMPANIES: dict[str, Company] = {company.slug: company for company in (AFINIA, AIRE)}
