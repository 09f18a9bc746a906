SELECT proname::text FROM pg_proc WHERE pronamespace = to_regnamespace('data_general');
