// Ways to break the helper of the Flask shop so that a purge is lost, comes too early, or is one of what was never written.
import type { Mutant } from './mutant.ts';

const FILE = 'examples/flask-shop/freshet.py';
const TESTS = ['test/flask/helper.test.ts'];

export const HELPER_MUTANTS: readonly Mutant[] = [
  {
    name: 'the helper purges before the commit',
    file: FILE,
    text: '                self.before_commit(connection, queue)\n',
    replacement: '                self.before_commit(connection, queue)\n                self._send(queue)\n',
    caughtBy: TESTS,
  },
  {
    name: 'the helper purges nothing where the commit may have happened',
    file: FILE,
    text: `            try:
                if queue:
                    self._send(queue)`,
    replacement: `            try:
                pass`,
    caughtBy: TESTS,
  },
  {
    name: 'the helper says nothing of a purge that failed after a commit that failed',
    file: FILE,
    text: 'logging.getLogger("freshet").error(',
    replacement: 'str(',
    caughtBy: TESTS,
  },
  {
    name: 'the helper purges what was rolled back',
    file: FILE,
    text: `                self._under_way.set(begun.outer)
        if`,
    replacement: `                self._under_way.set(begun.outer)
            if begun.queue and around is None:
                self._send(begun.queue)
        if`,
    caughtBy: TESTS,
  },
  {
    name: 'the helper forgets what an inner transaction queued',
    file: FILE,
    text: 'put(around.queue, begun.queue)',
    replacement: 'pass',
    caughtBy: TESTS,
  },
  {
    name: 'the helper commits an inner transaction by itself',
    file: FILE,
    text: 'around = begun.around()',
    replacement: 'around = None',
    caughtBy: TESTS,
  },
  {
    name: 'the helper takes every inner transaction for one of the same connection',
    file: FILE,
    text: ' and found.connection is self.connection',
    replacement: '',
    caughtBy: TESTS,
  },
  {
    name: 'the helper keeps what an inner transaction wrote that was rolled back',
    file: FILE,
    text: '        cursor.execute(f"ROLLBACK TO SAVEPOINT {name}")\n',
    replacement: '',
    caughtBy: TESTS,
  },
  {
    name: 'the helper releases its savepoints, by which SQLite may commit',
    file: FILE,
    text: `        cursor.execute(f"ROLLBACK TO SAVEPOINT {name}")
        raise
`,
    replacement: `        cursor.execute(f"ROLLBACK TO SAVEPOINT {name}")
        raise
    cursor.execute(f"RELEASE SAVEPOINT {name}")
`,
    caughtBy: TESTS,
  },
  {
    name: 'the helper loses a purge of another thread without a word',
    file: FILE,
    text: 'if under_way is None or not under_way.is_open:\n            raise RuntimeError(',
    replacement: 'if under_way is None or not under_way.is_open:\n            return str(',
    caughtBy: TESTS,
  },
  {
    name: 'the helper takes a purge for a transaction that is over',
    file: FILE,
    text: 'if under_way is None or not under_way.is_open:',
    replacement: 'if under_way is None:',
    caughtBy: TESTS,
  },
  {
    name: 'the helper looks at a version when it is sent',
    file: FILE,
    text: 'lowest = None if version is None else checked_version(version)',
    replacement: 'lowest = version',
    caughtBy: TESTS,
  },
  {
    name: 'of two versions the helper demands the lower one',
    file: FILE,
    text: 'queue[key] = max(',
    replacement: 'queue[key] = min(',
    caughtBy: TESTS,
  },
  {
    name: 'the helper demands no version',
    file: FILE,
    text: '"versions": {what: versions[what] for what in batch if versions[what] is not None},',
    replacement: '',
    caughtBy: TESTS,
  },
  {
    name: 'of two versions of what a response is made of the helper states the higher one',
    file: FILE,
    text: 'held[checked(name)] = min(',
    replacement: 'held[checked(name)] = max(',
    caughtBy: TESTS,
  },
  {
    name: 'the helper overwrites what the view has written',
    file: FILE,
    text: '[*response.headers.get("Surrogate-Key", "").split(), *tags]',
    replacement: 'tags',
    caughtBy: TESTS,
  },
  {
    name: 'the helper begins a transaction that cannot be rolled back',
    file: FILE,
    text: 'if is_bare or getattr(connection, "autocommit", False) is True:',
    replacement: 'if False:',
    caughtBy: TESTS,
  },
  {
    name: 'the helper lets a response be stored that says too few of its tags',
    file: FILE,
    text: 'if len(keys) > MAX_TAGS or',
    replacement: 'if',
    caughtBy: TESTS,
  },
  {
    name: 'the helper takes every answer for a confirmation',
    file: FILE,
    text: 'if receipt.get("state") in ("confirmed", "committed"):',
    replacement: 'if status == 200:',
    caughtBy: TESTS,
  },
  {
    name: 'the helper asks only once',
    file: FILE,
    text: 'if status not in (429, 503) or',
    replacement: 'if status not in () or',
    caughtBy: TESTS,
  },
  {
    name: 'of several nodes that failed the helper tells one',
    file: FILE,
    text: 'failures = {node: error for node, (_, error) in ends.items() if error is not None}',
    replacement: 'failures = dict([(node, error) for node, (_, error) in ends.items() if error is not None][-1:])',
    caughtBy: TESTS,
  },
  {
    name: 'the helper takes no nodes for nodes',
    file: FILE,
    text: 'if not nodes or',
    replacement: 'if',
    caughtBy: TESTS,
  },
  {
    name: 'the outbox is written after the commit',
    file: FILE,
    text: `            if queue:
                self.before_commit(connection, queue)
        except BaseException:
            connection.rollback()
            raise
        try:
            connection.commit()`,
    replacement: `        except BaseException:
            connection.rollback()
            raise
        try:
            connection.commit()
            self.before_commit(connection, queue)`,
    caughtBy: TESTS,
  },
];
