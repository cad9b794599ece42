# If a user's index cannot store a row, only that row is lost, not the load: for
# any kind of index, the row is REJECTED_BY_CATALOGUE, the others load, and
# nothing needs to be sent again.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $node = new_server('indexes');

add_database($node, 'indexes', 'V1');
# 1,999 four-byte characters in an incompressible order.
$node->safe_psql('indexes', <<'SQL');
CREATE FUNCTION long_text(seed int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(chr(131072 + ('x' || substr(md5(seed || '-' || i), 1, 4))::bit(16)::int % 40000), '')
		FROM generate_series(1, 1999) i $$;
CREATE VIEW input AS SELECT n, CASE WHEN n IN (3, 1200) THEN long_text(n) WHEN n % 2 = 0 THEN 'short ' || n
	END AS description,
	CASE WHEN n IN (3, 1200) THEN left(long_text(n), 100) END AS brand FROM generate_series(1, 2500) n;
CREATE FUNCTION compare_by_hand(text, text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF length($1) = 100 THEN RAISE EXCEPTION 'not to be compared'; END IF;
	RETURN bttextcmp($1, $2);
END $$;
CREATE OPERATOR CLASS by_hand FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 compare_by_hand(text, text);
CREATE FUNCTION always_long(text) RETURNS text LANGUAGE sql IMMUTABLE LEAKPROOF AS $$
	SELECT CASE WHEN length($1) = 100 THEN public.long_text(1) END $$;
GRANT SELECT ON input TO loader;
SQL
my %available = map { $_ => $node->psql('indexes', "CREATE EXTENSION $_") == 0 } qw(btree_gin btree_gist pg_trgm);

my $loads = 0;

sub query { return $node->safe_psql('indexes', $_[0]) }

# Load 2,500 rows, two of them with a long description; returns the error, the
# stored rows, the rejected ones with reasons, and the path.
sub load
{
	my ($out, $err) = ('', '');
	my $upload = query("SELECT onboard_begin_upload('V1', 'x.csv', content_id => '" . ++$loads . "')");

	$node->psql('indexes', "INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name,
		category, sku, price, stock_quantity, description, brand) "
		. "SELECT '$upload', n, '$loads-' || n, repeat('n', 200), 'Books', '$loads-' || n, '1', '1', description, brand
			FROM input ORDER BY n;\n"
		. "SELECT string_agg(name, ',') FROM onboard_statistics() WHERE name IN ('rows_direct', 'rows_plain')
			AND value > 0",
		stdout => \$out, stderr => \$err, extra_params => [ '-U', 'loader' ]);
	return join '|', $err =~ /ERROR/ ? $err : '', query("SELECT count(*) FROM onboard.products
		WHERE upload_id = '$upload'"),
	  query("SELECT string_agg(row_number || ' ' || error_type, ',' ORDER BY row_number) FROM onboard.validation_errors
		WHERE upload_id = '$upload'"), $out;
}

use constant REFUSED => '|2498|3 REJECTED_BY_CATALOGUE,1200 REJECTED_BY_CATALOGUE|rows_plain';
use constant ALL_DIRECT => '|2500||rows_direct';
use constant ALL_PLAIN => '|2500||rows_plain';
# Whether both fit depends on the other tuples on their pages.
use constant SOME_REFUSED =>
	qr/^\|(2500\||2499\|(3|1200) REJECTED_BY_CATALOGUE|2498\|3 REJECTED_BY_CATALOGUE,1200 REJECTED_BY_CATALOGUE)\|rows_plain$/;

# Each: its requirements, the index, and the result of the load.
my @indexes = (
	[ undef, '(description)', REFUSED ],
	[ undef, '(brand) INCLUDE (description)', REFUSED ],
	[ undef, '(lower(description))', REFUSED ],
	[ undef, "(left(description, 1000))", REFUSED ],
	# Short columns, often enough.
	[ undef, "((brand || 'a'), (brand || 'b'), (brand || 'c'), (brand || 'd'), (brand || 'e'), (brand || 'f'), (brand "
		. "|| 'g'))", REFUSED ],
	[ undef, "(lower(brand), upper(brand), lower(brand), upper(brand), lower(brand), upper(brand), lower(brand))",
		REFUSED ],
	# User-defined opclasses and functions.  The other one has nothing to
	# compare with yet.
	[ undef, '(brand by_hand)', '|2499|1200 REJECTED_BY_CATALOGUE|rows_plain' ],
	[ undef, '(always_long(brand))', REFUSED ],
	[ undef, 'USING brin (description) WITH (pages_per_range = 1)', SOME_REFUSED ],
	[ 'btree_gin', 'USING gin (description)', REFUSED ],
	[ 'btree_gin', 'USING gin (description) WITH (fastupdate = off)', REFUSED ],
	[ 'btree_gin', 'USING gin (brand, description)', REFUSED ],
	[ 'btree_gin', 'USING gin (lower(description))', REFUSED ],
	[ 'btree_gin', "USING gin (description) WHERE description LIKE 'short%'", ALL_PLAIN ],
	[ 'btree_gist', 'USING gist (description)', SOME_REFUSED ],
	[ undef, 'USING spgist (description)', SOME_REFUSED ],
	[ 'pg_trgm', 'USING gist (description gist_trgm_ops)', SOME_REFUSED ],
	# These store every row.
	[ undef, '(brand, category, price, status, created_at, upload_id)', ALL_DIRECT ],
	[ undef, '(lower(product_name), lower(brand))', ALL_DIRECT ],
	[ undef, "(brand) WHERE status = 'active'", ALL_DIRECT ],
	[ undef, 'USING hash (description)', ALL_DIRECT ],
	[ undef, 'USING hash (lower(description))', ALL_DIRECT ],
	[ undef, "USING gin (to_tsvector('simple', description))", ALL_DIRECT ],
	[ undef, 'USING gin (attributes)', ALL_DIRECT ],
	[ undef, 'USING gin (attributes jsonb_path_ops)', ALL_DIRECT ],
	[ 'btree_gin', 'USING gin (category, price)', ALL_DIRECT ],
	[ 'pg_trgm', 'USING gin (description gin_trgm_ops)', ALL_DIRECT ],
	[ 'pg_trgm', 'USING gin (product_name gin_trgm_ops, description gin_trgm_ops)', ALL_DIRECT ]);

for my $index (@indexes)
{
	my ($extension, $definition, $expected) = @$index;

  SKIP:
	{
		skip "$extension is not installed", 1 if defined $extension && !$available{$extension};
		query("CREATE INDEX extra ON onboard.products $definition");
		ref $expected ? like(load(), $expected, $definition) : is(load(), $expected, $definition);
		# Entries in GIN's pending list are inserted now without failing.
		is($node->psql('indexes', "VACUUM onboard.products; SELECT gin_clean_pending_list('onboard.extra')"), 0,
			"$definition: the pending list is empty") if $definition =~ /USING gin/;
		query('DROP INDEX onboard.extra');
	}
	query('DELETE FROM onboard.products');
}

# The same for a row too big for a page because a column must stay inline.
query('ALTER TABLE onboard.products ALTER description SET STORAGE PLAIN, ALTER product_name SET STORAGE PLAIN');
is(load(), REFUSED, 'columns that are never stored out of line');
query('ALTER TABLE onboard.products ALTER description SET STORAGE MAIN, ALTER product_name SET STORAGE MAIN');
is(load(), ALL_DIRECT, 'columns that are, as a last resort');
query('ALTER TABLE onboard.products ALTER description SET STORAGE EXTENDED, ALTER product_name SET STORAGE EXTENDED;
	DELETE FROM onboard.products');

# The vendor is told the index, and the other interface behaves the same.
SKIP:
{
	skip 'btree_gin is not installed', 3 unless $available{btree_gin};
	query('CREATE INDEX extra ON onboard.products USING gin (description)');
	my $upload = query("SELECT onboard_begin_upload('V1', 'x.csv', content_id => 'json', total_records => 3)");
	my $records = "(SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product',
		jsonb_build_object('vendor_product_id', 'j' || n, 'product_name', 'n', 'category', 'Books', 'sku', 'j' || n, "
	  . "'price', 1, 'stock_quantity', 1, 'description', CASE n WHEN 2 THEN long_text(n) ELSE 'short' END))) FROM "
		. "generate_series(1, 3) n)";

	is(query("SELECT string_agg(row_number || ' ' || status, ',' ORDER BY row_number)
		FROM onboard_ingest('$upload', $records)"), '1 validated,2 error,3 validated',
		'onboard_ingest(): two rows are valid');
	like(query("SELECT error_message FROM onboard.validation_errors WHERE upload_id = '$upload'"),
		qr/^the catalogue refused the row: index row size \d+ exceeds maximum \d+ for index "extra"$/,
		'and the vendor is told why the third is not');
	is(query("SELECT status FROM onboard.upload_history WHERE upload_id = '$upload'"), 'partial',
		'and the upload has ended');
}

$node->stop;
done_testing();
