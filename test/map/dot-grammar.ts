// Is this text a graph of the DOT language? As much of its grammar as the map may use: https://graphviz.org/doc/info/lang.html. Throws where it is not.

export interface Graph {
  readonly nodes: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly edges: readonly { readonly from: string; readonly to: string; readonly attributes: Readonly<Record<string, string>> }[];
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\[^])*")|([A-Za-z_][A-Za-z0-9_]*|-?(?:\.\d+|\d+(?:\.\d*)?))|(->|[{}[\];,=]))/y;

interface Token {
  readonly text: string;
  readonly isId: boolean;
}

export function parseDot(text: string): Graph {
  const tokens = tokensOf(text);
  let at = 0;
  const next = (): Token => tokens[at++] ?? fail('the end');
  const peek = (): string => tokens[at]?.text ?? '';
  const take = (expected: string): void => void (next().text === expected || fail(`${expected} is missing before ${peek()}`));
  const id = (): string => {
    const token = next();
    return token.isId ? token.text : fail(`${token.text} is no id`);
  };
  const attributes = (): Record<string, string> => {
    const found: Record<string, string> = {};
    if (peek() !== '[') return found;
    take('[');
    while (peek() !== ']') {
      const name = id();
      take('=');
      found[name] = id();
      if (peek() === ',' || peek() === ';') at++;
    }
    take(']');
    return found;
  };
  const nodes = new Map<string, Record<string, string>>();
  const edges: { from: string; to: string; attributes: Record<string, string> }[] = [];
  take('digraph');
  id();
  take('{');
  while (peek() !== '}') {
    const first = id();
    if (peek() === '=') {
      at++;
      id();
    } else if (peek() === '->') {
      at++;
      edges.push({ from: first, to: id(), attributes: attributes() });
    } else if (first === 'node' || first === 'edge' || first === 'graph') attributes();
    else nodes.set(first, attributes());
    if (peek() === ';') at++;
  }
  take('}');
  if (at !== tokens.length) fail('more after the graph');
  return { nodes, edges };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const [, quoted, plain, sign] = TOKEN.exec(text) ?? fail(`no token at ${JSON.stringify(text.slice(from, from + 20))}`);
    if (quoted !== undefined) tokens.push({ text: quoted.slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\'), isId: true });
    else tokens.push({ text: plain ?? sign ?? '', isId: plain !== undefined });
  }
  return tokens;
}

function fail(message: string): never {
  throw new Error(`not DOT: ${message}`);
}
