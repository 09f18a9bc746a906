"""Keys that others made, on the wire: what is asked, read and copied is that very key."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote, unquote

import psycopg
import pytest

from ov_assets.flow.reconcile.run import Request, reconcile
from ov_assets.s3.compare import digest
from ov_assets.s3.inventory import list_objects
from ov_assets.s3.keys import Layout
from ov_assets.s3.objects import Copy, copy_each, quarantine_key
from ov_assets_tests.flow.world import World, open_bucket, sha256
from ov_assets_tests.s3.faulty import PASS, Proxy, faulty

CENTRAL = "Central_De_Escritos/general/01_raw_data/oficina_virtual"
# SeaweedFS itself keeps an object at `a//b` or `/x` as `a/b` and `x`, so of those only the requests can tell.
FOLDED = [f"{CENTRAL}/a//b.pdf", "/x.pdf", "afinia//oficina_virtual//c.pdf"]
KEPT = [
    f"{CENTRAL}/{name}"
    for name in (
        "con espacio.pdf",
        "a+b.pdf",
        "100%.pdf",
        "%41%2F.pdf",
        "Cédula_ñ_NFD_n\u0303.pdf",
        "a?versionId=1&b=#2.pdf",
        "~(a)*'b'!,;=@$.pdf",
    )
]
DATA = b"%PDF-1.7 of a key that is no path"


@pytest.fixture
def wire(store, bucket) -> Iterator[tuple[Proxy, World]]:
    """The bucket behind a proxy that writes down what it is asked. Without a checksum, so bodies are read."""
    with faulty(bucket.endpoint_url, PASS) as proxy:
        yield proxy, open_bucket(bucket.name, proxy.endpoint_url, bucket.region)


def asked(proxy: Proxy, bucket: str, method: str) -> set[str]:
    """The keys of the requests of this kind, as S3 understands them."""
    targets = (line.split()[1] for line in proxy.requests if line.startswith(method))
    paths = {unquote(target.partition("?")[0]) for target in targets}
    return {path.removeprefix(f"/{bucket}/") for path in paths}


@pytest.mark.parametrize("key", [*FOLDED, *KEPT])
def test_head_get_and_copy_ask_for_the_very_key(wire, store, key):
    proxy, proxied = wire
    store.client.put_object(Bucket=store.name, Key=key, Body=DATA)
    found = digest(proxied, key)
    assert found is not None
    assert found.sha256 == sha256(DATA)
    (copied,) = copy_each(proxied, [Copy(key, quarantine_key(key), found)])
    assert copied == digest(store, quarantine_key(key))

    assert asked(proxy, store.name, "HEAD") == {key, quarantine_key(key)}
    assert key in asked(proxy, store.name, "GET")
    assert asked(proxy, store.name, "PUT") == {quarantine_key(key)}
    sources = {headers.get("x-amz-copy-source") for headers in proxy.headers} - {None}
    assert sources == {quote(f"{store.name}/{key}", safe="/-._~")}


def test_objects_at_such_keys_are_read_kept_safe_and_then_in_order(wire, store, database, data_dir):
    proxy, proxied = wire
    for n, key in enumerate(KEPT):
        store.client.put_object(Bucket=store.name, Key=key, Body=DATA + str(n).encode())
    request = Request(min_age=timedelta(0), apply=True)
    with psycopg.connect(**database) as conn:
        done = reconcile(conn, proxied, data_dir, Layout.COMPLETA, request)
        assert done.changed == {"cuarentena": len(KEPT)}
        assert {f.clave for f in done.findings} == set(KEPT)
        again = reconcile(conn, proxied, data_dir, Layout.COMPLETA, request)
        assert (again.agrees, dict(again.changed)) == (True, {})
        assert set(World(conn, store, data_dir).rows("clave_s3")) == set(KEPT)
    assert {item.key for item in list_objects(store, [""])} == {*KEPT, *map(quarantine_key, KEPT)}
    assert asked(proxy, store.name, "PUT") == set(map(quarantine_key, KEPT))
