# Show and change vendors; rename and remove categories.  Products always stay
# in an existing category.

use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor(qw(OTHER));

my ($out, $err);
my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";

# ----- vendor show -----

is_exit(0, 'vendor add', qw(vendor add LAMPS --name), 'Bright Lamps',
	qw(--email hello@lamps.example --country DK --phone 12345));
($out) = is_exit(0, 'vendor show', 'vendor', 'show', 'LAMPS');
is($out, <<'END', 'shows what is known, and nothing of what is not');
Vendor LAMPS
  name              Bright Lamps
  e-mail            hello@lamps.example
  phone             12345
  country           DK
  status            active
  modes             insert,upsert,update
  default mode      insert
  price guard       5.00
  sold-out guard    0.500
  discontinue guard 0.200
  products          0 (0 active, 0 out of stock)
  uploads           0 (0 failed)
END
write_file('lamps.csv', $header . "L-1,Desk Lamp,Books,LAMP-1,10,1\nL-2,Floor Lamp,Books,LAMP-2,10,0\n"
	. "L-3,Lamp,Books,LAMP-1,10,1\n");
my ($json) = is_exit(1, 'a load', 'load', 'lamps.csv', '--vendor', 'LAMPS', '--json', '--no-reports');
my $upload = json_of($json)->{upload_id};
is_exit(2, 'a refused file', 'load', "$data/faults/empty.csv", '--vendor', 'LAMPS', '--no-reports')
	if -e "$data/faults/empty.csv";
sql("CREATE ROLE lamps LOGIN; CREATE ROLE lamps2 LOGIN;
	SELECT onboard_grant_vendor('lamps2', 'LAMPS'), onboard_grant_vendor('lamps', 'LAMPS'),
	onboard_grant_vendor('lamps2', 'OTHER')");
($out) = is_exit(0, 'vendor show of a vendor with uploads', 'vendor', 'show', 'LAMPS');
like($out,
	qr/^\ \ roles\ {13}lamps,\ lamps2\n
		\ \ products\ {10}2\ \(1\ active,\ 1\ out\ of\ stock\)\n
		\ \ uploads\ {11}\d\ \(\d\ failed\)\n
		\ \ success\ {11}66\.6\ %\n\n
		Latest\ uploads\nupload\s+file\s+status\s+accepted\s+rejected\s+begun\n/mx,
	'shows logins, counts and uploads');
like($out, qr/^\Q$upload\E\s+lamps\.csv\s+partial\s+2\s+1\s+\d{4}-/m, 'the upload among them');
($out) = is_exit(0, 'vendor show as JSON', 'vendor', 'show', 'LAMPS', '--json');
my $vendor = json_of($out);
is_deeply([ @$vendor{qw(vendor_id vendor_name email phone city country status products active_products)} ],
	[ 'LAMPS', 'Bright Lamps', 'hello@lamps.example', '12345', undef, 'DK', 'active', 2, 1 ], 'has the fields');
is_deeply($vendor->{roles}, [ 'lamps', 'lamps2' ], 'the logins');
is($vendor->{recent_uploads}[-1]{upload_id}, $upload, 'and the uploads');
is_refused(2, qr/vendor "NOBODY" does not exist/, 'vendor', 'show', 'NOBODY');

# A vendor's login sees only its own vendor and login.
($out) = is_exit(0, 'vendor show as that vendor', 'vendor', 'show', 'LAMPS', '--json', '--db', conninfo('lamps'));
is_deeply(json_of($out)->{roles}, ['lamps'], 'shows its own login only');
is_refused(2, qr/vendor "OTHER" does not exist/, 'vendor', 'show', 'OTHER', '--db', conninfo('lamps'));

# ----- vendor set -----

($out) = is_exit(0, 'vendor set', qw(vendor set LAMPS --email post@lamps.example --city Aarhus --country DK));
is($out, "Vendor LAMPS is changed.\n  e-mail            hello\@lamps.example -> post\@lamps.example\n"
	. "  city              (none) -> Aarhus\n", 'prints what changed');
is(sql("SELECT vendor_name, email, phone, city, country, status FROM onboard.vendors WHERE vendor_id = 'LAMPS'"),
	'Bright Lamps|post@lamps.example|12345|Aarhus|DK|active', 'and changes nothing else');
($out) = is_exit(0, 'vendor set again', qw(vendor set LAMPS --email post@lamps.example));
is($out, "Vendor LAMPS already has these values.\n", 'changes nothing');
is_exit(0, 'vendor add with modes', qw(vendor add MODES --name Modes --email modes@lamps.example --modes), 'update, replace',
	qw(--default-mode update --price-guard), '', qw(--discontinue-guard 0.05));
($out) = is_exit(0, 'vendor show of it', qw(vendor show MODES --json));
is_deeply([ @{ json_of($out) }{qw(modes default_mode price_guard sold_out_guard discontinue_guard status)} ],
	[ [qw(update replace)], 'update', undef, 0.5, 0.05, 'active' ], 'has them, and defaults for the rest');
($out) = is_exit(0, 'vendor set of modes', qw(vendor set MODES --modes insert --default-mode insert --price-guard 2.5));
is($out, <<'END', 'prints what changed');
Vendor MODES is changed.
  modes             update,replace -> insert
  default mode      update -> insert
  price guard       (none) -> 2.50
END
is_refused(3, qr/a vendor's modes must be one or more of insert, upsert, update and replace/, qw(vendor set MODES --modes), $_)
	for 'insert,merge', 'insert,INSERT', 'insert,';
is_refused(3, qr/a vendor's modes must include its default mode/, qw(vendor set MODES --default-mode update));
is_refused(3, qr/a vendor's modes must include its default mode/, qw(vendor set MODES --modes update));
is_refused(3, qr/option --default-mode takes one of these words: insert, upsert, update, replace; not "merge"/,
	qw(vendor set MODES --default-mode merge));
is_refused(3, qr/a price guard must be 1 or more/, qw(vendor set MODES --price-guard 0.5));
is_refused(3, qr/a sold-out guard must be from 0 to 1/, qw(vendor set MODES --sold-out-guard 1.5));
is_refused(3, qr/a discontinue guard must be from 0 to 1/, qw(vendor set MODES --discontinue-guard 1.001));
is_refused(3, qr/a guard is too large/, qw(vendor set MODES --sold-out-guard), '12');
is_refused(3, qr/option --price-guard takes a number such as 0\.5, not "\Q$_\E"/, qw(vendor set MODES), "--price-guard=$_")
	for 'x', '-1', '1e3', '1.', '.5', '1,5', '5 ', '1234567890123456';
my %every = (
	modes => 'update,insert', 'default-mode' => 'update', 'price-guard' => '3.00', 'sold-out-guard' => '0.100',
	'discontinue-guard' => '1.000',
	name => 'Bürolampen "Ø"', email => 'all@lamps.example', phone => '1', 'business-name' => 'B', 'tax-id' => 'T',
	address => 'A', city => 'C', state => 'S', country => 'DE', 'postal-code' => 'P', status => 'suspended');
($out) = is_exit(0, 'vendor set of every field', qw(vendor set LAMPS --json),
	map { ("--$_", do { my $v = $every{$_}; utf8::encode($v); $v }) } sort keys %every);
my $changed = json_of($out);
is($changed->{vendor_id}, 'LAMPS', 'tells the vendor');
is_deeply({ map { $_ => $changed->{changed}{$_}{to} } keys %{ $changed->{changed} } },
	{ map { ($_ eq 'name' ? 'vendor_name' : tr/-/_/r) => $every{$_} } keys %every }, 'and every change');
is_exit(0, 'back to mode insert', qw(vendor set LAMPS --default-mode insert));
is_deeply($changed->{changed}{tax_id}, { from => undef, to => 'T' }, 'as it was and as it is');
($out) = is_exit(0, 'vendor set to nothing', qw(vendor set LAMPS --phone), '', '--tax-id', '', '--json');
is_deeply(json_of($out)->{changed}, { phone => { from => '1', to => undef }, tax_id => { from => 'T', to => undef } },
	'clears a field');
is(sql("SELECT phone IS NULL AND tax_id IS NULL AND address = 'A' FROM onboard.vendors WHERE vendor_id = 'LAMPS'"), 't',
	'to null');
is_refused(3, qr/"onboard vendor set" requires a field to change, such as --email ADDRESS/, qw(vendor set LAMPS));
is_refused(3, qr/the e-mail address does not look like name\@example\.com/, qw(vendor set LAMPS --city X --email), $_)
	for 'nonsense', '', 'a@b';
is_refused(3, qr/another vendor already has this e-mail address/, qw(vendor set LAMPS --email other@example.com));
is_refused(3, qr/a vendor's name must not be blank/, qw(vendor set LAMPS --name), $_) for '', '  ';
is_refused(3, qr/a vendor's status must be active, suspended, inactive or pending_approval/,
	qw(vendor set LAMPS --status away));
is_refused(2, qr/vendor "NOBODY" does not exist/, qw(vendor set NOBODY --city X));
is(sql("SELECT city, email FROM onboard.vendors WHERE vendor_id = 'LAMPS'"), 'C|all@lamps.example',
	'rejected values change nothing');
is_exit(4, 'vendor set without the privilege', qw(vendor set LAMPS --city X --db), conninfo('lamps'));

# ----- categories that differ only by case -----

is_exit(0, 'category add', qw(category add Tea));
is_refused(3, qr/category "Tea" already exists and differs only by case/, qw(category add), $_) for 'TEA', 'tea';
is_refused(3, qr/category "Tea" already exists and differs only by case/, qw(category add tea --if-not-exists));
is_refused(3, qr/category "Kitchen" already exists and differs only by case/, qw(category add KITCHEN));
is_refused(3, qr/category "Tea" already exists; --if-not-exists accepts that/, qw(category add Tea));
is_exit(0, 'category add with different case', 'category', 'add', 'Büro');
is_refused(3, qr/category "B\xC3\xBCro" already exists and differs only by case/, 'category', 'add', "B\xC3\x9CRO")
  if sql("SELECT lower(U&'\\00DC') = U&'\\00FC'") eq 't';
is_refused(3, qr/a category name must have 1 to 100 characters and no leading or trailing blanks/, 'category', 'add', $_)
  for ' Coffee', 'Coffee ', "Coffee\t", "\xC2\xA0Coffee", "Coffee\xE2\x80\x8B", '', ' ', 'x' x 101;
is_refused(2, qr/category "tea" does not exist; did you mean "Tea"\?/, qw(category add Leaves --parent tea));

# ----- category rename -----

($out) = is_exit(0, 'category rename', 'category', 'rename', 'Books', 'Lamps & Lights');
is($out, qq{Category "Books" is renamed to "Lamps & Lights", with 2 products.\n}, 'says how many products it has');
is(sql("SELECT string_agg(DISTINCT category, '|') FROM onboard.products WHERE vendor_id = 'LAMPS'"), 'Lamps & Lights',
	'its products are in it');
is_exit(0, 'a child', 'category', 'add', 'Torches', '--parent', 'Lamps & Lights');
($out) = is_exit(0, 'category rename as JSON', 'category', 'rename', 'Lamps & Lights', 'LAMPS & LIGHTS', '--json');
is_deeply(json_of($out), { category => 'LAMPS & LIGHTS', change => 'renamed', from => 'Lamps & Lights', products => 2 },
	'only its case, as JSON');
is(sql("SELECT parent_category FROM onboard.product_categories WHERE category_name = 'Torches'"), 'LAMPS & LIGHTS',
	'its children are under it');
is_exit(0, 'to its own name', 'category', 'rename', 'Tea', 'Tea');
is_refused(2, qr/category "Books" does not exist/, qw(category rename Books Novels));
is_refused(3, qr/category "Kitchen" already exists$/m, qw(category rename Tea Kitchen));
is_refused(3, qr/category "Kitchen" already exists and differs only by case/, qw(category rename Tea kitchen));
is_refused(3, qr/a category name must have 1 to 100 characters/, 'category', 'rename', 'Tea', $_) for '', ' Teas';
is_refused(3, qr/"onboard category rename" requires OLD NEW/, qw(category rename Tea));
sql("UPDATE onboard.vendors SET status = 'active'");
write_file('more.csv', $header . "L-8,Lamp,Books,LAMP-8,10,1\nL-9,Lamp,LAMPS & LIGHTS,LAMP-9,10,1\n");
($json) = is_exit(1, 'a load after it', 'load', 'more.csv', '--vendor', 'LAMPS', '--json', '--no-reports');
is_deeply([ map { "$_->{error_type} $_->{example_line}" } @{ json_of($json)->{causes} } ], ['INVALID_CATEGORY 2'],
	'accepts the new name and not the old one');
($out) = is_exit(0, 'undo of products that were renamed', 'undo', $upload);
is($out, "Removed 0 products of upload $upload.\nKept 2 that were changed since or that other data refers to:\n"
	  . "  SKU LAMP-1: changed since\n  SKU LAMP-2: changed since\n",
	'keeps them because they have changed');

# ----- category remove -----

is_refused(3,
	qr/category "Kitchen" cannot be removed: it comes with the extension; to accept no more products in it, use "onboard category deactivate"/,
	qw(category remove Kitchen));
is_refused(3, qr/category "LAMPS & LIGHTS" cannot be removed: it comes with the extension/, 'category', 'remove',
	'LAMPS & LIGHTS');
is_exit(0, 'a child of Tea', qw(category add Oolong --parent Tea));
is_refused(3, qr/category "Tea" cannot be removed: there are categories under it: Oolong;/, qw(category remove Tea));
write_file('tea.csv', $header . "T-1,Oolong,Oolong,TEA-1,10,1\n");
is_exit(0, 'a product', 'load', 'tea.csv', '--vendor', 'OTHER', '--no-reports');
is_refused(3, qr/category "Oolong" cannot be removed: it has products: 1;/, qw(category remove Oolong));
sql("DELETE FROM onboard.products WHERE sku = 'TEA-1'");
($out) = is_exit(0, 'category remove', qw(category remove Oolong));
is($out, qq{Category "Oolong" is removed.\n}, 'says so');
($out) = is_exit(0, 'category remove as JSON', qw(category remove Tea --json));
is_deeply(json_of($out), { category => 'Tea', change => 'removed' }, 'for programs');
is_refused(2, qr/category "Tea" does not exist/, qw(category remove Tea));
is(sql("SELECT count(*) FROM onboard.products p WHERE NOT EXISTS (SELECT FROM onboard.product_categories c
	WHERE c.category_name = p.category)"), 0,
	'every product is in a category that exists');

# A login without the privilege
sql("CREATE ROLE clerk LOGIN; SELECT onboard_grant_loader('clerk')");
for my $command ([qw(vendor add NEW --name N --email n@n.example)], [qw(category add New)])
{
	($out, $err) = is_exit(4, "@$command[0, 1] by a loader", @$command, '--db', conninfo('clerk'));
	like($err,
		qr/permission denied for table \w+\nConnect as a role that may do this \(--db\), or have the owner grant it\.$/m,
		'is told what to do');
}

done_testing();
