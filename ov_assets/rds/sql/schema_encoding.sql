SHOW server_encoding;
