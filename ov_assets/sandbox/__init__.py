"""The embedded stack: PostgreSQL, S3 and the portals on one machine, for as long as somebody uses them.

with sandbox.running(Settings()) as variables:
    os.environ.update(variables)
"""

from ov_assets.sandbox.environment import running, variables_of_running, wait_until_stopped
from ov_assets.sandbox.users import SandboxError

__all__ = ["SandboxError", "running", "variables_of_running", "wait_until_stopped"]
