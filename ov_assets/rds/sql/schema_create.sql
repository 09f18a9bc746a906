-- CREATE SCHEMA IF NOT EXISTS asks for the right to create even where the schema stands.
DO $$ BEGIN
    IF to_regnamespace('data_general') IS NULL THEN
        CREATE SCHEMA data_general;
    END IF;
END $$;
