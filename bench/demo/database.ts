// The shop's data, in a real database: what is true, whatever a cache says.
import { DatabaseSync } from 'node:sqlite';

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly category: string;
  readonly cents: number;
}

export interface Order {
  readonly product: string;
  readonly quantity: number;
}

const SCHEMA = `
  CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, cents INTEGER NOT NULL);
  CREATE TABLE stock (product INTEGER PRIMARY KEY REFERENCES products (id), units INTEGER NOT NULL);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, product INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL);
  CREATE INDEX products_by_category ON products (category);
  CREATE INDEX orders_by_customer ON orders (customer);
`;

const PRODUCTS: readonly (readonly [string, string, number])[] = [
  ['Sencha', 'tea', 1250],
  ['Assam', 'tea', 990],
  ['Darjeeling', 'tea', 1490],
  ['Yirgacheffe', 'coffee', 1800],
  ['Sidamo', 'coffee', 1650],
  ['Teapot', 'ware', 3900],
  ['Kettle', 'ware', 5400],
  ['Cup', 'ware', 850],
];

export class ShopDatabase implements Disposable {
  readonly #db: DatabaseSync;

  /** Makes the shop's tables and goods in a new file. */
  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(SCHEMA);
    const product = this.#db.prepare('INSERT INTO products (name, category, cents) VALUES (?, ?, ?)');
    for (const row of PRODUCTS) product.run(...row);
    this.#db.exec('INSERT INTO stock SELECT id, 40 FROM products');
    this.order('ada', 6, 1);
    this.order('bob', 4, 3);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  product(id: number): Product | undefined {
    return this.#db.prepare('SELECT id, name, category, cents FROM products WHERE id = ?').get(id) as Product | undefined;
  }

  productsIn(category: string): Product[] {
    return this.#db.prepare('SELECT id, name, category, cents FROM products WHERE category = ? ORDER BY id').all(category) as unknown as Product[];
  }

  categories(): { category: string; products: number }[] {
    const rows = this.#db.prepare('SELECT category, count(*) AS products FROM products GROUP BY category ORDER BY category').all();
    return rows as { category: string; products: number }[];
  }

  units(id: number): number | undefined {
    const row = this.#db.prepare('SELECT units FROM stock WHERE product = ?').get(id);
    return row?.['units'] as number | undefined;
  }

  bestsellers(): { name: string; sold: number }[] {
    const rows = this.#db
      .prepare('SELECT name, sum(quantity) AS sold FROM orders JOIN products ON products.id = product GROUP BY product ORDER BY sold DESC, name')
      .all();
    return rows as { name: string; sold: number }[];
  }

  ordersOf(customer: string): Order[] {
    const rows = this.#db
      .prepare('SELECT name AS product, quantity FROM orders JOIN products ON products.id = orders.product WHERE customer = ? ORDER BY orders.id')
      .all(customer);
    return rows as unknown as Order[];
  }

  /** Committed when it returns. */
  setPrice(id: number, cents: number): boolean {
    return this.#db.prepare('UPDATE products SET cents = ? WHERE id = ?').run(cents, id).changes === 1;
  }

  setUnits(id: number, units: number): void {
    this.#db.prepare('UPDATE stock SET units = ? WHERE product = ?').run(units, id);
  }

  addProduct(name: string, category: string, cents: number): void {
    this.#db.prepare('INSERT INTO products (name, category, cents) VALUES (?, ?, ?)').run(name, category, cents);
    this.#db.exec('INSERT INTO stock SELECT max(id), 40 FROM products');
  }

  /** Takes the units from stock and books the order, both or neither. False when there are not enough. */
  order(customer: string, product: number, quantity: number): boolean {
    this.#db.exec('BEGIN IMMEDIATE');
    const taken = this.#db.prepare('UPDATE stock SET units = units - ? WHERE product = ? AND units >= ?').run(quantity, product, quantity);
    if (taken.changes !== 1) {
      this.#db.exec('ROLLBACK');
      return false;
    }
    this.#db.prepare('INSERT INTO orders (customer, product, quantity) VALUES (?, ?, ?)').run(customer, product, quantity);
    this.#db.exec('COMMIT');
    return true;
  }
}
