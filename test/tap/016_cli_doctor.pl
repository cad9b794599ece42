# "onboard doctor" reports problems with the database as text, as JSON and by
# its exit code.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
is_exit(0, 'a private server', 'conninfo');

# ----- no problems -----

my ($out, $err) = is_exit(0, 'a new database', 'doctor');
like($out, qr/^info     table onboard\.products: rows are stored directly$/m, 'how rows are stored');
like($out, qr/^info     vendors: none is active/m, 'that no vendor exists yet');
like($out, qr/^Nothing needs attention\.$/m, 'and the total');
is($err, '', 'nothing on standard error');
add_vendor('A');
($out) = is_exit(0, 'with a vendor', 'doctor', '--json');
my $findings = json_of($out);
is_deeply($findings, [ { severity => 'info', subject => 'table onboard.products', message => 'rows are stored directly',
	hint => undef } ], 'as JSON');

# ----- information -----

sql(<<'SQL');
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "Note it" BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION public.note();
SQL
($out) = is_exit(0, 'a trigger', 'doctor');
like($out,
	qr/^info     table onboard\.products: rows are stored by INSERT statements, which is slower, because it has a trigger on INSERT, "Note it"$/m,
	'why loading is slow with a trigger');
like($out, qr/^info     local changes: .*\n         Keep the output of onboard_local_changes\(\)/m,
	'and that a dump omits it');

sql('DROP TRIGGER "Note it" ON onboard.products');
for my $case ([ validation_errors => 'rows of onboard\.validation_errors are stored by INSERT statements' ],
	[ intake => 'onboard\.intake has a trigger on INSERT' ])
{
	my ($table, $reason) = @$case;

	sql(qq(CREATE TRIGGER "Note it" BEFORE INSERT ON onboard.$table FOR EACH ROW EXECUTE FUNCTION public.note()));
	($out) = is_exit(0, "a trigger on $table", 'doctor');
	like($out, qr/^info     table onboard\.products: rows are stored by INSERT statements, .* because $reason$/m,
		"a trigger on $table runs between the rows");
	sql(qq(DROP TRIGGER "Note it" ON onboard.$table));
}
sql(<<'SQL');
CREATE FUNCTION public.some_line() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN 7; END';
ALTER FOREIGN TABLE onboard.intake ALTER line_number SET DEFAULT public.some_line();
SQL
($out) = is_exit(0, 'a default', 'doctor');
like($out, qr/^info     table onboard\.products: rows are stored by INSERT statements, .* because a default of onboard\.intake runs a volatile function$/m,
	'so does a default');
sql('ALTER FOREIGN TABLE onboard.intake ALTER line_number DROP DEFAULT');

# ----- warnings and errors -----

sql(<<'SQL');
GRANT CREATE ON SCHEMA public TO PUBLIC;
INSERT INTO onboard.vendor_roles (role_name, vendor_id) VALUES (E'no\x1bbody', 'A');
ALTER TABLE onboard.products DISABLE ROW LEVEL SECURITY;
CREATE ROLE powerful SUPERUSER;
INSERT INTO onboard.vendor_roles (role_name, vendor_id) VALUES ('powerful', 'A');
SELECT onboard_begin_upload('A', 'stalled.csv');
UPDATE onboard.upload_history SET updated_at = now() - interval '2 days';
SQL
($out) = is_exit(1, 'five warnings', 'doctor');
like($out,
	qr/^warning  schema public: everybody may create objects in it.*\n         .*REVOKE CREATE ON SCHEMA public FROM PUBLIC/m,
	'an open schema');
like($out, qr/^warning  role "no\?body": it is confined to A in onboard\.vendor_roles and does not exist/m,
	'a role that does not exist, without its escape sequence');
like($out, qr/^warning  role powerful: .*row security does not apply/m, 'a role that bypasses row security');
like($out, qr/^warning  table onboard\.products: row security is off/m, 'row security that is off');
like($out, qr/^warning  uploads: 1 made no progress for a day/m, 'an upload that stopped');
like($out, qr/^5 findings need attention\.$/m, 'and the total');
like($out, qr/warning.*info/s, 'errors come first');
($out) = is_exit(1, 'the same', 'doctor', '--json');
is(scalar(grep { $_->{severity} eq 'warning' } @{ json_of($out) }), 5, 'as JSON');

sql('ALTER TABLE onboard.products DROP CONSTRAINT products_sku_key');
($out) = is_exit(1, 'an error', 'doctor');
like($out,
	qr/\Aerror    table onboard\.products: no row can be loaded: onboard\.products lacks the unique constraint on sku\n         Add it again/,
	'a constraint that is missing');

# ----- privileges -----

sql("CREATE ROLE clerk LOGIN; CREATE ROLE guest LOGIN; CREATE ROLE one LOGIN;
	SELECT onboard_grant_loader('clerk'), onboard_grant_loader('one'), onboard_grant_vendor('one', 'A')");
is_exit(1, 'a loader may run it', 'doctor', '--db', conninfo() . ' user=clerk');
($out, $err) = is_exit(4, 'a guest may not', 'doctor', '--db', conninfo() . ' user=guest');
like($err, qr/permission denied/, 'and gets that error');
(undef, $err) = is_exit(4, 'nor may a vendor\'s loader', 'doctor', '--db', conninfo() . ' user=one');
like($err, qr/permission denied to diagnose/, 'and gets that error');

done_testing();
