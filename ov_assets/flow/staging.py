"""Where captures and CSVs lie until they are in the archive."""

from dataclasses import dataclass
from pathlib import Path

from ov_assets.days import CompanyDay
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.csv_contract import csv_path, rejects_path


@dataclass(frozen=True, slots=True)
class Staging:
    """The folders below `root`, by company and day."""

    root: Path

    def captures(self, partition: CompanyDay) -> CaptureStore:
        return CaptureStore(self.root, partition.company, partition.day)

    def csv(self, partition: CompanyDay) -> Path:
        return csv_path(self.root, partition.company, partition.day)

    def rejects(self, partition: CompanyDay) -> Path:
        return rejects_path(self.root, partition.company, partition.day)
