-- Categories: those that come with the extension, and the user's own.
\set SHOW_CONTEXT never
SELECT category_id, category_name, parent_category, is_active, shipped FROM onboard.product_categories ORDER BY category_id;

-- The user's own begin above 1000 and can be anything.
INSERT INTO onboard.product_categories (category_name, parent_category) VALUES ('Tea', 'Food & Beverage')
	RETURNING category_id > 1000 AS own_number, shipped;
\set VERBOSITY terse
INSERT INTO onboard.product_categories (category_name) VALUES ('Tea'); -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES (' '); -- ERROR
INSERT INTO onboard.product_categories (category_name) VALUES (repeat('x', 101)); -- ERROR
INSERT INTO onboard.product_categories (category_name, parent_category) VALUES ('Green Tea', 'Coffee'); -- ERROR
\set VERBOSITY default
-- Names are compared exactly.
INSERT INTO onboard.product_categories (category_name) VALUES ('tea');
UPDATE onboard.product_categories SET category_name = 'Teas' WHERE category_name = 'Tea';
DELETE FROM onboard.product_categories WHERE category_name IN ('Teas', 'tea');

-- One that comes with the extension is deactivated, not deleted.
DELETE FROM onboard.product_categories WHERE category_name = 'Books'; -- ERROR
UPDATE onboard.product_categories SET is_active = false WHERE category_name = 'Books';
UPDATE onboard.product_categories SET is_active = true WHERE category_name = 'Books';

-- A restored dump inserts them again: the rows that are there change in place.
INSERT INTO onboard.product_categories (category_id, category_name, parent_category, description, is_active, shipped)
	VALUES (17, 'Books', NULL, 'Printed ones', false, true);
SELECT category_id, category_name, description, is_active FROM onboard.product_categories WHERE category_id = 17;
INSERT INTO onboard.product_categories (category_id, category_name, parent_category, description, is_active, shipped)
	VALUES (17, 'Books', NULL, NULL, true, true);
-- Renaming one takes its children along.
BEGIN;
UPDATE onboard.product_categories SET category_name = 'Garments' WHERE category_name = 'Clothing';
SELECT category_name FROM onboard.product_categories WHERE parent_category = 'Garments' ORDER BY 1;
ROLLBACK;
SELECT count(*) FROM onboard.product_categories;
