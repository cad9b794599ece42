-- The roles of the database. Each statement leaves existing objects alone.
--
-- Passwords are set by roles.sh from the secrets. No role here is a superuser: the superuser
-- postgres has no password and is reached only through the Unix socket of the instance.

-- The privileges of the functions. Rotation alternates between its two logins.
SELECT 'CREATE ROLE onboard_functions' WHERE to_regrole('onboard_functions') IS NULL \gexec
SELECT 'CREATE ROLE onboard_a LOGIN IN ROLE onboard_functions' WHERE to_regrole('onboard_a') IS NULL \gexec
SELECT 'CREATE ROLE onboard_b LOGIN IN ROLE onboard_functions' WHERE to_regrole('onboard_b') IS NULL \gexec

-- The login with which the handler rotate sets their passwords.
SELECT 'CREATE ROLE onboard_administrator LOGIN CREATEROLE NOINHERIT'
WHERE to_regrole('onboard_administrator') IS NULL \gexec

-- The login of the handler operator.
SELECT 'CREATE ROLE onboard_operator LOGIN' WHERE to_regrole('onboard_operator') IS NULL \gexec

GRANT CONNECT ON DATABASE :"DBNAME" TO onboard_functions, onboard_administrator, onboard_operator;
SELECT onboard_grant_loader('onboard_functions'), onboard_grant_reporter('onboard_functions'),
	onboard_grant_operator('onboard_operator') \g /dev/null

-- onboard_host.status: measurements of the instance, for monitoring. CloudWatch cannot see
-- how full a file system is, and the instance has no route to CloudWatch.
SELECT 'CREATE EXTENSION file_fdw' WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'file_fdw') \gexec
SELECT 'CREATE SCHEMA onboard_host' WHERE to_regnamespace('onboard_host') IS NULL \gexec
SELECT 'CREATE SERVER onboard_host FOREIGN DATA WRAPPER file_fdw'
WHERE NOT EXISTS (SELECT FROM pg_foreign_server WHERE srvname = 'onboard_host') \gexec
SELECT 'CREATE FOREIGN TABLE onboard_host.status (total_bytes bigint, free_bytes bigint, certificate_seconds bigint,'
	' backup_age_seconds bigint) SERVER onboard_host OPTIONS (program ''/usr/lib/onboard-database/status.sh'', format ''csv'')'
WHERE to_regclass('onboard_host.status') IS NULL \gexec
COMMENT ON FOREIGN TABLE onboard_host.status IS
	'Size and free space of the data volume, time until the server''s certificate expires, time since the last backup';
GRANT USAGE ON SCHEMA onboard_host TO onboard_functions, onboard_operator;
GRANT SELECT ON onboard_host.status TO onboard_functions, onboard_operator;
