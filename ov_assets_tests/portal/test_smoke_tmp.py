import time
from ov_assets_tests.portal.tools import *
def test_smoke(portal, data_dir):
    add_pqrs(portal, 12, attachments=1)
    t=time.time()
    report = capture(portal, data_dir, quick(data_dir.parent/"home"))
    print(report, time.time()-t)
    assert differences(portal, data_dir) == (set(), [])
    t=time.time()
    report = capture(portal, data_dir, quick(data_dir.parent/"home"))
    print(report.unchanged, report.logins, time.time()-t, stats(portal))
