# Compare the loader with an oracle: random uploads of vendors with random rule settings
# go through both doors, with random batches, windows and paths. The stored rows must
# match the verdicts of a row-at-a-time implementation in plain SQL, further down in this
# file; the rules of a row are in Oracle.pm.
#
# The settings come from a test library that the server loads,
# test/modules/vendor_settings.c; installed code cannot set them.
#
# ONBOARD_SEED repeats a run; ONBOARD_ROUNDS sets the number of rounds.

use strict;
use warnings FATAL => 'all';
use utf8;

use JSON::PP;
use List::Util qw(shuffle sum);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;
use Oracle;

my $seed = random_seed();
my $rounds = $ENV{ONBOARD_ROUNDS} // 1;
my @vendors = qw(DIF-1 DIF-2 DIF-3);
my @rule_types = qw(MISSING_REQUIRED_FIELDS INVALID_PRICE INVALID_STOCK FIELD_LENGTH_EXCEEDED INVALID_CATEGORY
  DUPLICATE_SKU DUPLICATE_VENDOR_PRODUCT_ID INVALID_COMPARE_AT_PRICE INVALID_WEIGHT INVALID_IMAGE_URL
  INVALID_CHARACTERS);
my $node = new_server('differential', "session_preload_libraries = 'onboard_test_vendor_settings'\n");
my $directory = PostgreSQL::Test::Utils::tempdir();

# ----- rule settings -----

# Ranges in hundredths, except for stock. One bound in four is less strict than the
# standard, which must not change anything.
sub random_range
{
	my ($low, $high, @ends) = @_;

	return [ chance(0.25) ? $low - 100 : $low + $ends[0], chance(0.25) ? $high * 10 : $high - $ends[1] ];
}

# Return a vendor's settings: the standard for one vendor, random for the others.
sub random_settings
{
	my ($vendor) = @_;
	my %settings = (ranges => {}, lengths => {}, required => [], warnings => []);

	return \%settings if $vendor eq $vendors[0];
	$settings{ranges}{price} = random_range(1, 99999999, between(0, 2000), between(0, 2000)) if chance(0.6);
	$settings{ranges}{compare_at_price} = random_range(0, 9999999999, between(0, 90000000), between(0, 9900000000))
		if chance(0.6);
	$settings{ranges}{stock_quantity} = random_range(0, 1000000, between(0, 10), between(0, 500000)) if chance(0.6);
	$settings{ranges}{weight_kg} = random_range(1, 99999999, between(0, 200), between(0, 100)) if chance(0.6);
	$settings{lengths}{ one_of(qw(product_name subcategory description brand unit dimensions_cm image_url sku)) } =
		one_of(0, 12, 19, 50, 99, 5000)
	  foreach 1 .. between(0, 3);
	push @{ $settings{required} }, one_of(qw(brand unit subcategory weight_kg)) if chance(0.4);
	@{ $settings{warnings} } = grep { chance(0.6) }
	  qw(MISSING_REQUIRED_FIELDS INVALID_PRICE INVALID_STOCK FIELD_LENGTH_EXCEEDED INVALID_CATEGORY
		INVALID_COMPARE_AT_PRICE INVALID_WEIGHT INVALID_IMAGE_URL INVALID_CHARACTERS);
	$settings{added} = one_of('error', 'warning', 'warning') if chance(0.7);
	return \%settings;
}

# ----- rows -----

my $fresh = 0;
my %used;    # by "sku" and by vendor: keys of earlier rows

# Return the key of an earlier row, or a new one.
sub random_key
{
	my ($pool, $collide) = @_;
	my $key;

	if (@$pool && chance($collide))
	{
		# Recent keys collide within a window, older ones across windows and uploads.
		$key = chance(0.5) ? $pool->[ -1 - int rand(@$pool < 8 ? @$pool : 8) ] : one_of(@$pool);
		return lc $key if chance(0.02);
		return one_of(' ', "\t", "\x{A0}", "\x{FEFF}") . $key . one_of('', '  ', "\r\n", "\x{200B}") if chance(0.05);
		return $key;
	}
	$key = sprintf 'K%s%d', one_of('', 'ä', '-'), $fresh++;
	push @$pool, $key;
	return $key;
}

my @blanks = (undef, '', ' ', "\t", "\x{A0} ", "\x{3000}\n", "\x{200B}", "\x{AD}\x07 \x{200E}");
my @hidden = ("\x{200B}", "\x{200E}", "\x{AD}", "\x{FEFF}", "\x{2060}", "\x{E0041}");
my @control = ("\x01", "\x07", "\x0B", "\x1B", "\x7F", "\x{85}", "\x{9F}");
my %good = (
	product_name => sub { one_of('Lamp', ' Lamp ', "Two\nlines", 'Ünïcode', 'x' x 200, "\x{1F600}" x 200,
		'"quoted", comma') },
	category => sub { one_of('Books', "\x{FEFF}Kitchen\x{2003}", q(Men's Clothing), ' Books', 'Home & Garden') },
	subcategory => sub { one_of(@blanks, 'Sub', 'y' x 100) },
	description => sub { one_of(@blanks, 'Text', 'd' x 2000, "back\\slash\tand tab") },
	brand => sub { one_of(@blanks, 'Acme', 'b' x 100) },
	price => sub { one_of('10', '10.5', '.5', '10.', '0.01', '00012.30', '999999.99', ' 7 ',
		between(1, 99999) . '.' . between(10, 99)) },
	compare_at_price => sub { one_of(@blanks, @blanks, '1000000', '99999999.99', '1234567.8') },
	stock_quantity => sub { one_of('0', '1', '1000000', '007', between(0, 1000000)) },
	unit => sub { one_of(@blanks, 'box', 'u' x 20) },
	weight_kg => sub { one_of(@blanks, '0.01', '5', '999999.99', '.75') },
	dimensions_cm => sub { one_of(@blanks, '1x2x3', 'm' x 50) },
	image_url => sub { one_of(@blanks, 'http://a.example/b.png', 'HTTPS://a/@b', 'http://a?b=c#d') });
my @bad_numbers = ("1\x{200B}2", "\x{200E}5\x{AD}", "5\x07", 'x', '1,5', '$5', '1e3', 'NaN', '+1', '--1', '.', '-', '1.2.3',
	'5 USD', "\x{661}", '1 2', 'Infinity', '0x1');
my @bad_urls = ('a.png', 'ftp://a/b', 'http://', 'http:///b', 'http://:80/', 'http://u@a/', 'http://a b', "http://a\\b",
	"http://a/\x01", "http://a/\x{A0}",
	"http://a\tb", 'http://u@a b', '//a', 'http://?', 'http://a/b,https://c', 'HTTP://a|http://c', "http://a/b\nhttp://c",
	"http://a/\x{200B}b", "http://a/b c\x{3000}d", "http://a\\b\x{AD}");
my %too_long = (product_name => 200, description => 2000, subcategory => 100, brand => 100, unit => 20,
	dimensions_cm => 50,
	category => 100, sku => 100, vendor_product_id => 100, image_url => 2048);

# Make a good row break a rule.
my %break = (
	MISSING_REQUIRED_FIELDS => sub { $_[0]{ one_of(qw(product_name category price stock_quantity sku
		vendor_product_id)) } = one_of(@blanks) },
	INVALID_PRICE => sub { $_[0]{price} = one_of(@bad_numbers, '10.500', '0', '-1', '0.00', '1000000', '1000000.00',
		'1000000.00', '-0', '99999999999999999999') },
	INVALID_STOCK => sub { $_[0]{stock_quantity} = one_of(@bad_numbers, '-1', '1000001', '1.0', '1.',
		'99999999999999999999') },
	FIELD_LENGTH_EXCEEDED => sub {
		my $field = one_of(keys %too_long);
		my $prefix = $field eq 'image_url' ? 'http://a/' : '';
		$_[0]{$field} = ' ' . $prefix . one_of('z', 'é',
			"\x{1F600}") x ($too_long{$field} + between(1, 3) - length $prefix);
	},
	INVALID_CATEGORY => sub {
		$_[0]{category} = one_of("Furni\x{200B}ture", "No\tsuch", 'books', 'Nonsense', 'Retired', 'Kitchn', q(Men));
	},
	DUPLICATE_SKU => sub { $_[0]{sku} = 'SEED-' . between(1, 60) },
	DUPLICATE_VENDOR_PRODUCT_ID => sub { $_[0]{vendor_product_id} = 'seed-' . between(1, 20) },
	INVALID_COMPARE_AT_PRICE => sub { $_[0]{compare_at_price} = one_of(@bad_numbers, '0.001', '-1', '100000000',
		'100000000.00', '0.00', '-0') },
	INVALID_WEIGHT => sub { $_[0]{weight_kg} = one_of(@bad_numbers, '0', '1.234', '1000000', '-1', '2 kg') },
	INVALID_IMAGE_URL => sub { $_[0]{image_url} = one_of(@bad_urls) },
	INVALID_CHARACTERS => sub {
		if (chance(0.4))
		{
			my $key = one_of(qw(sku vendor_product_id));
			my $hidden = one_of(@hidden, @control, "\t", "\n", "\x{2028}");
			$_[0]{$key} = one_of('4.00639E+12', '1,2e+9', '="00125"', "K" . between(1, 50) . $hidden . "\x{E4}",
				"\x{200E}K" . between(1, 50) . $hidden);
		}
		else
		{
			$_[0]{ one_of(qw(product_name subcategory description brand unit dimensions_cm)) } =
				'a' . one_of(@control) . "\x{200D}b" . one_of('', @control);
		}
	});

sub random_row
{
	my ($vendor, $collide, @types) = @_;
	my %row = map { $_ => $good{$_}->() } keys %good;

	$row{sku} = random_key($used{sku} //= [], $collide);
	# Sometimes use the id of another vendor, which is not a duplicate.
	$row{vendor_product_id} = random_key($used{ chance(0.05) ? one_of(@vendors) : $vendor } //= [], $collide);
	$break{$_}->(\%row) foreach @types;
	$row{attributes} = one_of((undef) x 4, '{}', '{"Colour": "red"}', '{"": "x", "Länge": "5"}');
	if (chance(0.01))
	{
		$row{defect_type} = one_of('MALFORMED_ROW', 'INVALID_ENCODING');
		$row{defect_message} = one_of(undef, '', 'two fields too many');
		$row{raw_record} = one_of(undef, 'a,b,c', "a\x{FFFD}");
	}
	$row{ one_of(qw(brand description sku price)) } = "dam\x{FFFD}aged" if chance(0.01);
	$row{description} = 'w' x 65537 if chance(0.003);
	return \%row;
}

# ----- deliveries: rows in batches, each through one door -----

my @deliveries;
my $batch;

sub deliver
{
	my ($door, @rows) = @_;

	$batch++;
	push @deliveries, { %$_, batch => $batch, door => $door } foreach @rows;
	return;
}

# Break the rules in pairs first, so that each pair occurs, then at random.
sub plan_uploads
{
	my @uploads;
	my @pairs = map { my $i = $_; map { [ $rule_types[$i], $rule_types[$_] ] } 0 .. $i - 1 } 1 .. $#rule_types;

	@pairs = shuffle(@pairs, @pairs, @pairs);
	foreach my $number (1 .. 14)
	{
		my $vendor = one_of(@vendors);
		my $crowded = $number % 2;
		my $calm = !$crowded && chance(0.6) ? between(70, 150) : 0;    # rows without lookups
		my $rate = $crowded ? one_of(0.4, 0.6) : one_of(0.05, 0.2, 0.4);
		my @rows;

		foreach my $n (1 .. between($crowded ? 15 : 1, 30) * 20)
		{
			my $row = $n <= $calm ? random_row($vendor, 0.02)
			  : @pairs && chance(0.15) ? random_row($vendor, $rate, @{ shift @pairs })
			  : chance(0.25) ? random_row($vendor, $rate, (shuffle @rule_types)[ 0 .. int rand 3 ])
			  : random_row($vendor, $rate);

			@$row{qw(upload row_number line_number)} = ($number, $n, chance(0.9) ? $n + 1 + int($n / 3) : undef);
			push @rows, $row;
		}
		push @uploads, { number => $number, vendor => $vendor, rows => \@rows,
			rest => [ chance(0.7) ? @rows : shuffle(@rows) ] };
	}
	push @{ $uploads[0]{rest} }, map {
		my ($pair, $n) = ($pairs[$_], 100000 + $_);
		my $row = random_row($uploads[0]{vendor}, 0.3, @$pair);
		@$row{qw(upload row_number line_number)} = (1, $n, $n);
		push @{ $uploads[0]{rows} }, $row;
		$row } 0 .. $#pairs;
	return @uploads;
}

# The columns that identify a row, whatever its content
sub identity_of
{
	my ($row) = @_;

	return map { $_ => $row->{$_} } qw(upload row_number line_number);
}

# Deliver earlier rows again, some with different content.
sub replays
{
	my ($upload) = @_;
	my @again = grep { chance(0.1) } @{ $upload->{delivered} // [] };

	return map { chance(0.5) ? $_ : { %{ one_of(@{ $upload->{rows} }) }, identity_of($_) } } @again;
}

sub take
{
	my ($upload) = @_;
	my $rest = $upload->{rest};
	my @rows = splice @$rest, 0, chance(0.4) ? scalar @$rest : between(1, 1 + @$rest);

	my @all = (@rows, chance(0.3) ? replays($upload) : ());
	push @{ $upload->{delivered} }, @rows;
	return chance(0.5) ? @all : shuffle(@all);
}

sub make_deliveries
{
	my @uploads = plan_uploads();

	@deliveries = ();
	$batch = 0;
	while (my @open = grep { @{ $_->{rest} } } @uploads)
	{
		my $upload = $open[ int rand(@open < 4 ? @open : 4) ];

		if (chance(0.5))
		{
			deliver('ingest', take($upload));
		}
		elsif (chance(0.7) || @open == 1)
		{
			deliver('copy', take($upload));
		}
		else
		{
			# Rows of two uploads alternate in one COPY.
			my @one = take($upload);
			my @two = take(one_of(grep { $_ != $upload } @open));
			my @mixed;

			while (@one || @two)
			{
				push @mixed, splice(@one, 0, between(1, 20)), splice(@two, 0, between(1, 20));
			}
			deliver('copy', @mixed);
		}
	}
	deliver(one_of('copy', 'ingest'), replays($_)) foreach @uploads;
	return @uploads;
}

sub write_deliveries
{
	my ($path) = @_;
	my $seq = 0;
	my $text = '';

	foreach my $row (@deliveries)
	{
		$text .= join("\t", map { copy_field($_) } ++$seq, @$row{qw(batch door upload row_number line_number)},
			@$row{@product_columns},
			@$row{qw(attributes defect_type defect_message raw_record)}) . "\n";
	}
	utf8::encode($text);
	write_file($path, $text);
	return;
}

# ----- the oracle -----

my $oracle = <<'SQL';
CREATE TABLE oracle.deliveries (seq bigint PRIMARY KEY, batch int, door text, upload int, row_number bigint,
	line_number bigint,
	vendor_product_id text, product_name text, category text, subcategory text, description text, sku text, brand text,
		price text, compare_at_price text,
	stock_quantity text, unit text, weight_kg text, dimensions_cm text, image_url text, attributes jsonb,
		defect_type text, defect_message text, raw_record text);
CREATE TABLE oracle.uploads (upload int PRIMARY KEY, upload_id text, vendor_id text);
CREATE TABLE oracle.answers (batch int, upload int, row_number bigint, status text, types text[], product_id bigint);
CREATE TABLE oracle.products (vendor_id text COLLATE "C", vendor_product_id text COLLATE "C", product_name text,
	category text, subcategory text, description text, sku text COLLATE "C",
	brand text, price numeric(10,2), compare_at_price numeric(10,2), stock_quantity int, unit text,
		weight_kg numeric(8,2), dimensions_cm text, image_url text, attributes jsonb,
	status text, upload int, row_number bigint, line_number bigint);
CREATE INDEX ON oracle.products (sku);
CREATE INDEX ON oracle.products (vendor_id, vendor_product_id);
CREATE TABLE oracle.errors (upload int, row_number bigint, position bigint, error_type text, error_field text,
	error_message text, rejected_value text, severity text);
CREATE INDEX ON oracle.errors (upload, row_number);
CREATE TABLE oracle.settings (vendor_id text PRIMARY KEY, settings jsonb);
CREATE VIEW oracle.settings_rows AS SELECT vendor_id, f.* FROM oracle.settings, LATERAL (
	SELECT 'range' AS kind, key AS name, (value ->> 0)::bigint AS low, (value ->> 1)::bigint AS high
		FROM jsonb_each(settings -> 'ranges')
	UNION ALL SELECT 'length', key, NULL, value::bigint FROM jsonb_each(settings -> 'lengths')
	UNION ALL SELECT 'required', r, NULL, NULL FROM jsonb_array_elements_text(settings -> 'required') r
	UNION ALL SELECT 'warning', w, NULL, NULL FROM jsonb_array_elements_text(settings -> 'warnings') w
	UNION ALL SELECT 'added', settings ->> 'added', NULL, NULL WHERE settings ? 'added') f;
CREATE TABLE oracle.judged (upload int, row_number bigint, PRIMARY KEY (upload, row_number));
GRANT SELECT ON ALL TABLES IN SCHEMA oracle TO loader;
GRANT INSERT ON oracle.answers TO loader;

-- Judge all deliveries, row by row. The parameter bug introduces a deliberate error.
CREATE FUNCTION oracle.run(bug text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d record;
	raw jsonb;
	v jsonb;
	vendor text;
	s jsonb;
	winner record;
	wrong oracle.finding[];
BEGIN
	TRUNCATE oracle.errors, oracle.judged;
	DELETE FROM oracle.products WHERE upload IS NOT NULL;
	FOR d IN SELECT * FROM oracle.deliveries ORDER BY batch, CASE door WHEN 'ingest' THEN row_number END, seq LOOP
		INSERT INTO oracle.judged VALUES (d.upload, d.row_number) ON CONFLICT DO NOTHING;
		CONTINUE WHEN NOT FOUND;
		SELECT u.vendor_id, o.settings INTO STRICT vendor, s FROM oracle.uploads u
			JOIN oracle.settings o ON bug = 'one vendor''s settings' AND o.vendor_id = 'DIF-1'
			OR bug <> 'one vendor''s settings' AND o.vendor_id = u.vendor_id WHERE u.upload = d.upload;
		raw := to_jsonb(d);
		v := oracle.trimmed_row(raw);
		wrong := oracle.judge(s, raw, oracle.names(), oracle.required(), '{}', bug);
		-- A row that could not be read is judged by no other rule.
		IF NOT EXISTS (SELECT FROM unnest(wrong) f WHERE f.error_type = d.defect_type
			OR f.error_type IN ('MALFORMED_ROW', 'INVALID_ENCODING')) THEN
			IF v ->> 'sku' <> '' THEN
				SELECT p.upload, coalesce(p.line_number, p.row_number) AS line INTO winner FROM oracle.products p
					WHERE p.sku = v ->> 'sku' AND (bug <> 'catalogue only' OR p.upload IS DISTINCT FROM d.upload)
					LIMIT 1;
				IF FOUND THEN
					wrong := wrong || ('DUPLICATE_SKU', 'sku', format('sku %s%s%s', oracle.shown(v ->> 'sku'),
						CASE WHEN winner.upload = d.upload THEN ': same SKU as line ' || winner.line
							ELSE ' is already in the catalogue' END, oracle.ignored(raw ->> 'sku')),
						raw ->> 'sku', 'error')::oracle.finding;
				END IF;
			END IF;
			IF v ->> 'vendor_product_id' <> '' THEN
				SELECT p.upload, coalesce(p.line_number, p.row_number) AS line INTO winner FROM oracle.products p
					WHERE (p.vendor_id = vendor OR bug = 'vendors mixed')
						AND p.vendor_product_id = v ->> 'vendor_product_id'
						AND (bug <> 'catalogue only' OR p.upload IS DISTINCT FROM d.upload) LIMIT 1;
				IF FOUND THEN
					wrong := wrong || ('DUPLICATE_VENDOR_PRODUCT_ID', 'vendor_product_id',
						format('vendor_product_id %s%s%s', oracle.shown(v ->> 'vendor_product_id'),
						CASE WHEN winner.upload = d.upload THEN ': same vendor product ID as line ' || winner.line
							ELSE ' is already in the catalogue' END, oracle.ignored(raw ->> 'vendor_product_id')),
							raw ->> 'vendor_product_id', 'error')::oracle.finding;
				END IF;
			END IF;
		END IF;

		INSERT INTO oracle.errors SELECT d.upload, d.row_number, o, f.error_type, f.error_field, f.error_message,
			f.rejected_value, f.severity
			FROM unnest(oracle.in_order(wrong)) WITH ORDINALITY f (error_type, error_field, error_message, rejected_value,
				severity, o);
		IF NOT EXISTS (SELECT FROM unnest(wrong) f WHERE f.severity = 'error' OR bug = 'warnings reject') THEN
			INSERT INTO oracle.products VALUES (vendor, v ->> 'vendor_product_id', v ->> 'product_name',
				v ->> 'category', nullif(v ->> 'subcategory', ''), nullif(v ->> 'description', ''), v ->> 'sku',
				nullif(v ->> 'brand', ''), (v ->> 'price')::numeric, nullif(v ->> 'compare_at_price', '')::numeric,
					(v ->> 'stock_quantity')::int, coalesce(nullif(v ->> 'unit', ''), 'piece'),
				nullif(v ->> 'weight_kg', '')::numeric, nullif(v ->> 'dimensions_cm', ''),
					nullif(v ->> 'image_url', ''), coalesce(d.attributes, '{}'),
				CASE WHEN (v ->> 'stock_quantity')::int = 0 THEN 'out_of_stock' ELSE 'active' END, d.upload,
					d.row_number, d.line_number);
		ELSIF bug = 'invalid claims' AND v ->> 'sku' <> '' THEN
			INSERT INTO oracle.products (vendor_id, vendor_product_id, sku, upload, row_number)
				VALUES (vendor, v ->> 'vendor_product_id', v ->> 'sku', d.upload, d.row_number);
		END IF;
	END LOOP;
END $$;

-- All differences
CREATE VIEW oracle.stored_products AS SELECT p.vendor_id, p.vendor_product_id, p.product_name, p.category,
	p.subcategory, p.description, p.sku, p.brand, p.price, p.compare_at_price, p.stock_quantity, p.unit,
	p.weight_kg, p.dimensions_cm, p.image_url, p.attributes, p.status, u.upload, p.row_number, p.line_number
		FROM onboard.products p JOIN oracle.uploads u USING (upload_id);
CREATE VIEW oracle.stored_errors AS SELECT u.upload, e.row_number,
	row_number() OVER (PARTITION BY upload_id, e.row_number ORDER BY error_id) AS position, e.error_type, e.error_field,
	e.error_message, e.rejected_value, e.severity
	FROM onboard.validation_errors e JOIN oracle.uploads u USING (upload_id);
CREATE VIEW oracle.right_products AS SELECT * FROM oracle.products WHERE upload IS NOT NULL;
CREATE FUNCTION oracle.differences() RETURNS TABLE (what text) LANGUAGE sql AS $$
	SELECT 'wrong: ' || p::text FROM (TABLE oracle.stored_products EXCEPT ALL TABLE oracle.right_products) p
	UNION ALL SELECT 'right: ' || p::text FROM (TABLE oracle.right_products EXCEPT ALL TABLE oracle.stored_products) p
	UNION ALL SELECT 'wrong: ' || e::text FROM (TABLE oracle.stored_errors EXCEPT ALL TABLE oracle.errors) e
	UNION ALL SELECT 'right: ' || e::text FROM (TABLE oracle.errors EXCEPT ALL TABLE oracle.stored_errors) e
	UNION ALL SELECT 'answer: ' || a::text FROM oracle.answers a WHERE a.types IS DISTINCT FROM
		coalesce((SELECT array_agg(e.error_type ORDER BY e.position) FROM oracle.errors e WHERE e.upload = a.upload
			AND e.row_number = a.row_number), '{}')
		OR a.status IS DISTINCT FROM CASE WHEN EXISTS (SELECT FROM oracle.errors e WHERE e.upload = a.upload
			AND e.row_number = a.row_number AND e.severity = 'error') THEN 'error' ELSE 'validated' END
		OR a.product_id IS DISTINCT FROM (SELECT p.product_id FROM onboard.products p
			JOIN oracle.uploads u USING (upload_id) WHERE u.upload = a.upload AND p.row_number = a.row_number)
	UNION ALL SELECT 'counters: ' || u.upload FROM oracle.uploads u JOIN onboard.upload_history h USING (upload_id)
		WHERE h.valid_records <> (SELECT count(*) FROM oracle.right_products p WHERE p.upload = u.upload)
			OR h.error_records <> (SELECT count(DISTINCT e.row_number) FROM oracle.errors e WHERE e.upload = u.upload
				AND e.severity = 'error')
	-- Reports contain the rejected rows; each begins with a header.
	UNION ALL SELECT 'reports: ' || u.upload FROM oracle.uploads u
		WHERE (SELECT count(*) FROM onboard_error_csv(u.upload_id)) <> 1 + (SELECT count(*) FROM oracle.errors e
			WHERE e.upload = u.upload AND e.severity = 'error')
			OR (SELECT count(*) FROM onboard_fix_csv(u.upload_id)) <> 1 + (SELECT count(DISTINCT e.row_number)
				FROM oracle.errors e WHERE e.upload = u.upload AND e.severity = 'error')
			OR (SELECT sum(c.rows) FROM onboard_error_summary(u.upload_id) c) <> (SELECT count(*) FROM oracle.errors e
				WHERE e.upload = u.upload AND e.severity = 'error') $$;

-- Only the rules: the findings of onboard_validate() on a row as first delivered.
CREATE FUNCTION oracle.validated(vendor text, product jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(v.error_type || ' ' || coalesce(v.error_field, '') || ' ' || v.severity, ', '), '')
		FROM onboard_validate(vendor, product) v WHERE v.error_type NOT LIKE 'DUPLICATE%' $$;
CREATE VIEW oracle.dry_differences AS
	SELECT upload, row_number, oracle.validated(u.vendor_id, jsonb_strip_nulls(f.product)) AS validated, e.stored
	FROM (SELECT DISTINCT ON (upload, row_number) upload, row_number, defect_type,
			to_jsonb(d) - '{seq,batch,door,upload,row_number,line_number,attributes}'::text[]
				- '{defect_type,defect_message,raw_record}'::text[] AS product
		FROM oracle.deliveries d ORDER BY upload, row_number, batch, seq) f JOIN oracle.uploads u USING (upload)
		CROSS JOIN LATERAL (SELECT coalesce(string_agg(e.error_type || ' ' || coalesce(e.error_field, '') || ' '
			|| e.severity, ', ' ORDER BY e.position), '') AS stored
			FROM oracle.errors e WHERE e.upload = f.upload AND e.row_number = f.row_number
				AND e.error_type NOT LIKE 'DUPLICATE%') e
	WHERE f.defect_type IS NULL AND row_number % 7 = 0;
SQL

# ----- a round -----

sub batch_script
{
	my ($batch, $door) = @_;
	my $columns = join ', ', @product_columns, qw(attributes defect_type defect_message raw_record);
	my $script = sprintf "SET onboard.window_rows = %d;\nSET onboard.load_path = %s;\n",
		chance(0.2) ? 50000 : between(1, 200), one_of('auto', 'auto', 'probe', 'plain');

	if ($door eq 'copy')
	{
		$script .= "\\copy (SELECT upload_id, row_number, line_number, $columns FROM oracle.deliveries JOIN "
			. "oracle.uploads USING (upload) WHERE batch = $batch ORDER BY seq) TO '$directory/batch'\n"
		  . "\\copy onboard.intake (upload_id, row_number, line_number, $columns) FROM '$directory/batch'\n";
	}
	else
	{
		my $product = 'jsonb_strip_nulls(jsonb_build_object(' . join(', ', map { "'$_', $_" } @product_columns)
			. ")) || coalesce(attributes, '{}')";

		$script .= <<"SQL";
INSERT INTO oracle.answers
	SELECT $batch, upload, i.row_number, i.status, array(SELECT e ->> 'error_type'
		FROM jsonb_array_elements(i.errors) e), i.product_id
	FROM (SELECT upload, upload_id, jsonb_agg(jsonb_build_object('row_number', row_number, 'line_number',
		line_number) ||
			CASE WHEN defect_type IS NULL THEN jsonb_build_object('product', $product)
				ELSE jsonb_build_object('defect', jsonb_build_object('error_type', defect_type, 'message',
					defect_message, 'raw', raw_record)) END ORDER BY seq) AS records
		FROM oracle.deliveries JOIN oracle.uploads USING (upload) WHERE batch = $batch GROUP BY 1, 2) b,
			onboard_ingest(b.upload_id, b.records) i;
SQL
	}
	return $script;
}

sub run_script
{
	my ($database, $role, $script) = @_;

	utf8::encode($script) if utf8::is_utf8($script);
	write_file("$directory/script.sql", $script);
	command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database) . " user=$role", '-f',
		"$directory/script.sql" ],
		"$role loads all batches");
	return;
}

sub run_round
{
	my ($round) = @_;
	my $database = "round$round";
	my @uploads = make_deliveries();
	my ($script, %door) = ('');

	add_database($node, $database, @vendors, 'NUM-1', 'NUM-2');
	write_deliveries("$directory/deliveries");
	$node->safe_psql($database, $oracle_rules . $oracle . <<"SQL");
COPY oracle.deliveries FROM '$directory/deliveries';
INSERT INTO onboard.product_categories (category_name, is_active) VALUES ('Retired', false);
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	SELECT 'DIF-' || 1 + n % 3, 'seed-' || 1 + n / 3, 'Seed', 'Books', 'SEED-' || n + 1, 1, 1
		FROM generate_series(0, 59) n;
INSERT INTO oracle.products (vendor_id, vendor_product_id, sku) SELECT vendor_id, vendor_product_id, sku
	FROM onboard.products;
SQL
	foreach my $vendor (@vendors)
	{
		my $settings = JSON::PP->new->canonical->encode(random_settings($vendor));

		note "$vendor: $settings";
		$node->safe_psql($database, "INSERT INTO oracle.settings VALUES ('$vendor', '$settings')");
	}
	$node->safe_psql($database, join '', map { "INSERT INTO oracle.uploads
		VALUES ($_->{number}, onboard_begin_upload('$_->{vendor}', 'x.csv'), '$_->{vendor}');\n" } @uploads);
	$door{ $_->{batch} } = $_->{door} foreach @deliveries;
	$script .= batch_script($_, $door{$_}) foreach sort { $a <=> $b } keys %door;
	run_script($database, 'loader', $script);
	$node->safe_psql($database, "SELECT oracle.run('')");
	is($node->safe_psql($database, 'SELECT left(what, 1000) FROM oracle.differences() LIMIT 10'), '',
		"the oracle agrees (ONBOARD_SEED=$seed)");
	is($node->safe_psql($database, 'SELECT * FROM oracle.dry_differences WHERE validated <> stored LIMIT 5'), '',
		'a dry run uses the same settings');
	return $database;
}

# ----- rounds, and a check that they can fail -----

my $database;
foreach my $round (1 .. $rounds)
{
	$database = run_round($round);

	# Every kind of row occurred often enough.
	my ($rows, $batches, $colliding, $replayed, $valid) = split /\|/, $node->safe_psql($database, <<'SQL');
SELECT (SELECT count(*) FROM oracle.judged), (SELECT count(DISTINCT batch) FROM oracle.deliveries),
	(SELECT count(DISTINCT (upload, row_number)) FROM oracle.errors WHERE error_type LIKE 'DUPLICATE%'),
	(SELECT count(*) FROM oracle.deliveries) - (SELECT count(*) FROM oracle.judged),
		(SELECT count(*) FROM oracle.right_products)
SQL
	note "$rows rows in $batches batches, $colliding duplicates, $replayed replays, $valid products";
	cmp_ok($rows, '>=', 1000, 'rows');
	cmp_ok($colliding, '>=', $rows / 5, 'of which a fifth are duplicates');
	cmp_ok($replayed, '>=', 10, 'replays');
	cmp_ok($valid, '>=', $rows / 10, 'of which a tenth are products');
	my %count = map { split /\|/ } split /\n/, $node->safe_psql($database,
		'SELECT error_type, count(*) FROM oracle.errors GROUP BY 1');
	foreach my $type (@rule_types)
	{
		cmp_ok($count{$type} // 0, '>=', 20, $type);
	}
	cmp_ok($count{$_} // 0, '>=', 1, $_) foreach qw(MALFORMED_ROW INVALID_ENCODING);
	my %pair = map { split /\|/ } split /\n/, $node->safe_psql($database, <<'SQL');
SELECT a.error_type || '+' || b.error_type, count(*) FROM oracle.errors a
	JOIN oracle.errors b USING (upload, row_number) WHERE a.error_type < b.error_type GROUP BY 1
SQL
	cmp_ok($node->safe_psql($database, <<'SQL'), '>=', 20, 'products with warnings');
SELECT count(*) FROM oracle.right_products p WHERE EXISTS (SELECT FROM oracle.errors e WHERE e.upload = p.upload
	AND e.row_number = p.row_number)
SQL
	my @rare = grep { ($pair{$_} // 0) < 2 } map { my $a = $_;
		map { "$a+$_" } grep { $a lt $_ } @rule_types } @rule_types;
	is("@rare", '', 'every pair of rules was broken by at least two rows');

	# Both doors were used.
	is($node->safe_psql($database, q(SELECT string_agg(DISTINCT door, ' ' ORDER BY door) FROM oracle.deliveries)),
		'copy ingest', 'both doors');

	# The comparison detects a wrong oracle.
	foreach my $bug ('price limit', 'invalid claims', 'catalogue only', 'vendors mixed', q(one vendor's settings),
		'warnings reject')
	{
		$node->safe_psql($database, "SELECT oracle.run(\$bug\$$bug\$bug\$)");
		cmp_ok($node->safe_psql($database, 'SELECT count(*) FROM oracle.differences()'), '>', 0,
			"the comparison detects: $bug");
	}
}

# ----- numbers -----

# Texts close to the grammar: digits with mutations.
sub random_number
{
	my $text = join '', map { between(0, 9) } 1 .. between(0, chance(0.1) ? 30 : 7);

	$text .= '.' . join '', map { between(0, 9) } 1 .. between(0, 4) if chance(0.6);
	$text = '0' x between(1, 4) . $text if chance(0.1);
	$text = '-' . $text if chance(0.1);
	if (chance(0.25))
	{
		substr($text, int rand(1 + length $text), 0) = one_of('+', '-', '.', ',', 'e', 'E', 'e5', '$', ' ', '_', 'x',
			"\x{FF11}", "\x{663}", "\n", 'NaN', "\x{2009}");
	}
	$text = one_of(' ', "\t", "\x{A0}") . $text . ' ' if chance(0.1);
	return $text;
}

my $number = 0;
my $numbers = join '', map { join("\t", ++$number, map { copy_field($_) } random_number(), random_number(),
	random_number()) . "\n" } 1 .. 4000;
utf8::encode($numbers);
write_file("$directory/numbers", $numbers);
$node->safe_psql($database, <<"SQL");
CREATE TABLE numbers (n int, price text, stock text, weight text);
COPY numbers FROM '$directory/numbers';
SELECT onboard_begin_upload('NUM-1', 'numbers.csv') AS u \\gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity, weight_kg)
	SELECT :'u', n, 'number' || n, 'Lamp', 'Books', 'number' || n, price, stock, weight FROM numbers;
CREATE TABLE verdicts AS SELECT n, coalesce(array_agg(v.error_field) FILTER (WHERE v.error_field IS NOT NULL),
	'{}') AS fields
	FROM numbers LEFT JOIN LATERAL onboard_validate('NUM-2',
		jsonb_build_object('vendor_product_id', 'x' || n, 'product_name', 'Lamp', 'category', 'Books', 'sku', 'x' || n,
		'price', price, 'stock_quantity', stock, 'weight_kg', weight)) v ON true GROUP BY n;
-- The documented grammar; the values as read by numeric_in().
CREATE FUNCTION value_of(given text, grammar text, lowest numeric, highest numeric) RETURNS numeric LANGUAGE sql AS \$\$
	SELECT CASE WHEN oracle.trimmed(given) ~ grammar AND oracle.trimmed(given) NOT LIKE '-%' THEN
		CASE WHEN oracle.trimmed(given)::numeric BETWEEN lowest AND highest THEN oracle.trimmed(given)::numeric
			END END \$\$;
CREATE TABLE expected AS SELECT n, value_of(price, '^-?([0-9]+(\\.[0-9]{0,2})?|\\.[0-9]{1,2})\$', 0.01,
	999999.99) AS price, value_of(stock, '^-?[0-9]+\$', 0, 1000000) AS stock,
	value_of(weight, '^-?([0-9]+(\\.[0-9]{0,2})?|\\.[0-9]{1,2})\$', 0.01, 999999.99) AS weight,
		oracle.trimmed(weight) = '' AS no_weight FROM numbers;
SQL
my ($accepted, $refused) = split /\|/, $node->safe_psql($database,
	'SELECT count(price), count(*) - count(price) FROM expected');
cmp_ok($accepted, '>=', 500, 'numbers that are valid prices');
cmp_ok($refused, '>=', 500, 'and texts that are not');
is($node->safe_psql($database, <<'SQL'), '', 'a number is accepted if and only if the grammar and the range allow it');
SELECT n, to_json(t.price), to_json(t.stock), to_json(t.weight), v.fields FROM numbers t JOIN verdicts v USING (n)
	JOIN expected e USING (n)
WHERE ('price' = ANY (v.fields)) <> (e.price IS NULL) OR ('stock_quantity' = ANY (v.fields)) <> (e.stock IS NULL)
	OR ('weight_kg' = ANY (v.fields)) <> (e.weight IS NULL AND NOT e.no_weight) LIMIT 5
SQL
is($node->safe_psql($database, <<'SQL'), '', 'and stored with the value that numeric_in() reads');
SELECT e.n, p.price, e.price, p.stock_quantity, e.stock, p.weight_kg, e.weight FROM expected e
	LEFT JOIN onboard.products p ON p.sku = 'number' || e.n
WHERE (p.sku IS NULL) = (e.price IS NOT NULL AND e.stock IS NOT NULL AND (e.weight IS NOT NULL OR e.no_weight))
	OR p.sku IS NOT NULL AND (p.price, p.stock_quantity, coalesce(p.weight_kg, -1))
		IS DISTINCT FROM (e.price, e.stock, coalesce(e.weight, -1)) LIMIT 5
SQL

$node->stop;
done_testing();
