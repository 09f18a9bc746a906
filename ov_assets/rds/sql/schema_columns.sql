SELECT table_name::text, column_name::text, data_type::text, character_maximum_length::int
FROM information_schema.columns
WHERE table_schema = 'data_general';
