"""A run launcher that forks: the child is in the same travelled time, with the packages imported."""

import os
import sys
from collections.abc import Mapping
from typing import Any

from dagster._core.execution.api import execute_run
from dagster._core.launcher import LaunchRunContext, RunLauncher
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from dagster._utils.hosted_user_process import recon_job_from_origin


class ForkRunLauncher(RunLauncher, ConfigurableClass):
    """One process a run, as with Dagster's default launcher, without a code server in between."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        super().__init__()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> "ForkRunLauncher":
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        assert context.job_code_origin is not None
        child = os.fork()
        if child:
            return
        code = 1
        try:
            execute_run(recon_job_from_origin(context.job_code_origin), context.dagster_run, self._instance)
            code = 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # nothing of pytest's may run twice

    def terminate(self, run_id: str) -> bool:
        raise NotImplementedError(run_id)
