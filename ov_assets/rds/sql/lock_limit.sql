SELECT set_config('lock_timeout', %(limite)s, true);
