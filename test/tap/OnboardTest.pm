# Shared code of the TAP tests: a server with the extension, the command line program, and
# a CSV reader independent of the one under test.

package OnboardTest;

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename;
use File::Path qw(remove_tree);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(source_root short_folder new_server add_database give_to onboard_program run_onboard
  write_file csv_records table_sums);

my @short_folders;
my $owner = $$;

# The top of the source tree.
sub source_root
{
	return dirname(dirname(dirname(abs_path(__FILE__))));
}

# Create a folder whose path is short enough for a socket, outside of the output.
sub short_folder
{
	push @short_folders, PostgreSQL::Test::Utils::tempdir_short();
	return $short_folders[-1];
}

# Start a server with enough memory to be fast, and a role "loader".
sub new_server
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', <<'CONF' . ($settings // ''));
shared_buffers = 64MB
log_statement = none
log_min_messages = warning
max_wal_size = 1GB
max_connections = 30
CONF
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE loader LOGIN');
	return $node;
}

# Create a database with the extension, grants for the loader, and vendors.
sub add_database
{
	my ($node, $database, @vendors) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, join "\n",
		"CREATE EXTENSION onboard;",
		"SELECT onboard_grant_loader('loader');",
		map { "INSERT INTO onboard.vendors (vendor_id, vendor_name, email)
			VALUES ('$_', 'Vendor $_', '$_\@example.com');" } @vendors);
	return;
}

# Make an ordinary role the owner of the extension's objects, so that row security applies
# to the owner of the tables.
sub give_to
{
	my ($node, $database, $role) = @_;

	$node->safe_psql($database, <<"SQL");
ALTER SCHEMA onboard OWNER TO $role;
DO \$\$
DECLARE
	object text;
BEGIN
	FOR object IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'onboard'::regnamespace
		AND relkind IN ('r', 'v', 'f') LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO $role', object);
	END LOOP;
	FOR object IN SELECT p.oid::regprocedure FROM pg_proc p
			JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
			JOIN pg_extension x ON x.oid = d.refobjid AND x.extname = 'onboard' LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO $role', object);
	END LOOP;
END \$\$;
SQL
	return;
}

# Return the program under test; skip the entire test if it was not built.
sub onboard_program
{
	my $program = $ENV{ONBOARD_BIN} // source_root() . '/glue/onboard';

	plan skip_all => "no program at $program; build it with make -C glue or set ONBOARD_BIN"
	  unless -x $program;
	return $program;
}

# Run the program; return exit code, standard output and standard error.
sub run_onboard
{
	my @arguments = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ onboard_program(), @arguments ], '<', '/dev/null', '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

sub write_file
{
	my ($path, $content) = @_;

	open my $file, '>:raw', $path or die "$path: $!";
	print $file $content;
	close $file or die "$path: $!";
	return;
}

# Return the number of records in a well-formed CSV text, without header and blank lines.
# A quoted record may span lines.
sub csv_records
{
	my ($text) = @_;
	my $count = 0;

	while ($text =~ /\G((?:"(?:[^"]|"")*"|[^"\n])*)(?:\n|\z)/g)
	{
		my $record = $1;

		last if $record eq '' && pos($text) == length $text;
		$count++ if $record =~ /[^\r]/;
	}
	return $count - 1;
}

# Return checksums over everything that an upload stores.
sub table_sums
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, <<'SQL');
SELECT 'products', count(*), md5(string_agg(p::text, '|' ORDER BY product_id)) FROM onboard.products p;
SELECT 'errors', count(*), md5(string_agg(e::text, '|' ORDER BY error_id)) FROM onboard.validation_errors e;
SELECT 'uploads', count(*), md5(string_agg(u::text, '|' ORDER BY upload_id)) FROM onboard.upload_history u;
SELECT 'judged', count(*), md5(string_agg(j::text, '|' ORDER BY upload_id, first_row)) FROM onboard.judged_rows j;
SELECT 'actions', count(*), md5(string_agg(a::text, '|' ORDER BY upload_number, product_id)) FROM onboard.row_actions a;
SELECT 'changes', count(*), md5(string_agg(c::text, '|' ORDER BY change_id)) FROM onboard.product_changes c;
SELECT 'held', count(*), md5(string_agg(h::text, '|' ORDER BY held_id)) FROM onboard.held_rows h;
SELECT 'horizon', horizon FROM onboard.history_horizon;
SELECT 'maps', count(*), md5(string_agg(m::text, '|' ORDER BY vendor_id, map_name, version)) FROM onboard.column_maps m;
SELECT 'lists', count(*), md5(string_agg(l::text, '|' ORDER BY vendor_id, list_name)) FROM onboard.map_values l;
SELECT 'rates', count(*), md5(string_agg(r::text, '|' ORDER BY from_currency, to_currency, rate_date))
	FROM onboard.exchange_rates r;
SELECT 'frozen maps', count(*), md5(string_agg(f::text, '|' ORDER BY vendor_id, map_hash)) FROM onboard.frozen_maps f;
SELECT 'outbox', count(*), md5(string_agg(o::text, '|' ORDER BY event_id)) FROM onboard.outbox o;
SQL
}

# Remove the short folders and that of the servers' sockets even after a failure, when PostgreSQL's module keeps all
# temporary folders: those in the output explain the failure, these do not.
END
{
	if ($$ == $owner && !defined $ENV{PG_TEST_NOCLEAN})
	{
		my $status = $?;

		remove_tree($PostgreSQL::Test::Cluster::test_pghost // (), @short_folders);
		$? = $status;
	}
}

1;
