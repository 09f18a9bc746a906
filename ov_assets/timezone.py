"""The time that both portals, the operators and every partition keep."""

from zoneinfo import ZoneInfo

TIMEZONE = "America/Bogota"
BOGOTA = ZoneInfo(TIMEZONE)
