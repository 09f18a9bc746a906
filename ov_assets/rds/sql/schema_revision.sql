SELECT version_num FROM data_general.alembic_version_ov;
