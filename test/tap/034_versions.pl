# The version is the same everywhere, a mismatch of library and script is a clear error,
# and installing and upgrading create the same objects.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $root = source_root();
my $node = new_server('versions');

# ----- one version number -----

my ($version) = slurp_file("$root/onboard.control") =~ /^default_version = '([^']+)'/m;
like($version, qr/^\d+\.\d+\.\d+$/, "onboard.control names a version, $version");
ok(-f "$root/sql/onboard--$version.sql", 'it has an install script');

SKIP:
{
	skip 'META.json is missing', 2 unless -f "$root/META.json";
	# Skip the version of the META specification itself.
	my $meta = slurp_file("$root/META.json") =~ s/"meta-spec"\s*:\s*\{[^}]*\}//r;
	my @versions = $meta =~ /"version"\s*:\s*"([^"]+)"/g;

	cmp_ok(scalar @versions, '>=', 2, 'META.json has versions');
	is_deeply([ grep { $_ ne $version } @versions ], [], '... and they are the same');
}

SKIP:
{
	skip 'CHANGELOG.md is missing', 1 unless -f "$root/CHANGELOG.md";
	like(slurp_file("$root/CHANGELOG.md"), qr/^## .*\b\Q$version\E\b/m, 'CHANGELOG.md has a section for it');
}

add_database($node, 'fresh', 'V1');
is($node->safe_psql('fresh', 'SELECT library, script FROM onboard_version()'), "$version|$version",
	'library and script have this version');
is($node->safe_psql('fresh', "SELECT default_version = installed_version FROM pg_available_extensions
	WHERE name = 'onboard'"), 't', 'it is the default version');
SKIP:
{
	my $program = $ENV{ONBOARD_BIN} // "$root/glue/onboard";

	skip "no program at $program", 1 unless -x $program;
	is((run_onboard('--version'))[1], "onboard $version\n", 'and the program has it, too');
}
is($node->safe_psql('fresh', "SELECT onboard_begin_upload('V1', 'f') IS NOT NULL;
	SELECT ruleset_version = (onboard_version()).ruleset FROM onboard.upload_history"),
	"t\nt", 'uploads record the version of the rules');

# ----- mismatch of library and script -----

for my $other ('0.9.0', '99.0.0')
{
	$node->safe_psql('fresh', "UPDATE pg_extension SET extversion = '$other' WHERE extname = 'onboard'");
	my ($code, $out, $err) = $node->psql('fresh', 'SELECT onboard_version()');
	is($code, 3, "a script of version $other is an error") or diag $out;
	like($err,
		qr/ERROR:  library version \Q$version\E does not match script version \Q$other\E.*HINT:  .*ALTER EXTENSION onboard UPDATE/s,
		'... that gives both versions and a hint');
	is($node->safe_psql('fresh', 'SELECT severity, subject, message FROM onboard_diagnose()'),
		"error|versions|library version $version does not match script version $other",
			'... which onboard_diagnose() reports');
}
$node->safe_psql('fresh', "UPDATE pg_extension SET extversion = '$version' WHERE extname = 'onboard'");

# ----- installed or upgraded -----

# Describe all objects of the extension, as text that does not depend on the time of creation.
my $catalogue = <<'SQL';
WITH members AS (
	SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass
		AND x.oid = d.refobjid AND x.extname = 'onboard'
	WHERE d.deptype = 'e')
SELECT line FROM (
	SELECT format('%s | %s | owner %s | %s', pg_describe_object(classid, objid, 0),
		(pg_identify_object(classid, objid, 0)).identity,
		(SELECT string_agg(a::text, ',' ORDER BY a::text)
			FROM aclexplode(CASE classid WHEN 'pg_class'::regclass THEN (SELECT relacl FROM pg_class WHERE oid = objid)
			WHEN 'pg_proc'::regclass THEN (SELECT proacl FROM pg_proc WHERE oid = objid) END) a),
		obj_description(objid, classid::regclass::name)) AS line FROM members
	UNION ALL SELECT pg_get_functiondef(objid) FROM members WHERE classid = 'pg_proc'::regclass
	UNION ALL SELECT format('%s.%s %s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
		a.attnotnull, a.attidentity, pg_get_expr(f.adbin, f.adrelid))
		FROM members m JOIN pg_attribute a ON m.classid = 'pg_class'::regclass AND a.attrelid = m.objid AND a.attnum > 0
			AND NOT a.attisdropped
			LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
	UNION ALL SELECT format('%s %s %s', relation, kind, make) FROM onboard.table_parts()
	UNION ALL SELECT format('%s %s', c.conrelid::regclass, pg_get_constraintdef(c.oid)) FROM pg_constraint c
		JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.conrelid
	UNION ALL SELECT pg_get_viewdef(c.oid) FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass
		AND m.objid = c.oid WHERE c.relkind = 'v'
	UNION ALL SELECT format('dumped: %s %s', t.t::regclass, t.c) FROM pg_extension x,
		unnest(x.extconfig, x.extcondition) AS t (t, c) WHERE x.extname = 'onboard'
	UNION ALL SELECT format('category %s %s %s', category_id, category_name, parent_category)
		FROM onboard.product_categories
	UNION ALL SELECT format('shipped: %s', s) FROM onboard.shipped_parts s) t ORDER BY line COLLATE "C"
SQL
my $wanted = $node->safe_psql('fresh', $catalogue);
cmp_ok(scalar(split /\n/, $wanted), '>', 300, 'there are objects to compare');

my @scripts = map { m{onboard--([^/]*)\.sql$} ? $1 : () } glob "$root/sql/onboard--*.sql";
my @bases = grep { !/--/ && $_ ne $version } @scripts;
my @upgrades = grep { /--/ } @scripts;

if (@bases)
{
	for my $base (@bases)
	{
		$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS upgraded');
		$node->safe_psql('postgres', 'CREATE DATABASE upgraded');
		$node->safe_psql('upgraded', "CREATE EXTENSION onboard VERSION '$base'; ALTER EXTENSION onboard UPDATE;
			SELECT onboard_grant_loader('loader')");
		is($node->safe_psql('upgraded', $catalogue), $wanted, "$base upgraded is the same as $version installed");
	}
}
else
{
	is_deeply(\@upgrades, [], 'there is only one version, so there is no upgrade script');
	note "there is only version $version; nothing to upgrade from";
	# The comparison is meaningful: a second installation is the same, and a small change is detected.
	add_database($node, 'again', 'V1');
	is($node->safe_psql('again', $catalogue), $wanted, 'a second installation is the same');
	$node->safe_psql('again', 'ALTER FUNCTION onboard_version() VOLATILE');
	isnt($node->safe_psql('again', $catalogue), $wanted, 'a changed function makes a difference');
}

$node->stop;
done_testing();
