from ov_assets_tests.s3.conftest import store  # noqa: F401  # a fixture
