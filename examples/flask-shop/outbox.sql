-- Beside what `freshet outbox sql` prints: writes to the shop's tables purge by themselves, whoever makes them.
DROP TRIGGER IF EXISTS products_purge ON products;
CREATE TRIGGER products_purge AFTER UPDATE OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('product:{id}');
DROP TRIGGER IF EXISTS products_listed ON products;
CREATE TRIGGER products_listed AFTER INSERT OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('products', 'partner-prices', 'product:{id}');
DROP TRIGGER IF EXISTS products_moved ON products;
CREATE TRIGGER products_moved AFTER UPDATE OF category ON products FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('products');
DROP TRIGGER IF EXISTS prices_purge ON prices;
CREATE TRIGGER prices_purge AFTER INSERT OR UPDATE OR DELETE ON prices FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('price:{product}');
DROP TRIGGER IF EXISTS prices_listed ON prices;
CREATE TRIGGER prices_listed AFTER INSERT OR DELETE OR UPDATE OF product, tier ON prices FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('partner-prices');
DROP TRIGGER IF EXISTS stock_purge ON stock;
CREATE TRIGGER stock_purge AFTER INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('stock:{product}');
DROP TRIGGER IF EXISTS users_purge ON users;
CREATE TRIGGER users_purge AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('user:{sub}:balance');
DROP TRIGGER IF EXISTS orders_purge ON orders;
CREATE TRIGGER orders_purge AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('user:{sub}:orders');
DROP TRIGGER IF EXISTS partners_purge ON partners;
CREATE TRIGGER partners_purge AFTER INSERT OR UPDATE OR DELETE ON partners FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('partner:{name}');
