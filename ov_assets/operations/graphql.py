"""Dagster's GraphQL API over HTTP: the same door that other systems use (docs/api.md)."""

from dataclasses import dataclass
from typing import Any

import requests

# Dagster is our own: no proxy of the environment is asked. Credentials for the door before it: ~/.netrc.
NO_PROXY = {"http": "", "https": ""}
TIMEOUT_SECONDS = 60
# Each part of the daemon tells that it lives every 30 s. Dagster itself waits half an hour before it says so.
SILENT_AFTER_SECONDS = 300


class DagsterApiError(Exception):
    """Dagster answered, and the answer is an error."""


class DagsterDownError(DagsterApiError):
    """Dagster's web server doesn't answer."""


@dataclass(frozen=True, slots=True)
class DagsterApi:
    """One web server. url: as in DAGSTER_WEBSERVER_URL."""

    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer's `data`. Raises DagsterDownError, DagsterApiError."""
        try:
            answer = requests.post(
                f"{self.url.rstrip('/')}/graphql",
                json={"query": query, "variables": variables},
                timeout=TIMEOUT_SECONDS,
                proxies=NO_PROXY,
            )
            answer.raise_for_status()
            document: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            raise DagsterDownError(f"Dagster doesn't answer at {self.url} ({type(error).__name__})") from None
        if errors := document.get("errors"):
            raise DagsterApiError(str(errors[0].get("message")))
        data: dict[str, Any] = document["data"]
        return data
