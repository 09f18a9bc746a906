-- A listing takes as long as S3 takes, whatever the role's default is.
SET LOCAL statement_timeout = 0
