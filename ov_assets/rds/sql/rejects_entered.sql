UPDATE data_general.rechazos_ov SET estado = 'reingresado' WHERE id = ANY (%(ids)s);
