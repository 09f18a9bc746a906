"""The companies whose Oficina Virtual is brought in. A new company is one row here and one migration."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Company:
    """What differs between two tenants of the same portal product.

    slug: partition key, path segment and prefix of the company's settings (`OV_AFINIA_…`).
    table: its table in the schema `data_general`.
    has_popup: a notice may cover the login page (`#myModal`).
    page_timeout_ms: how long a page may take; Afinia's first load has been seen to need over 30 s.
    """

    slug: str
    name: str
    table: str
    has_popup: bool
    page_timeout_ms: int


AFINIA = Company("afinia", "Afinia", "ov_afinia", has_popup=True, page_timeout_ms=90_000)
AIRE = Company("aire", "Air-e", "ov_aire", has_popup=False, page_timeout_ms=30_000)

COMPANIES: dict[str, Company] = {company.slug: company for company in (AFINIA, AIRE)}
