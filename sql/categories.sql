-- Categories: shipped ones and the user's own.
\set SHOW_CONTEXT never
SELECT category_id, category_name, parent_category, is_active, shipped
	FROM onboard.product_categories ORDER BY category_id;

-- The user's own ids start above 1000; the names can be anything.
INSERT INTO onboard.product_categories (category_name, parent_category) VALUES ('Tea', 'Food & Beverage')
	RETURNING category_id > 1000 AS own_number, shipped;
\set VERBOSITY terse
INSERT INTO onboard.product_categories (category_name) VALUES ('Tea'); -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES (' '); -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES (repeat('x', 101)); -- ERROR
INSERT INTO onboard.product_categories (category_name, parent_category) VALUES ('Green Tea', 'Coffee'); -- ERROR
\set VERBOSITY default
-- No two names differ only by case, and no name has leading or trailing blanks.
\set VERBOSITY terse
INSERT INTO onboard.product_categories (category_name) VALUES ('tea'); -- ERROR
UPDATE onboard.product_categories SET category_name = 'BOOKS' WHERE category_name = 'Tea'; -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES (' Coffee'); -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES (E'Coffee\u00A0'); -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES (E'\u3000Coffee\uFEFF'); -- ERROR
\set VERBOSITY default
UPDATE onboard.product_categories SET category_name = 'TEA' WHERE category_name = 'Tea';
UPDATE onboard.product_categories SET category_name = 'Teas' WHERE category_name = 'TEA';

-- Products stay in their category if it is renamed.
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('CAT', 'Categories', 'cat@example.com');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	VALUES ('CAT', 'c-1', 'Assam', 'Teas', 'CAT-1', 5, 5), ('CAT', 'c-2', 'Novel', 'Books', 'CAT-2', 5, 5),
		('CAT', 'c-3', 'Pan', 'Kitchen', 'CAT-3', 5, 5);
UPDATE onboard.product_categories SET category_name = 'Fine Teas' WHERE category_name = 'Teas';
UPDATE onboard.product_categories SET category_name = 'Printed Books' WHERE category_name = 'Books';
UPDATE onboard.product_categories SET description = 'Not renamed' WHERE category_name = 'Kitchen';
SELECT sku, category, updated_at > created_at AS changed FROM onboard.products WHERE vendor_id = 'CAT' ORDER BY sku;
UPDATE onboard.product_categories SET category_name = 'Books' WHERE category_name = 'Printed Books';
UPDATE onboard.product_categories SET description = NULL WHERE category_name = 'Kitchen';

-- A category can be deleted if it has no products and no children.
DELETE FROM onboard.product_categories WHERE category_name = 'Fine Teas'; -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES ('Drinks');
INSERT INTO onboard.product_categories (category_name, parent_category) VALUES ('Juices', 'Drinks');
DELETE FROM onboard.product_categories WHERE category_name = 'Drinks'; -- ERROR
DELETE FROM onboard.product_categories WHERE category_name IN ('Drinks', 'Juices');
DELETE FROM onboard.products WHERE vendor_id = 'CAT';
DELETE FROM onboard.product_categories WHERE category_name = 'Fine Teas';

-- A role that does not see all products cannot rename their categories.
CREATE ROLE onboard_test_tidier;
GRANT USAGE ON SCHEMA onboard TO onboard_test_tidier;
GRANT SELECT, UPDATE, DELETE ON onboard.product_categories, onboard.products TO onboard_test_tidier;
GRANT SELECT ON onboard.vendor_roles TO onboard_test_tidier;
GRANT EXECUTE ON FUNCTION onboard.is_operator() TO onboard_test_tidier;
SET ROLE onboard_test_tidier;
UPDATE onboard.product_categories SET category_name = 'Novels' WHERE category_name = 'Books'; -- ERROR
RESET ROLE;
DROP OWNED BY onboard_test_tidier;
DROP ROLE onboard_test_tidier;
DELETE FROM onboard.vendors WHERE vendor_id = 'CAT';

-- A shipped category can be deactivated, not deleted.
DELETE FROM onboard.product_categories WHERE category_name = 'Books'; -- ERROR
UPDATE onboard.product_categories SET is_active = false WHERE category_name = 'Books';
UPDATE onboard.product_categories SET is_active = true WHERE category_name = 'Books';

-- Restoring a dump inserts them again: the existing rows are updated in place.
INSERT INTO onboard.product_categories (category_id, category_name, parent_category, description, is_active, shipped)
	VALUES (17, 'Books', NULL, 'Printed ones', false, true);
SELECT category_id, category_name, description, is_active FROM onboard.product_categories WHERE category_id = 17;
INSERT INTO onboard.product_categories (category_id, category_name, parent_category, description, is_active, shipped)
	VALUES (17, 'Books', NULL, NULL, true, true);
-- Renaming a category updates its children.
BEGIN;
UPDATE onboard.product_categories SET category_name = 'Garments' WHERE category_name = 'Clothing';
SELECT category_name FROM onboard.product_categories WHERE parent_category = 'Garments' ORDER BY 1;
ROLLBACK;
-- A restored name that differs from another only by case is refused.
BEGIN;
INSERT INTO onboard.product_categories (category_id, category_name, shipped) VALUES (18, 'BOOKS', true);
INSERT INTO onboard.product_categories (category_id, category_name, shipped) VALUES (17, 'Music', true);
SELECT category_id, category_name FROM onboard.product_categories WHERE category_id IN (17, 18) ORDER BY 1;
ROLLBACK;
SELECT count(*) FROM onboard.product_categories;
