SET TIME ZONE 'America/Bogota';
