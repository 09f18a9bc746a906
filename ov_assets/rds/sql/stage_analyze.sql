-- Without it the planner knows nothing of the new rows, and may read the whole company's table for ten of them.
ANALYZE juicio_ov (linea, numero_radicado, puesto);
