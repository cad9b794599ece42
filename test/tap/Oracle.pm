# The rules of a row in plain SQL, written independently of the extension, for tests that
# compare the two; and what such tests share: a seed, random choices, and rows for COPY.

package Oracle;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Test::More;

our @EXPORT = qw(@product_columns $oracle_rules random_seed chance one_of between copy_field);

our @product_columns = qw(vendor_product_id product_name category subcategory description sku brand
  price compare_at_price stock_quantity unit weight_kg dimensions_cm image_url);

# Seed the random choices; print the seed, so that ONBOARD_SEED can repeat the run.
sub random_seed
{
	my $seed = $ENV{ONBOARD_SEED} // int(rand(2**31));

	srand $seed;
	diag "ONBOARD_SEED=$seed";
	return $seed;
}

sub chance { return rand() < $_[0]; }
sub one_of { return $_[ int rand @_ ]; }
sub between { my ($low, $high) = @_; return $low + int rand($high - $low + 1); }

# Return a value as a field of COPY.
sub copy_field
{
	my ($value) = @_;

	return '\N' if !defined $value;
	$value =~ s/([\\\n\r\t])/{ "\\" => '\\\\', "\n" => '\n', "\r" => '\r', "\t" => '\t' }->{$1}/ge;
	return $value;
}

# Return the characters of a Unicode property as part of a bracket expression in SQL's
# U&'' notation.
sub characters_with
{
	my ($property) = @_;
	my @ranges;

	foreach my $code (1 .. 0xD7FF, 0xE000 .. 0xFFFD, 0x10000 .. 0x1FFFF, 0xE0000 .. 0xE0FFF)
	{
		next if chr($code) !~ $property;
		if (@ranges && $ranges[-1][1] == $code - 1) { $ranges[-1][1] = $code; }
		else { push @ranges, [ $code, $code ]; }
	}
	return join '', map { sprintf '\+%06X-\+%06X', @$_ } @ranges;
}

# Schema oracle, with types and functions for the rules.  What a character is, is what Perl
# says.
our $oracle_rules = <<'SQL';
CREATE SCHEMA oracle;
GRANT USAGE ON SCHEMA oracle TO loader;
CREATE FUNCTION oracle.trimmed(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value IS NULL OR value ~ U&'^[CONTROL_FORMAT_BLANK]*$' THEN ''
		ELSE regexp_replace(regexp_replace(value, U&'^[MARK_BLANK]+', ''), U&'[MARK_BLANK]+$', '') END $$;
-- Return the first character that matches, its place, and how many follow; null if there is none.
CREATE FUNCTION oracle.found(value text, class text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value ~ class THEN (SELECT format('U+%s%s at character %s%s',
			regexp_replace(upper(to_hex(x'10000000'::int + ascii(min(c) FILTER (WHERE o = first)))), '^10{0,3}', ''),
			' (' || min(n.name) FILTER (WHERE o = first) || ')', first, ' and ' || nullif(count(*) - 1, 0) || ' more')
		FROM (SELECT c, o, min(o) OVER () AS first FROM regexp_split_to_table(value, '') WITH ORDINALITY t (c, o)
			WHERE c ~ class) f
		LEFT JOIN (VALUES (1, 'control character'), (7, 'bell'), (9, 'tab'), (10, 'line feed'), (11, 'vertical tab'),
			(13, 'carriage return'), (27, 'escape'), (127, 'delete'), (133, 'next line'), (160, 'no-break space'),
			(173, 'soft hyphen'), (8203, 'zero-width space'), (8206, 'left-to-right mark'), (8232, 'line separator'),
			(8288, 'word joiner'), (12288, 'ideographic space'), (65279, 'byte order mark'), (159, 'control character'),
			(917569, 'tag character')) n (code, name)
			ON n.code = ascii(c) GROUP BY first) END $$;
CREATE FUNCTION oracle.quoted(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT '"' || regexp_replace(left(value, 80), U&'[\0001-\001F\007F-\009F]', ' ', 'g') ||
		CASE WHEN char_length(value) > 80 THEN '...' ELSE '' END || '"' $$;
-- The same, and its first invisible character.
CREATE FUNCTION oracle.shown(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT oracle.quoted(value) || coalesce(' with ' || oracle.found(value, U&'(?! )[CONTROL_FORMAT_BLANK]'), '') $$;
-- The end of a message about a key that another product has: marks at its ends do not count.
CREATE FUNCTION oracle.ignored(raw text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN oracle.trimmed(raw) !~ U&'[FORMAT]'
		THEN coalesce('; ' || oracle.found(raw, U&'[FORMAT]') || ' is ignored', '') ELSE '' END $$;
-- Return what is wrong with an amount: the end of a message, or null.
CREATE FUNCTION oracle.amount(value text, lowest numeric, highest numeric, example text,
	below text DEFAULT 'the minimum of') RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value !~ '^-?([0-9]+\.?[0-9]*|\.[0-9]+)$' THEN 'is not a plain number such as ' || example
		WHEN value ~ '\.[0-9]{3}' THEN 'has more than 2 digits after the decimal point'
		WHEN value LIKE '-%' OR value::numeric < lowest
			THEN format('is below %s %s', below, to_char(lowest, 'FM9999999990.00'))
		WHEN value::numeric > highest THEN format('is above the maximum of %s', to_char(highest, 'FM9999999990.00'))
			END $$;
-- Return a bound of a vendor's range, or the standard bound if that is stricter.
CREATE FUNCTION oracle.lowest(settings jsonb, field text, standard numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT greatest((settings #>> ARRAY['ranges', field, '0'])::numeric / CASE field WHEN 'stock_quantity' THEN 1
		ELSE 100 END, standard) $$;
CREATE FUNCTION oracle.highest(settings jsonb, field text, standard numeric) RETURNS numeric
	LANGUAGE sql IMMUTABLE AS $$
	SELECT least((settings #>> ARRAY['ranges', field, '1'])::numeric / CASE field WHEN 'stock_quantity' THEN 1 ELSE 100
		END, standard) $$;
-- Return the severity of a finding; values that the catalogue cannot store are always errors.
CREATE FUNCTION oracle.severity(settings jsonb, error_type text, unstorable boolean) RETURNS text
	LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN NOT unstorable AND settings -> 'warnings' ? error_type THEN 'warning' ELSE 'error' END $$;
CREATE FUNCTION oracle.pieces(value text, lowest numeric, highest numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value !~ '^-?[0-9]+$' THEN 'is not a whole number' WHEN value LIKE '-%'
		OR value::numeric < lowest THEN 'is below the minimum of ' || trunc(lowest)
		WHEN value::numeric > highest THEN 'is above the maximum of ' || trunc(highest) END $$;
-- Return what is wrong with an address; null if nothing is.
CREATE FUNCTION oracle.url(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	authority text := substring(value FROM '://([^/?#]*)');
	bad text := substring(value FROM U&'[\\\\CONTROL_FORMAT_BLANK]');
BEGIN
	IF value !~* '^https?://' THEN RETURN oracle.shown(value) || ' does not start with http:// or https://'; END IF;
	IF authority = '' OR authority LIKE ':%' THEN RETURN oracle.shown(value) || ' has no host'; END IF;
	IF position('@' IN authority) > 0 THEN RETURN oracle.shown(value) || ' has "@" in its host part'; END IF;
	IF value ~* U&'^https?://.*[,;|MARK_BLANK]https?://' THEN
		RETURN oracle.quoted(value) || ' contains several addresses; only one is allowed';
	END IF;
	IF bad = '\' THEN RETURN oracle.shown(value) || ' contains a backslash'; END IF;
	IF bad IS NULL THEN RETURN NULL; END IF;
	RETURN oracle.quoted(value) || ' contains '
		|| coalesce(oracle.found(value, U&'(?! )[CONTROL_FORMAT_BLANK]'), 'a blank');
END $$;
-- Return what is wrong with the characters of a text; null if nothing is.
CREATE FUNCTION oracle.characters(value text, is_key boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN NOT is_key THEN ' contains ' || oracle.found(value, U&'(?![\0009\000A\000D])[CONTROL]')
		WHEN value ~* '^[0-9]+([.,][0-9]+)?e\+[0-9]+$' THEN ' was shortened by a spreadsheet, and digits are lost: '
			'format the column as text and export the file again'
		WHEN substring(value FROM '^="([^"]*)"$') ~ U&'[^CONTROL_FORMAT_BLANK]'
			THEN ' is a spreadsheet formula; send only the text in it'
		ELSE ' contains ' || oracle.found(value, U&'[CONTROL_FORMAT\2028\2029]') END $$;
-- One finding. The order of findings is that of the rules, then that of the columns.
CREATE TYPE oracle.finding AS (error_type text, error_field text, error_message text, rejected_value text, severity text);
CREATE FUNCTION oracle.names() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT ARRAY['vendor_product_id', 'product_name', 'category', 'subcategory', 'description', 'sku', 'brand', 'price',
		'compare_at_price', 'stock_quantity', 'unit', 'weight_kg', 'dimensions_cm', 'image_url'] $$;
CREATE FUNCTION oracle.required() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT ARRAY['vendor_product_id', 'product_name', 'category', 'sku', 'price', 'stock_quantity'] $$;
-- Blank at both ends is no part of a value; an absent value is an empty one.
CREATE FUNCTION oracle.trimmed_row(raw jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_object_agg(n, oracle.trimmed(raw ->> n)) FROM unnest(oracle.names()) n $$;
CREATE FUNCTION oracle.in_order(findings oracle.finding[]) RETURNS oracle.finding[] LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(array_agg((f.error_type, f.error_field, f.error_message, f.rejected_value, f.severity)::oracle.finding
		ORDER BY coalesce(array_position(ARRAY['INVALID_ACTION', 'UNKNOWN_PRODUCT', 'MISSING_REQUIRED_FIELDS', 'INVALID_PRICE',
			'INVALID_STOCK', 'FIELD_LENGTH_EXCEEDED', 'INVALID_CATEGORY', 'DUPLICATE_SKU', 'DUPLICATE_VENDOR_PRODUCT_ID',
			'INVALID_COMPARE_AT_PRICE', 'INVALID_WEIGHT', 'INVALID_IMAGE_URL', 'INVALID_CHARACTERS'], f.error_type), 100),
			array_position(oracle.names(), f.error_field), f.o), '{}')
	FROM unnest(findings) WITH ORDINALITY f (error_type, error_field, error_message, rejected_value, severity, o) $$;

-- Judge one row by the rules that need no catalogue but its categories. Rules of columns
-- that are not in judged do not run. The price and the compare_at_price of stored, the
-- product as it is, stand in for those that are not judged. The parameter bug introduces
-- a deliberate error.
CREATE FUNCTION oracle.judge(s jsonb, raw jsonb, judged text[], required text[], stored jsonb, bug text)
	RETURNS oracle.finding[] LANGUAGE plpgsql STABLE AS $$
DECLARE
	names constant text[] := oracle.names();
	limits constant int[] := ARRAY[100, 200, 100, 100, 2000, 100, 100, NULL, NULL, NULL, 20, NULL, 50, 2048];
	v jsonb := (SELECT jsonb_object_agg(n, CASE WHEN n = ANY (judged) THEN oracle.trimmed(raw ->> n) ELSE '' END)
		FROM unnest(names) n);
	field text;
	problem text;
	price numeric;
	low numeric;
	high numeric;
	severity text;
	wrong oracle.finding[] := '{}';
BEGIN
	IF raw ->> 'defect_type' IS NOT NULL THEN
		RETURN ARRAY[(raw ->> 'defect_type', NULL, coalesce(nullif(raw ->> 'defect_message', ''),
			'the record could not be read'), raw ->> 'raw_record', 'error')::oracle.finding];
	END IF;
	SELECT n INTO field FROM unnest(names) WITH ORDINALITY u (n, o) WHERE octet_length(raw ->> n) > 65536 ORDER BY o LIMIT 1;
	IF FOUND THEN
		RETURN ARRAY[('MALFORMED_ROW', NULL, format('%s has %s bytes; the limit for one field is 65536', field,
			octet_length(raw ->> field)), raw ->> field, 'error')::oracle.finding];
	END IF;
	SELECT n INTO field FROM unnest(names) WITH ORDINALITY u (n, o) WHERE raw ->> n LIKE U&'%\FFFD%' ORDER BY o LIMIT 1;
	IF FOUND THEN
		RETURN ARRAY[('INVALID_ENCODING', NULL, field || ' contains U+FFFD, a character that was damaged before it arrived',
			raw ->> field, 'error')::oracle.finding];
	END IF;

	FOREACH field IN ARRAY names LOOP
		IF v ->> field = '' AND field = ANY (judged) AND (field = ANY (required) OR s -> 'required' ? field) THEN
			wrong := wrong || ('MISSING_REQUIRED_FIELDS', field, field || ' is required', raw ->> field,
				oracle.severity(s, 'MISSING_REQUIRED_FIELDS', field = ANY (required)))::oracle.finding;
		END IF;
	END LOOP;
	field := v ->> 'price';
	price := CASE WHEN NOT 'price' = ANY (judged) THEN (stored ->> 'price')::numeric END;
	IF field <> '' THEN
		problem := oracle.amount(field, oracle.lowest(s, 'price', 0.01),
			oracle.highest(s, 'price', CASE bug WHEN 'price limit' THEN 1000000.00 ELSE 999999.99 END), '1299.00');
		severity := oracle.severity(s, 'INVALID_PRICE', oracle.amount(field, 0.01, 999999.99, '') IS NOT NULL);
		IF problem IS NOT NULL THEN
			wrong := wrong || ('INVALID_PRICE', 'price', format('price %s %s', oracle.shown(field), problem),
				raw ->> 'price', severity)::oracle.finding;
		END IF;
		IF problem IS NULL OR severity = 'warning' THEN
			price := field;
		END IF;
	END IF;
	field := v ->> 'stock_quantity';
	IF field <> '' THEN
		problem := oracle.pieces(field, oracle.lowest(s, 'stock_quantity', 0), oracle.highest(s, 'stock_quantity', 1000000));
		IF problem IS NOT NULL THEN
			wrong := wrong || ('INVALID_STOCK', 'stock_quantity', format('stock_quantity %s %s', oracle.shown(field), problem),
				raw ->> 'stock_quantity', oracle.severity(s, 'INVALID_STOCK',
				oracle.pieces(field, 0, 1000000) IS NOT NULL))::oracle.finding;
		END IF;
	END IF;
	FOR i IN 1 .. 14 LOOP
		high := least(limits[i], nullif((s #>> ARRAY['lengths', names[i]])::int, 0));
		IF limits[i] IS NOT NULL AND char_length(v ->> names[i]) > high THEN
			wrong := wrong || ('FIELD_LENGTH_EXCEEDED', names[i],
				format('%s has %s characters; the limit is %s', names[i], char_length(v ->> names[i]), high), raw ->> names[i],
				oracle.severity(s, 'FIELD_LENGTH_EXCEEDED', char_length(v ->> names[i]) > limits[i]))::oracle.finding;
		END IF;
	END LOOP;
	IF v ->> 'category' <> '' AND NOT EXISTS (SELECT FROM onboard.product_categories c
		WHERE c.category_name = v ->> 'category' AND c.is_active) THEN
		wrong := wrong || ('INVALID_CATEGORY', 'category',
			format('category %s is not an active category', oracle.shown(v ->> 'category')), raw ->> 'category',
			oracle.severity(s, 'INVALID_CATEGORY', false))::oracle.finding;
	END IF;
	field := v ->> 'compare_at_price';
	IF 'compare_at_price' = ANY (judged) THEN
		IF field <> '' THEN
			low := oracle.lowest(s, 'compare_at_price', 0);
			high := oracle.highest(s, 'compare_at_price', 99999999.99);
			problem := CASE WHEN price >= low THEN oracle.amount(field, price, high, '1299.00', 'the price of')
				ELSE oracle.amount(field, low, high, '1299.00') END;
			IF problem IS NOT NULL THEN
				wrong := wrong || ('INVALID_COMPARE_AT_PRICE', 'compare_at_price',
					format('compare_at_price %s %s', oracle.shown(field), problem), raw ->> 'compare_at_price',
					oracle.severity(s, 'INVALID_COMPARE_AT_PRICE',
						oracle.amount(field, coalesce(price, 0), 99999999.99, '') IS NOT NULL))::oracle.finding;
			END IF;
		END IF;
	ELSIF 'price' = ANY (judged) AND price > (stored ->> 'compare_at_price')::numeric THEN
		wrong := wrong || ('INVALID_COMPARE_AT_PRICE', 'compare_at_price', NULL, NULL, 'error')::oracle.finding;
	END IF;
	field := v ->> 'weight_kg';
	IF field <> '' THEN
		problem := oracle.amount(field, oracle.lowest(s, 'weight_kg', 0.01), oracle.highest(s, 'weight_kg', 999999.99), '2.50');
		IF problem IS NOT NULL THEN
			wrong := wrong || ('INVALID_WEIGHT', 'weight_kg', format('weight_kg %s %s', oracle.shown(field), problem),
				raw ->> 'weight_kg', oracle.severity(s, 'INVALID_WEIGHT',
				oracle.amount(field, 0.01, 999999.99, '') IS NOT NULL))::oracle.finding;
		END IF;
	END IF;
	IF v ->> 'image_url' <> '' THEN
		problem := oracle.url(v ->> 'image_url');
		IF problem IS NOT NULL THEN
			wrong := wrong || ('INVALID_IMAGE_URL', 'image_url', format('image_url %s', problem), raw ->> 'image_url',
				oracle.severity(s, 'INVALID_IMAGE_URL', false))::oracle.finding;
		END IF;
	END IF;
	FOREACH field IN ARRAY ARRAY['vendor_product_id', 'product_name', 'subcategory', 'description', 'sku', 'brand', 'unit',
		'dimensions_cm'] LOOP
		-- A product may keep its key, however it looks.
		CONTINUE WHEN field IN ('vendor_product_id', 'sku') AND v ->> field = stored ->> field;
		problem := oracle.characters(v ->> field, field IN ('vendor_product_id', 'sku'));
		IF problem IS NOT NULL THEN
			wrong := wrong || ('INVALID_CHARACTERS', field, field || ' ' || oracle.quoted(v ->> field) || problem,
				raw ->> field, oracle.severity(s, 'INVALID_CHARACTERS', field IN ('vendor_product_id', 'sku')))::oracle.finding;
		END IF;
	END LOOP;
	IF v ->> 'brand' LIKE 'b%' AND s ? 'added' THEN
		wrong := wrong || ('SUSPICIOUS_BRAND', 'brand', 'brand begins with b', raw ->> 'brand', s ->> 'added')::oracle.finding;
	END IF;
	RETURN wrong;
END $$;
SQL

{
	my %class = (
		CONTROL => characters_with(qr/\p{Cc}/),
		FORMAT => characters_with(qr/\p{Cf}/),
		BLANK => characters_with(qr/\p{White_Space}/),
		MARK => '\+00200B\+002060\+00FEFF');

	$oracle_rules =~ s/\b((?:CONTROL|FORMAT|MARK|BLANK)(?:_(?:FORMAT|BLANK))*)(?=[\]\\])/
		join '', map { $class{$_} } split qr{_}, $1/ge;
}

1;
