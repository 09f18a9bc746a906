"""Tests of ov_assets.s3 on a real SeaweedFS."""
